"""Consecutive entries of the log, gathered into groups that one statement can write."""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Any, NamedTuple

from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.plans import LinkTable, WritePlan
from tui_ingest.ingest.fast.tables import Table
from tui_ingest.ingest.identity import identity_value
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Operation, Record

# Each is refused by the exact path, one by one: many of them would keep an operator waiting.
MOST_REFUSED = 100

# Looked up once: Python 3.11 takes its time over it.
_SAVE, _DELETE = Operation.SAVE, Operation.DELETE


class RowRefusedError(Exception):
    """The database or its driver refused a row; the cause is chained."""

    def __init__(self, index: int) -> None:
        super().__init__(f"The record of entry {index} was refused.")
        self.index = index  # of the entry


class Skipped(NamedTuple):
    """They are excluded: counted, not written."""

    label: str  # under which they are counted


class Detour(enum.Enum):
    """They take the exact path."""

    NEEDED = enum.auto()
    REFUSED = enum.auto()  # and fail there, whatever the tables contain


Route = WritePlan | Skipped | Detour
FindRoute = Callable[[Operation, Mapping[str, Any]], Route]


@dataclass(kw_only=True, eq=False)
class Group:
    """Records of one plan in log order. Every list has one item per record."""

    plan: WritePlan
    indexes: list[int] = field(default_factory=list)  # of the entries
    rows: list[tuple[Any, ...]] = field(default_factory=list)  # values as logged
    columns: list[Values] = field(default_factory=list)  # the same, converted
    # By column, defaults that somebody has been shown: those are written.
    drawn: dict[Column, list[Any]] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        return self.plan.table

    @property
    def identities(self) -> Values:
        """The converted values that say which row each record speaks of."""
        return self.columns[self.plan.places[self.table.identity.name]]

    def of(self, name: str) -> Values | None:
        """Return the converted values of a field; None if these records lack it."""
        place = self.plan.places.get(name)
        return None if place is None else self.columns[place]

    def links_of(self, links: LinkTable) -> Values:
        """Return the converted far ends of a field; nothing if these records lack it."""
        places = (place for place, known in self.plan.links.items() if known is links)
        return next((self.columns[place] for place in places), ())

    def inserted(self) -> list[tuple[Any, ...]]:
        """Return the values of the columns that an INSERT names, row by row."""
        given = [
            values
            for column, values in zip(self.plan.columns, self.columns, strict=True)
            if column is not None
        ]
        defaults: list[Values] = [
            [*map(column.convert_one, self.drawn.get(column) or (default() for _ in self.indexes))]
            for column, default in self.plan.defaults.items()
        ]
        return [*zip(*given, *defaults, strict=True)]

    def convert(self) -> dict[int, bool]:
        """Convert all values, without the records that have one for which this is not possible.

        Returns:
            Those, by index of the entry; True: the exact path refuses it whatever happens.
        """
        self.columns = [() for _ in self.plan.columns]
        left_out: dict[int, bool] = {}
        logged = self._logged()
        for place, written in enumerate(self.plan.columns):
            column = written or self.plan.links.get(place)
            if column is None or (place == 0 and self.plan.named_by):
                continue
            named = column.named(logged[place])
            converted = column.convert(named)
            if converted is None:
                unfit = {
                    self.indexes[at]: column.is_hopeless(named[at]) for at in column.unfit(named)
                }
                self.drop(unfit)
                left_out |= unfit
                logged = self._logged()
                converted = column.convert(column.named(logged[place]))
                assert converted is not None  # noqa: S101  # those that are left are fit
            self.columns[place] = converted
        return left_out

    def _logged(self) -> Sequence[Values]:
        """Return the values as logged, column by column."""
        return [*zip(*self.rows, strict=True)] or [()] * len(self.plan.columns)

    def drop(self, refused: Collection[int]) -> None:
        """Leave out the records of some entries."""
        if refused:
            wanted = [index not in refused for index in self.indexes]
            self.indexes = [*compress(self.indexes, wanted)]
            self.rows = [*compress(self.rows, wanted)]
            self.columns = [[*compress(values, wanted)] for values in self.columns]

    def cut(self, stop: int) -> None:
        """Leave out the records from an entry on."""
        size = bisect_left(self.indexes, stop)
        if size < len(self.indexes):
            del self.indexes[size:], self.rows[size:]
            self.columns = [values[:size] for values in self.columns]


