"""Primary keys of rows that are known by something else.

By another field, where the numbers of two sources collide; or by their natural keys alone, where
records bring no primary key at all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest.exact.sequences import Counters
from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.tables import Table
from tui_ingest.ingest.fast.upserts import Dialect
from tui_ingest.ingest.identity import is_referenced_by_pk

DRAWN_AT_ONCE = 50  # numbers, if it is not known how many are needed


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
            self._drawn = self._dialect.draw(self._table, self._kept, DRAWN_AT_ONCE)
        self._last = next(self._drawn)
        return self._last


class _NewKey(int):
    """Stands for a number that a row has not been given yet."""


class Naming:
    """Gives the records of one table that bring no primary key those of their rows.

    A row that is new is given its number when it is known which of them are written.
    """

    def __init__(self, table: Table, window: Window) -> None:
        self._table = table
        self._window = window
        groups = (*window.saves_of(table), *window.deletes_of(table))
        self._groups = [group for group in groups if group.plan.named_by and group.indexes]

    def look_up(self) -> None:
        """Put the keys of rows that are here into the records, and others in place of the rest.

        The window ends before a record whose natural key several rows have.
        """
        names = [_names(group) for group in self._groups]
        found = self._found({*itertools.chain.from_iterable(names)})
        several = {name for name, keys in found.items() if len(keys) > 1}
        for group, own in zip(self._groups, names, strict=True):
            new = (index for index, name in zip(group.indexes, own, strict=True) if name in several)
            self._window.cut(next(new, self._window.stop))
        keys = {name: key for name, (key, *_) in found.items()}
        free = self._free()
        for group in self._groups:
            group.columns[0] = [
                keys[name] if name in keys else keys.setdefault(name, next(free))
                for name in _names(group)
            ]

    def _found(self, names: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[Any]]:
        table = self._table
        columns = [table.ref(table.columns[name]) for name in table.named_by]
        found: dict[tuple[Any, ...], list[Any]] = {}
        for *name, key in lookups.matching(columns, table.ref(table.pk), names, table.connection):
            found.setdefault(tuple(name), []).append(key)
        return found

    def _free(self) -> Iterator[Any]:
        """Yield keys that no row has."""
        table = self._table
        if is_auto(table.pk.field):
            lowest = lookups.lowest(table.ref(table.pk), table.connection)
            yield from map(_NewKey, itertools.count(min(lowest, 0) - 1, -1))
        while True:
            yield table.pk.convert_one(table.pk.field.get_default())

    def number(self, dialect: Dialect, counters: Counters) -> None:
        """Give the new rows numbers of the database's, in log order."""
        saves = [group for group in self._groups if group in self._window.saves]
        new = sorted(
            (index, -key, key)
            for group in saves
            for index, key in zip(group.indexes, group.identities, strict=True)
            if type(key) is _NewKey
        )
        wanted = dict.fromkeys(key for *_, key in new)
        if wanted:
            counters.move(self._table.model)
            highest = lookups.highest(self._table.ref(self._table.pk), self._table.connection)
            drawn = dialect.draw(self._table, highest, len(wanted))
            numbers = dict(zip(wanted, drawn, strict=False))
            for group in self._groups:
                group.columns[0] = [numbers.get(key, key) for key in group.identities]


def _names(group: Group) -> list[tuple[Any, ...]]:
    """Return the natural key of each record."""
    return [*zip(*(group.of(name) or () for name in group.plan.named_by), strict=True)]
