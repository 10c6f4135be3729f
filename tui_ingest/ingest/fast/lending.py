"""Unique values that the rows of a run take from each other.

A run that shifts or exchanges them would be refused, whatever its order. So the rows that have such
a value, and are given another one in the same run or deleted by it, give it up before: for that
moment they hold NULL, or a value that nobody has.
"""

from __future__ import annotations

from typing import Any

from tui_ingest.ingest.exact.clashes import UniqueSet, unique_sets
from tui_ingest.ingest.exact.parking import placeholders
from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import Column, has_one_spelling
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.tables import Table
from tui_ingest.ingest.model_fields import referenced_fields

State = tuple[Any, ...]  # values of the fields of a rule


class Lending:
    """Makes room for the rows of one table that a window saves.

    Values that cannot be compared here as the database compares them are left to the exact path,
    and so are rules about a part of the table, or about expressions.
    """

    def __init__(self, table: Table, window: Window) -> None:
        self._table = table
        self._saves = [group for group in window.saves_of(table) if group.indexes]
        self._deleted = {i for group in window.deletes_of(table) for i in group.identities}

    def make_room(self) -> bool:
        """Let the rows give up what others take; tell whether any did.

        Raises:
            Exception: the database refused a placeholder.
        """
        lent = False
        for unique in unique_sets(self._table.model):
            is_plain = unique.condition is None and not unique.expressions
            if is_plain and (columns := self._columns(unique)):
                lent |= self._make_room(columns)
        return lent

    def _columns(self, unique: UniqueSet) -> list[Column]:
        """Return the columns of a rule, if they can be looked at here."""
        others = {*unique.names} - {self._table.pk.name, self._table.identity.name}
        if not others or not self._table.columns.keys() >= others:
            return []
        columns = [self._table.column(name) for name in unique.names]
        return columns if all(map(has_one_spelling, columns)) else []

    def _make_room(self, columns: list[Column]) -> bool:
        wanted: dict[State, set[Any]] = {}
        left: dict[Any, State] = {}
        for group in self._saves:
            for identity, state in zip(group.identities, _states(group, columns), strict=False):
                wanted.setdefault(state, set()).add(identity)
                left[identity] = state
        by_column: dict[Column, list[Any]] = {}
        table, keys = self._table, left.keys() | self._deleted
        key, *others = (table.ref(column) for column in (table.identity, *columns))
        for identity, *values in lookups.related(key, [key, *others], keys, table.connection):
            state = tuple(values)
            takers = wanted.get(state)
            if takers is None or takers == {identity} or None in state:
                continue
            column = self._column_to_clear(columns, state, left.get(identity), identity)
            if column is not None:
                by_column.setdefault(column, []).append(identity)
        for column, identities in by_column.items():
            self._clear(column, identities)
        return bool(by_column)

    def _column_to_clear(
        self, columns: list[Column], before: State, after: State | None, identity: Any
    ) -> Column | None:
        """Return a column that the row will not keep, one that takes NULL if there is any."""
        if identity in self._deleted:
            # What goes with the row may be found by this value.
            fixed = {self._table.pk.field, *referenced_fields(self._table.model)}
            found = [column for column in columns if column.field not in fixed]
        else:
            assert after is not None  # noqa: S101  # it is saved
            keys = {self._table.pk.field, self._table.identity.field}
            found = [
                column
                for column, old, new in zip(columns, before, after, strict=True)
                if old != new and column.field not in keys
            ]
        return min(found, key=lambda column: not column.field.null, default=None)

    def _clear(self, column: Column, identities: list[Any]) -> None:
        table = self._table
        values = []
        for identity in identities:
            for value in placeholders(column.field, table.connection):
                values.append((None if value is None else column.convert_one(value), identity))
                break
        with table.connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {table.quoted} SET {column.quoted} = %s"  # noqa: S608
                f" WHERE {table.identity.quoted} = %s",
                values,
            )


def _states(group: Group, columns: list[Column]) -> list[State]:
    """Return what each record leaves; nothing, if the records lack one of the fields."""
    values = [group.of(column.name) for column in columns]
    if any(found is None for found in values):
        return []
    return [*zip(*(found or () for found in values), strict=True)]
