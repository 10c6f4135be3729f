"""Primary keys of rows that are known by another field, where those of two sources collide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.tables import Table
from tui_ingest.ingest.fast.upserts import Dialect
from tui_ingest.ingest.identity import is_referenced_by_pk


class Numbering:
    """Gives the records of one table in a window the keys that their rows have or will have.

    A row keeps its key, whatever later records say. A new row takes the key it was logged with if
    that is free, and otherwise the next number of the database: in log order, as on the exact path.
    """

    def __init__(self, table: Table, window: Window, dialect: Dialect) -> None:
        self._table = table
        self._window = window
        self._dialect = dialect
        self._groups = [group for group in window.saves_of(table) if group.indexes]
        self._numbers = self._look_up(table.identity, table.pk)  # by identity
        self._owners = self._look_up(table.pk, table.identity)  # identities by number
        self._kept = lookups.highest(table.ref(table.pk), table.connection)
        self._last = -1  # number drawn
        self._drawn: Iterator[int] = iter(())

    def _look_up(self, key: Column, value: Column) -> dict[Any, Any]:
        keys = {found for group in self._groups for found in group.of(key.name) or ()}
        by, wanted = self._table.ref(key), self._table.ref(value)
        return dict(lookups.related(by, [by, wanted], keys, self._table.connection))

    def put(self) -> None:
        """Put the keys into the records.

        The window ends before a record whose key may not be replaced, because others refer to the
        row by it; and before one whose key is free only because of a delete in the window.
        """
        columns = {id(group): [*(group.of(self._table.pk.name) or ())] for group in self._groups}
        for group in self._groups:
            group.columns[group.plan.places[self._table.pk.name]] = columns[id(group)]
        is_fixed = is_referenced_by_pk(self._table.model)
        deleted = {i for group in self._window.deletes_of(self._table) for i in group.identities}
        for index, group, place in self._in_log_order():
            identity, numbers = group.identities[place], columns[id(group)]
            if identity not in self._numbers:
                owner = self._owners.get(numbers[place])
                if owner is not None and (is_fixed or owner in deleted):
                    self._window.cut(index)
                    return
                self._own(identity, numbers[place], is_free=owner is None)
            numbers[place] = self._numbers[identity]

    def _in_log_order(self) -> list[tuple[int, Group, int]]:
        places = [
            (index, group, place)
            for group in self._groups
            for place, index in enumerate(group.indexes)
        ]
        return sorted(places, key=lambda found: found[0])

    def _own(self, identity: Any, number: Any, *, is_free: bool) -> None:
        if is_free:
            self._kept = max(self._kept, number)
        else:
            number = self._draw()
        self._numbers[identity] = number
        self._owners[number] = identity

    def _draw(self) -> int:
        if self._kept > self._last:  # the database counts on from the highest key there is
            self._drawn = self._dialect.draw(self._table, self._kept)
        self._last = next(self._drawn)
        return self._last
