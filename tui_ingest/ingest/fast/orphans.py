"""Saves that would leave a row without its parent, found for many records at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db.models import Field, ForeignKey, ManyToManyField

from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.plans import LinkTable
from tui_ingest.ingest.fast.tables import ColumnRef, Reference, Table, Tables, ref_to
from tui_ingest.ingest.model_fields import many_to_many


class Absence(NamedTuple):
    """A reference that leads nowhere."""

    field: ForeignKey[Any, Any] | ManyToManyField[Any, Any]
    place: int = 0  # among several


class Orphans:
    """Looks for the records to blame if a window that ends the batch were committed.

    Only the state in which a row is left can be refused at the commit, and it is refused because
    of the last record that set the reference.
    """

    def __init__(self, window: Window, tables: Tables) -> None:
        self._window = window
        self._tables = tables
        # Values that were looked for before, and those of them that are missing.
        self._looked_for: dict[ColumnRef, tuple[set[Any], set[Any]]] = {}

    def take_out(self) -> dict[int, Absence]:
        """Take those records out of the window.

        Without them, rows keep the state before or never come, so that others may be orphans now.

        Returns:
            The reference of each that leads nowhere, by index of the entry.
        """
        taken: dict[int, Absence] = {}
        while blamed := self._blamed():
            for group in self._window.saves:
                group.drop(blamed)
            taken |= blamed
        return taken

    def _blamed(self) -> dict[int, Absence]:
        tables = dict.fromkeys(group.table for group in self._window.saves)
        found: dict[int, Absence] = {}
        for table in tables:
            for reference in table.references:
                if missing := self._missing(table, reference):
                    for index in self._blame(table, reference, missing):
                        found.setdefault(index, Absence(reference.field))
            for links in self._links_of(table):
                if missing := self._missing_ends(table, links):
                    for index, place in self._blame_links(table, links, missing).items():
                        found.setdefault(index, Absence(links.field, place))
        return found

    def _missing(self, table: Table, reference: Reference) -> set[Any]:
        groups = self._window.saves_of(table)
        wanted = set[Any]().union(*(group.of(reference.field.name) or () for group in groups))
        return self._not_here(wanted - {None}, reference.field.target_field, reference.to, table)

    def _links_of(self, table: Table) -> list[LinkTable]:
        """Return the tables of links that the window writes, in the order of their fields."""
        groups = self._window.saves_of(table)
        found = {links for group in groups for links in group.plan.links.values()}
        enforced = [links for links in found if links.far.field.db_constraint]  # type: ignore[attr-defined]
        return sorted(enforced, key=lambda links: many_to_many(table.model).index(links.field))

    def _missing_ends(self, table: Table, links: LinkTable) -> set[Any]:
        groups = self._window.saves_of(table)
        wanted = set[Any]().union(*(ends for group in groups for ends in group.links_of(links)))
        target: Any = links.far.field.target_field  # type: ignore[attr-defined]
        return self._not_here(wanted, target, ref_to(target, table.connection), table)

    def _not_here(
        self, wanted: set[Any], target: Field[Any, Any], to: ColumnRef, table: Table
    ) -> set[Any]:
        for group in self._window.saves_of(self._tables.of(target.model)):
            wanted.difference_update(group.of(target.name) or ())
        known, absent = self._looked_for.setdefault(to, (set(), set()))
        unknown = wanted - known
        known |= unknown
        absent |= lookups.missing(to, unknown, table.connection)
        return wanted & absent

    def _blame(self, table: Table, reference: Reference, missing: set[Any]) -> set[int]:
        """Return the records whose reference is the one that the row is left with."""
        left = self._left(table, lambda group: group.of(reference.field.name))
        return {index for value, index in left if value in missing}

    def _blame_links(self, table: Table, links: LinkTable, missing: set[Any]) -> dict[int, int]:
        """Return the records whose links are those that the row is left with, and the place of the
        first of them that leads nowhere.
        """
        left = self._left(table, lambda group: group.links_of(links))
        return {
            index: next(place for place, end in enumerate(ends) if end in missing)
            for ends, index in left
            if not missing.isdisjoint(ends)
        }

    def _left(
        self, table: Table, values_of: Callable[[Group], Values | None]
    ) -> Iterable[tuple[Any, int]]:
        """Return the values that rows are left with, each with the record that says so."""
        left: dict[Any, tuple[Any, int]] = {}
        for group in self._window.saves_of(table):
            if values := values_of(group):
                told = zip(values, group.indexes, strict=True)
                left.update(zip(group.identities, told, strict=True))
        for group in self._window.deletes_of(table):
            for identity in group.identities:
                left.pop(identity, None)
        return left.values()