@dataclass(kw_only=True, eq=False)
class Window:
    """A stretch of entries, from `start` to before `stop`, that may become one run."""

    start: int
    stop: int
    saves: list[Group] = field(default_factory=list)  # in the order in which they begin
    deletes: list[Group] = field(default_factory=list)
    skipped: dict[str, list[int]] = field(default_factory=dict)  # indexes of entries by label
    refused: list[int] = field(default_factory=list)  # indexes of entries that fail, in order
    several: set[int] = field(default_factory=set)  # indexes of entries with several objects

    def copy(self) -> Window:
        """Return a window that stays as it is when groups of this one lose records."""
        return replace(self, saves=[copy(group) for group in self.saves])

    def begin(self, plan: WritePlan, operation: Operation) -> Group:
        """Return a new group for records of a plan."""
        group = Group(plan=plan)
        (self.saves if operation is _SAVE else self.deletes).append(group)
        return group

    def cut(self, stop: int) -> None:
        """End before an entry."""
        if stop < self.stop:
            self.stop = stop
            for group in (*self.saves, *self.deletes):
                group.cut(stop)
            for indexes in (*self.skipped.values(), self.refused):
                del indexes[bisect_left(indexes, stop) :]
            self.several = {index for index in self.several if index < stop}

    def saves_of(self, table: Table | None) -> list[Group]:
        """Return the groups that save rows of a table."""
        return [group for group in self.saves if group.table is table]

    def deletes_of(self, table: Table | None) -> list[Group]:
        """Return the groups that delete rows of a table."""
        return [group for group in self.deletes if group.table is table]


def gather(
    entries: Sequence[Entry],
    start: int,
    stop: int,
    *,
    find_route: FindRoute,
    known_failures: Collection[int],
) -> Window:
    """Gather entries up to the first one that only the exact path can apply."""
    window = Window(start=start, stop=stop)
    groups: dict[object, Group] = {}
    for index in range(start, stop):
        entry = entries[index]
        if type(entry) is not Record or index in known_failures:
            window.refused.append(index)
            continue
        _, operation, objects, _, _ = entry
        is_known = operation is _SAVE or operation is _DELETE
        if not is_known or len(objects) != 1 or len(window.refused) >= MOST_REFUSED:
            is_more = is_known and len(objects) > 1 and len(window.refused) < MOST_REFUSED
            if is_more and _take_several(window, groups, index, entry, find_route):
                continue
            window.stop = index
            break
        # This runs for every record: what can be done for a whole column at once is done later.
        serialized = objects[0]
        key = _kind(operation, serialized)
        group = groups.get(key)
        if group is None:
            route = find_route(operation, serialized)
            if not isinstance(route, WritePlan):
                if route is Detour.NEEDED:
                    window.stop = index
                    break
                if isinstance(route, Skipped):
                    window.skipped.setdefault(route.label, []).append(index)
                else:
                    window.refused.append(index)
                continue
            group = groups[key] = window.begin(route, operation)
        group.indexes.append(index)
        group.rows.append(_row(group.plan, operation, serialized))
    return window


def _take_several(
    window: Window,
    groups: dict[object, Group],
    index: int,
    record: Record,
    find_route: FindRoute,
) -> bool:
    """Take a record of several objects, if all can be in groups; tell whether they can.

    Not if one is to be refused: by the exact path that may happen for the sake of another. Nor if
    two of one table are for different groups, which are written one after the other.
    """
    found: list[tuple[object, WritePlan, Mapping[str, Any]]] = []
    kinds: dict[Table, object] = {}
    for serialized in record.objects:
        key = _kind(record.operation, serialized)
        group = groups.get(key)
        plan = group.plan if group else find_route(record.operation, serialized)
        if not isinstance(plan, WritePlan) or kinds.setdefault(plan.table, key) != key:
            return False
        found.append((key, plan, serialized))
    for key, plan, one in found:
        if key not in groups:
            groups[key] = window.begin(plan, record.operation)
        groups[key].indexes.append(index)
        groups[key].rows.append(_row(plan, record.operation, one))
    window.several.add(index)
    return True


def _kind(operation: Operation, serialized: Mapping[str, Any]) -> object:
    """Return what the records of a group have in common."""
    if serialized.get("pk") is None:
        return operation, serialized["model"], *serialized["fields"]
    if operation is _SAVE:
        return serialized["model"], *serialized["fields"]
    return serialized["model"]


def _row(plan: WritePlan, operation: Operation, serialized: Mapping[str, Any]) -> tuple[Any, ...]:
    if operation is _SAVE or plan.named_by:
        return serialized.get("pk"), *serialized["fields"].values()
    return (identity_value(serialized, plan.table.identity.field),)
