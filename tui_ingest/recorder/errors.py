"""What the recorder raises on purpose."""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError

from tui_ingest.errors import TuiIngestError

# What reading a row may raise that is no fault of the row.
NOT_THE_ROW = (DatabaseError, InterfaceError, MemoryError)


class RecorderError(TuiIngestError):
    """The source's side cannot do what was asked: what, where, and what to do."""


class ModelsChangedError(RecorderError):
    """The database was migrated for other models than those of this process."""


class MigrationRunningError(RecorderError):
    """A migration is running, or was broken off: nobody knows which columns there are."""
