"""The embedded project's database file, made and migrated without being asked."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tui_ingest.demo.settings import DATABASE_PATH


def prepare(is_outdated: Callable[[], bool]) -> None:
    """Create the file and its folder, and migrate it if `is_outdated` says so.

    Raises:
        OSError: the place cannot be written.
        django.db.Error: SQLite cannot use the file.
    """
    from django.core.management import call_command

    DATABASE_PATH.parent.mkdir(parents=True, exist_ok=True)
    DATABASE_PATH.open("ab").close()  # what SQLite cannot open, it may find later: a session waits
    with _alone():
        if is_outdated():
            call_command("migrate", verbosity=0, interactive=False)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold off another tui-ingest that starts at the same moment."""
    with DATABASE_PATH.with_name(f"{DATABASE_PATH.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
