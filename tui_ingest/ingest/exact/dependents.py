"""Rows that still refer to what is deleted, where the database is told not to look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui_ingest.ingest.exact.deleting import taken_along
from tui_ingest.ingest.exact.finding import find_rows
from tui_ingest.ingest.model_fields import incoming_keys
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Record


class Dependents:
    """Of the rows that a record is about to delete, with what goes along with them.

    Raises:
        ProtectedError, RestrictedError: rows that refer to them forbid it.
    """

    def __init__(self, target: Target, record: Record) -> None:
        self._target = target
        self._references = [*self._find(record)]

    def _find(self, record: Record) -> Iterator[tuple[Any, set[Any]]]:
        """Yield each foreign key that leads to such rows, and the values that it would have."""
        for serialized in record.objects:
            row = find_rows(self._target, serialized).first()
            for group in taken_along(self._target, row) if row is not None else ():
                rows = [*group]
                for key in incoming_keys(type(rows[0])) if rows else ():
                    if key.db_constraint:  # type: ignore[attr-defined]
                        yield key, {getattr(one, key.target_field.attname) for one in rows}

    def are_here(self) -> bool:
        """Tell whether any row refers to them; to be asked after the deletion."""
        return any(
            self._target.rows(key.model).filter(**{f"{key.attname}__in": values}).exists()
            for key, values in self._references
        )
