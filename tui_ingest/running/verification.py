"""What must be true of a project before its first record is read."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

from tui_ingest.running.exit_status import USAGE, BootstrapError, describe


def verify(*, database: str, settings: str) -> None:
    """Check a project that Django has set up.

    A database that cannot be reached is no error: the session waits for it, and says so.

    Args:
        database: alias of the database to write to.
        settings: dotted name of the settings module, for messages.

    Raises:
        BootstrapError: what is wrong and what to do about it.
    """
    from django.core.exceptions import ImproperlyConfigured

    _verify_installed(settings)
    _verify_alias(database, settings)
    try:
        _verify_checks(database)
        missing = unapplied_migrations(database, ["tui_ingest"])
    except ImproperlyConfigured as error:
        raise BootstrapError(f"Database '{database}' of {settings}: {error}") from error
    except ImportError as error:
        raise BootstrapError(
            f"The DATABASE_ROUTERS of {settings} cannot be loaded: {describe(error)}."
            " Does `python manage.py check` pass?"
        ) from error
    if missing:
        option = "" if database == "default" else f" --database {database}"
        raise BootstrapError(
            f"Database '{database}' lacks {len(missing)} migration(s) of tui_ingest."
            f" Run: python manage.py migrate{option}"
        )


def verify_logs(logs: Sequence[Path | str], *, once: bool, database: str) -> None:
    """Check the logs that are named; if none is, that there is something to look at.

    Args:
        once: they are to be read once, now; a log that is followed is waited for instead.

    Raises:
        BootstrapError: one cannot be read by this user, or none is known.
    """
    if once:
        for log in logs:
            _verify_readable(log)
    if not logs:
        _verify_known(database)


def _verify_readable(path: Path | str) -> None:
    if isinstance(path, str):
        return  # a stream: the session says what is wrong
    try:
        path.open("rb").close()
    except FileNotFoundError:
        return  # the session says so, unless its rotated files are there
    except OSError as error:
        raise BootstrapError(
            f"{path} cannot be read: {error.strerror}. Give this user permission to read it, or"
            " start as a user who has it."
        ) from error


def _verify_known(database: str) -> None:
    from django.db import Error

    from tui_ingest.ingest.target import Target
    from tui_ingest.models import ProcessedFile

    try:
        is_any_known = Target(database).rows(ProcessedFile).exists()
    except Error:
        return  # the console says what is wrong, and waits
    if not is_any_known:
        raise BootstrapError(
            "LOG is missing: name an operation log, or use --demo. Without one the console shows"
            f" the logs that were read before, and into database '{database}' there was none.",
            status=USAGE,
        )


def unapplied_migrations(database: str, labels: Iterable[str]) -> list[str]:
    """Return the migrations of these apps that a database lacks; none if it cannot be reached.

    The names on disk are compared with those the database has. Django's own loader would import
    every migration of every app of the project first.

    Raises:
        BootstrapError: the database answers, but not in a way that waiting would change.
    """
    from django.db import Error, connections
    from django.db.migrations.recorder import MigrationRecorder

    from tui_ingest.ingest.exact.database_errors import is_transient

    try:
        applied = MigrationRecorder(connections[database]).applied_migrations()
    except Error as error:
        if is_transient(error):
            return []
        raise BootstrapError(
            f"Database '{database}' cannot be used: {error}. Check DATABASES in the settings."
        ) from error
    return [
        f"{label}.{name}"
        for label in labels
        for name in _names_on_disk(label)
        if (label, name) not in applied
    ]


def _names_on_disk(label: str) -> list[str]:
    from django.db.migrations.loader import MigrationLoader

    package, _ = MigrationLoader.migrations_module(label)
    if package is None:  # MIGRATION_MODULES may switch migrations off
        return []
    return [module.name for module in pkgutil.iter_modules(import_module(package).__path__)]


def _verify_installed(settings: str) -> None:
    from django.apps import apps

    if not apps.is_installed("tui_ingest"):
        raise BootstrapError(
            f"'tui_ingest' is not in INSTALLED_APPS of {settings}."
            " Add it, then run: python manage.py migrate"
        )


def _verify_alias(database: str, settings: str) -> None:
    from django.db import connections

    if database not in connections.settings:
        known = ", ".join(sorted(connections.settings))
        raise BootstrapError(
            f"There is no database '{database}' in DATABASES of {settings}. Known: {known}.",
            status=USAGE,
        )
    if not connections.settings[database].get("AUTOCOMMIT", True):
        raise BootstrapError(
            f"Database '{database}' of {settings} has AUTOCOMMIT = False: Django then leaves every"
            " commit to the project, and nothing would be kept. Remove that setting, or give"
            " tui-ingest settings of its own."
        )


def _verify_checks(database: str) -> None:
    from django.core import checks

    from tui_ingest.checks import TAG, routing_errors

    found = [*checks.run_checks(tags=[TAG], databases=[]), *routing_errors(database)]
    errors = [message for message in found if message.is_serious() and not message.is_silenced()]
    if errors:
        told = "\n".join(f"{error.id}: {error.msg} {error.hint or ''}".rstrip() for error in errors)
        raise BootstrapError(told)
