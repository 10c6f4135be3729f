"""What the recorder raises on purpose."""

from __future__ import annotations

from django.db import DatabaseError, DataError, InterfaceError

from tui_ingest.errors import TuiIngestError


def is_of_the_row(error: Exception) -> bool:
    """Tell whether reading failed for what is in a row: its own field refuses the value, or the
    driver, which has no Python object for it (PostgreSQL's `infinity`, years before 1 and after
    9999). What the server itself says, with a code, is trouble of another kind.
    """
    if isinstance(error, DataError):
        return getattr(error.__cause__, "sqlstate", None) is None
    return not isinstance(error, DatabaseError | InterfaceError | MemoryError)


class RecorderError(TuiIngestError):
    """The source's side cannot do what was asked: what, where, and what to do."""


class ModelsChangedError(RecorderError):
    """The database was migrated for other models than those of this process."""


class MigrationRunningError(RecorderError):
    """A migration is running, or was broken off: nobody knows which columns there are."""
