"""Saves that would leave a row without its parent, found for many records at once."""

from __future__ import annotations

from typing import Any

from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.gathering import Window
from tui_ingest.ingest.fast.tables import ColumnRef, Reference, Table, Tables


class Orphans:
    """Looks for the records to blame if a window that ends the batch were committed.

    Only the state in which a row is left can be refused at the commit, and it is refused because
    of the last record that set the reference.
    """

    def __init__(self, window: Window, tables: Tables) -> None:
        self._window = window
        self._tables = tables
        self._here: dict[ColumnRef, set[Any]] = {}  # values looked for before, and found
        self._absent: dict[ColumnRef, set[Any]] = {}  # and not found

    def take_out(self) -> dict[int, Reference]:
        """Take those records out of the window.

        Without them, rows keep the state before or never come, so that others may be orphans now.

        Returns:
            The reference of each that leads nowhere, by index of the entry.
        """
        taken: dict[int, Reference] = {}
        while blamed := self._blamed():
            for group in self._window.saves:
                group.drop(blamed)
            taken |= blamed
        return taken

    def _blamed(self) -> dict[int, Reference]:
        tables = dict.fromkeys(group.table for group in self._window.saves)
        found: dict[int, Reference] = {}
        for table in tables:
            for reference in table.references:
                if missing := self._missing(table, reference):
                    for index in self._blame(table, reference, missing):
                        found.setdefault(index, reference)
        return found

    def _missing(self, table: Table, reference: Reference) -> set[Any]:
        wanted: set[Any] = set()
        for group in self._window.saves_of(table):
            wanted.update(group.of(reference.name) or ())
        wanted.discard(None)
        for group in self._window.saves_of(self._tables.of(reference.target.model)):
            wanted.difference_update(group.of(reference.target.name) or ())
        return wanted - self._existing(table, reference.to, wanted)

    def _existing(self, table: Table, column: ColumnRef, wanted: set[Any]) -> set[Any]:
        here = self._here.setdefault(column, set())
        absent = self._absent.setdefault(column, set())
        unknown = wanted - here - absent
        found = lookups.existing(column, unknown, table.connection)
        here |= found
        absent |= unknown - found
        return here

    def _blame(self, table: Table, reference: Reference, missing: set[Any]) -> set[int]:
        """Return the records whose reference is the one that the row is left with."""
        left: dict[Any, tuple[Any, int]] = {}
        for group in self._window.saves_of(table):
            values = group.of(reference.name)
            if values is not None:
                left.update(
                    zip(group.identities, zip(values, group.indexes, strict=True), strict=True)
                )
        for group in self._window.deletes_of(table):
            for identity in group.identities:
                left.pop(identity, None)
        return {index for value, index in left.values() if value in missing}
