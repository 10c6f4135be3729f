"""Records that are applied one after the other, all of them or none: that takes fewer queries.

Their rows are written by statements that are compiled but once, and which rows are here is asked
for all of them at once. Nothing is refused here. What no such statement is made for, and what does
not find its row as expected, Django writes as ever; and when the database refuses anything, the
whole series is undone and its records are applied one by one, by Django alone.

Statements are sent several at a time where the way takes longer than they: PostgreSQL takes one in
less time than it takes to ask for it. Its answers are looked at later then: so each must be
expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Model

from tui_ingest.ingest.exact import writing
from tui_ingest.ingest.exact.deserializing import Row
from tui_ingest.ingest.exact.statements import Statement, Statements, Table, Values
from tui_ingest.ingest.identity import identity_value, python_value
from tui_ingest.ingest.model_fields import AnyField, Serialized, concrete, fields_of, primary_key
from tui_ingest.ingest.reasons import RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Operation, Record

ASKED_AT_ONCE = 400  # rows
_KEYS = (int, str, UUID)  # types of identities that are remembered
MOST_AT_ONCE = 64  # statements that are sent
LONGEST_AT_ONCE = 1 << 18  # characters of all of them, but for the last


class _Here:
    """The rows of a table that a series of records speaks of, as far as it is known.

    It may be outdated: a deletion took a row along, a trigger made one. Then an UPDATE finds none,
    or an INSERT is refused.
    """

    def __init__(self, table: Table, objects: Sequence[Serialized], cursor: Any) -> None:
        self.pks: dict[Any, Any] = {}  # by identity
        self.taken: set[Any] = set()  # primary keys
        fields = {table.identity, primary_key(table.model)}
        sought = [dict(_values(one, fields)) for one in objects]
        for start in range(0, len(sought), ASKED_AT_ONCE):
            for identity, pk in table.find.ask(sought[start : start + ASKED_AT_ONCE], cursor):
                self.note(identity, pk)

    def note(self, identity: Any, pk: Any) -> None:
        """Take note of a row that is here."""
        self.pks[identity] = pk
        self.taken.add(pk)

    def forget(self, identity: Any) -> None:
        """Take note of a row that was deleted."""
        self.taken.discard(self.pks.pop(identity, None))


def _values(serialized: Serialized, fields: set[AnyField]) -> Iterator[tuple[str, Any]]:
    for field in fields:
        with suppress(Exception):  # it is no value of that field: its record will say so
            yield field.attname, python_value(field, identity_value(serialized, field))


class UnexpectedRowsError(Exception):
    """One of several statements was about no row, or about more than one."""


def can_send_together(connection: Any) -> bool:
    """Tell whether values can be put into a statement here, and all its answers be had."""
    is_psycopg_3 = connection.vendor == "postgresql" and connection.Database.__name__ == "psycopg"
    # What binds on the server takes one statement at a time.
    return is_psycopg_3 and not connection.settings_dict["OPTIONS"].get("server_side_binding")


class PreparedSeries:
    """What writes the rows of such records.

    Args:
        cursor: of the database.
        together: keep statements whose answer is expected, to send several at a time (see
            `can_send_together`): which one was refused is not known then.
    """

    def __init__(
        self,
        target: Target,
        statements: Statements,
        records: Sequence[Record],
        cursor: Any,
        *,
        together: bool,
    ) -> None:
        self._target = target
        self._connection = target.connection
        self._statements = statements
        self._records = records
        self._cursor = cursor
        self._is_together = together
        self._kept: list[str] = []  # statements to be sent
        self._length = 0  # of these
        self._here: dict[Table, _Here] = {}

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self._kept

    def settle(self) -> None:
        """Have everything written: somebody is about to look, or the series is at its end.

        Raises:
            UnexpectedRowsError: a statement that was kept was not about one row.
            DatabaseError: one of them was refused.
        """
        if not self._kept:
            return
        texts, self._kept, self._length = self._kept, [], 0
        self._cursor.execute(";\n".join(texts))
        counts = [self._cursor.rowcount]
        while self._cursor.nextset():
            counts.append(self._cursor.rowcount)
        if counts != [1] * len(texts):
            raise UnexpectedRowsError

    def save(self, row: Row, names: frozenset[str]) -> bool | None:
        """Save a row; tell whether it is new. None: Django has to, nothing was written.

        Args:
            names: of the fields that are written if the row is here.
        """
        table = self._statements.of(row.model)
        identity = row.values.get(table.identity.attname) if table else None
        if table is None or row.pk is None or not names or type(identity) not in _KEYS:
            return None
        own = self._rows_here(table).pks.get(identity)
        is_whole = names == fields_of(row.model).columns
        if own is None and not (is_whole and table.asks_by_update):
            return self._insert(table, row, identity)
        found = self._execute(table.update(names), row.values, is_expected=own is not None)
        if found:
            row.pk = row.pk if own is None else own
            return False
        # If it was here, it went along with another one.
        return self._insert(table, row, identity) if found == 0 and own is None else None

    def _insert(self, table: Table, row: Row, identity: Any) -> bool | None:
        here = self._here[table]
        if row.pk in here.taken:
            return None
        if writing.may_look(row, fields_of(row.model)):
            self.settle()
        writing.complete(self._target, row, fields_of(row.model))
        if self._execute(table.insert, row.values) is None:
            return None
        here.note(identity, row.pk)
        return True

    def note(self, row: Row) -> None:
        """Take note of a row that Django has saved."""
        table = self._statements.of(row.model)
        if table and (here := self._here.get(table)):
            here.note(row.values.get(table.identity.attname), row.pk)

    def note_deletion(self) -> None:
        """Take note that Django has deleted a row, and perhaps others with it."""
        if self._is_together:  # otherwise an UPDATE shows it
            self._here.clear()

    def delete(self, serialized: Serialized, model: type[Model]) -> bool:
        """Delete a row; False: Django has to look, nothing was written."""
        table = self._statements.of(model)
        if table is None or table.delete is None:
            return False
        identity = python_value(table.identity, identity_value(serialized, table.identity))
        if type(identity) not in _KEYS:
            return False
        here = self._rows_here(table) if self._is_together else self._here.get(table)
        is_here = here is not None and identity in here.pks
        values = {table.identity.attname: identity}
        if not self._execute(table.delete, values, is_expected=is_here):
            return False
        if here is not None:
            here.forget(identity)
        return True

    def _execute(
        self, statement: Statement, values: Values, *, is_expected: bool = True
    ) -> int | None:
        """Execute a statement after all that were kept, or keep it; return for how many rows: of
        one that is kept, one. None: its SQL depends on the values.

        Args:
            is_expected: it will be for one row, as far as is known.
        """
        parameters = statement.parameters(values, self._connection)
        if parameters is None:
            return None
        if is_expected and self._is_together:
            self._keep(statement.text, parameters)
            return 1
        self.settle()
        self._cursor.execute(statement.text, parameters)
        count: int = self._cursor.rowcount
        return count

    def _keep(self, text: str, parameters: list[Any]) -> None:
        with self._connection.wrap_database_errors:
            kept = self._cursor.mogrify(text, parameters)
        self._kept.append(kept)
        self._length += len(kept)
        if len(self._kept) >= MOST_AT_ONCE or self._length >= LONGEST_AT_ONCE:
            self.settle()

    def _rows_here(self, table: Table) -> _Here:
        """Asked when the first of them is saved: what came before it in the series is done."""
        if table not in self._here:
            self.settle()
            objects = self._objects.get(table.model, [])
            self._here[table] = _Here(table, objects, self._cursor)
        return self._here[table]

    @cached_property
    def _objects(self) -> dict[type[Model], list[Serialized]]:
        """Those that are saved. What a DELETE finds is to be known only if it is kept."""
        found: dict[type[Model], list[Serialized]] = {}
        for record in self._records:
            is_sought = record.operation is Operation.SAVE or self._is_together
            for serialized in record.objects if is_sought else ():
                with suppress(RecordError):  # its model is not installed
                    model, _, _ = self._target.identities.look_up(serialized["model"])
                    found.setdefault(concrete(model), []).append(serialized)
        return found
