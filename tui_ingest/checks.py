"""System checks: what would break the promise is refused before the first record is read."""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import Field, Model

from tui_ingest.conf import Settings, get_settings
from tui_ingest.ingest import receivers
from tui_ingest.ingest.policy import OUTSIDE_CHECK, OWN_APP, Policy, Verdict, outside_sentence

TAG = "tui_ingest"
_CHANGES = "tui_ingest_recorder_change"  # of an app that is not installed where this is asked


@register(TAG)
def check_settings(**_: Any) -> list[CheckMessage]:
    """E001 to E005 and E008: `TUI_INGEST` can be read, and what it names exists."""
    try:
        settings = get_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="tui_ingest.E001")]
    return [*_allowed_names(settings), *_identities(settings), *_receivers(settings)]


@register(TAG)
def check_references(**_: Any) -> list[CheckMessage]:
    """W001: what a log may write refers to nothing that it may not."""
    try:
        policy = Policy(get_settings())
    except ImproperlyConfigured:
        return []  # E001 says so
    found = policy.outside_references()
    if not found:
        return []
    hint = f"{policy.outside_remedy(found)} Silence this check if those rows come another way."
    return [CheckWarning(outside_sentence(found), hint=hint, id=OUTSIDE_CHECK)]


@register(TAG)
def check_routing(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """E006: rows go to the database that the project's routers choose for the checkpoint.

    Other databases are none of its business: `migrate --database other` asks about those. Nor is
    a project whose sessions can have one of those, as `--database other` says to commands: each
    start looks at its own.
    """
    from tui_ingest.models import ProcessedFile

    alias = _routed_to(ProcessedFile) or DEFAULT_DB_ALIAS
    found = routing_errors(alias) if databases is None or alias in databases else []
    return found if all(map(routing_errors, connections)) else []


@register(Tags.database)
def check_leftovers(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """W002: no recorder is at work that came with a copy of the source's database."""
    if apps.is_installed("tui_ingest.recorder"):
        return []
    return [
        CheckWarning(
            f"The database '{alias}' has the table {_CHANGES}, and tui_ingest.recorder is not"
            " installed here: its triggers note there whatever is written, nobody takes it away,"
            " and records are applied one by one.",
            hint=(
                "If it came with a copy of the source's database: add 'tui_ingest.recorder' to"
                " INSTALLED_APPS, run python manage.py migrate --database"
                f" {alias} tui_ingest_recorder zero, and take it out again."
            ),
            id="tui_ingest.W002",
        )
        for alias in databases or ()
        if _CHANGES in connections[alias].introspection.table_names()
    ]


def routing_errors(alias: str) -> list[CheckMessage]:
    """E006 and E007: rows and checkpoint of a session go to one database.

    Otherwise no transaction could hold both.
    """
    try:
        policy = Policy(get_settings())
    except ImproperlyConfigured:
        return []  # E001 says so
    return list(_strays(alias, policy))


def _allowed_names(settings: Settings) -> Iterator[CheckMessage]:
    for name in settings.models or ():
        if name.partition(".")[0].lower() == OWN_APP:
            yield Error(
                f"TUI_INGEST['MODELS'] names '{name}', but a log must never write the tables of"
                " tui_ingest.",
                hint="Remove it.",
                id="tui_ingest.E003",
            )
        elif not _is_installed(name):
            yield Error(
                f"TUI_INGEST['MODELS'] names '{name}', which is neither an installed app nor one of"
                " its models.",
                hint="Write 'app_label' or 'app_label.model' as INSTALLED_APPS has them.",
                id="tui_ingest.E002",
            )


def _is_installed(name: str) -> bool:
    app_label, _, model = name.partition(".")
    try:
        config = apps.get_app_config(app_label)
        return not model or config.get_model(model) is not None
    except LookupError:
        return False


def _identities(settings: Settings) -> Iterator[CheckMessage]:
    for label, name in settings.identity.items():
        try:
            field = apps.get_model(label)._meta.get_field(name)
        except (LookupError, ValueError, FieldDoesNotExist):
            yield Error(
                f"TUI_INGEST['IDENTITY'] names the field '{name}' of '{label}', which does not"
                " exist.",
                hint="Write {'app_label.model': 'field'}.",
                id="tui_ingest.E004",
            )
            continue
        if not (isinstance(field, Field) and field.unique and not field.null):
            yield Error(
                f"TUI_INGEST['IDENTITY'] makes '{name}' the identity of '{label}', but that field"
                " is not both unique and non-null.",
                hint="Choose a field with unique=True and null=False.",
                id="tui_ingest.E005",
            )


def _receivers(settings: Settings) -> Iterator[CheckMessage]:
    if set(settings.receivers) <= {receivers.EVERY}:
        return
    connected = {receivers.dotted_name(one) for one in receivers.every_one()}
    for name in settings.receivers:
        is_connected = any(f"{known}.".startswith(f"{name}.") for known in connected)
        if not (name == receivers.EVERY or is_connected or _can_be_imported(name)):
            close = difflib.get_close_matches(name, connected, n=3, cutoff=0.5)
            yield Error(
                f"TUI_INGEST['RECEIVERS'] names '{name}', which is neither a module nor in one.",
                hint=f"Connected are, for example: {', '.join(close or sorted(connected)[:3])}."
                if connected
                else "No receiver is connected.",
                id="tui_ingest.E008",
            )


def _can_be_imported(name: str) -> bool:
    """Tell whether there is such a module, or something in one: it may be connected later."""
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        return False
    return True


def _strays(alias: str, policy: Policy) -> Iterator[CheckMessage]:
    """Yield an error for each model whose rows would be elsewhere than the checkpoint."""
    for model in apps.get_models(include_auto_created=True):
        label = model._meta.label_lower
        own = model._meta.app_label == OWN_APP
        if not own and policy.verdict(label) is not Verdict.ALLOWED:
            continue
        elsewhere = _elsewhere(model, alias)
        if elsewhere:
            yield Error(
                f"DATABASE_ROUTERS keep {model._meta.label} out of database '{alias}'"
                f" ({elsewhere}), where the checkpoint is to be. Rows and checkpoint must be"
                " written in one transaction of one database, or a crash loses or repeats records.",
                hint=(
                    "Route the tables of tui_ingest to the database of the models."
                    if own
                    else f"Start with the --database of {model._meta.label}, or leave that model"
                    " out with TUI_INGEST['EXCLUDE']."
                ),
                id="tui_ingest.E007" if own else "tui_ingest.E006",
            )


def _elsewhere(model: type[Model], alias: str) -> str:
    """Return how the routers keep a model out of a database; an empty string if they do not."""
    chosen = _routed_to(model)
    if chosen not in (None, alias):
        return f"they write it to '{chosen}'"
    if not router.allow_migrate_model(alias, model):
        return "they do not allow its table there"
    return ""


def _routed_to(model: type[Model]) -> str | None:
    """Return the database that a router chooses for a model; None if none of them cares.

    `router.db_for_write` cannot tell that from the choice of 'default'.
    """
    for candidate in router.routers:
        choose = getattr(candidate, "db_for_write", None)
        chosen: str | None = choose(model) if choose else None
        if chosen:
            return chosen
    return None
