"""The statements that write the rows of a table: compiled by Django, once for each.

Django compiles its SQL anew for every row, which takes many times as long as to execute it. The
text is the same for all rows, if it does not depend on the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db.models import BinaryField, CompositePrimaryKey, Model, Q, Value, sql

from tui_ingest.ingest.exact import writing
from tui_ingest.ingest.exact.catalog import has_triggers, never_null
from tui_ingest.ingest.exact.deleting import goes_alone
from tui_ingest.ingest.model_fields import AnyField, concrete, primary_key
from tui_ingest.ingest.policy import REMEMBERED_LABELS
from tui_ingest.ingest.target import Target

Values = Mapping[str, Any]  # as Python has them, by attname


class Slot(NamedTuple):
    """Where a statement has the value of a field."""

    field: AnyField
    prepare: Callable[[Any, Any], Any]  # a value, for a connection, as Django hands it to a driver


class Statement(NamedTuple):
    """A statement with slots in place of values."""

    text: str
    slots: tuple[tuple[str, Callable[[Any, Any], Any]], ...]  # attname and how it is prepared

    def parameters(self, values: Values, connection: Any) -> list[Any] | None:
        """Return the values for the driver; None if the SQL depends on one of them.

        Raises:
            Exception: what a field raises for a value.
        """
        parameters = []
        for attname, prepare in self.slots:
            value = values[attname]
            if hasattr(value, "resolve_expression"):  # a JSON null, a default of the database's
                return None
            parameters.append(prepare(value, connection))
        return None if any(hasattr(value, "as_sql") for value in parameters) else parameters


class Question(NamedTuple):
    """A SELECT of identity and primary key of the rows that have one of some values of a slot."""

    statement: Statement
    compiler: Any
    converters: Any

    def ask(self, objects: Iterable[Values], cursor: Any) -> Iterable[tuple[Any, Any]]:
        """Yield identity and primary key of the rows whose identity or key one of some rows has."""
        first, *rest = self.statement.text.split("= %s")
        text, parameters = [first], []
        for (attname, prepare), part in zip(self.statement.slots, rest, strict=True):
            given = (one[attname] for one in objects if one.get(attname) is not None)
            values = [prepare(value, self.compiler.connection) for value in given]
            text.append(f"IN ({', '.join(['%s'] * len(values)) or 'NULL'}){part}")
            parameters += values
        cursor.execute("".join(text), parameters)
        return self.compiler.apply_converters(cursor.fetchall(), self.converters)  # type: ignore[no-any-return]


# Rules about a table: True leaves the compiling of its statements to Django, row by row.


def has_key_of_parts(model: type[Model], _target: Target) -> bool:
    """A row is found by several values."""
    return isinstance(primary_key(model), CompositePrimaryKey)


def writes_expressions(model: type[Model], target: Target) -> bool:
    """A field with a placeholder is written as more than a value, which may depend on the value."""
    is_mysql = target.connection.vendor == "mysql"  # which marks what is binary
    return any(
        hasattr(f, name) and (is_mysql or not isinstance(f, BinaryField))
        for f in model._meta.local_concrete_fields
        for name in ("get_placeholder", "get_placeholder_sql")  # until Django 6.0, and since 6.1
    )


TABLE_RULES = (has_key_of_parts, writes_expressions)


class Table:
    """The statements of one model's table."""

    def __init__(self, target: Target, model: type[Model]) -> None:
        self.model = model
        self.identity = target.identities.field(model)
        self._target = target
        self._pk = primary_key(model)
        self._updates: dict[frozenset[str], Statement] = {}

    @cached_property
    def asks_by_update(self) -> bool:
        """Whether an UPDATE that finds no row is to come before an INSERT, as Django has it.

        A trigger of PostgreSQL's may be one for statements. (Of a row that is known by another
        field than its key, Django asks by a SELECT.)
        """
        connection = self._target.connection
        is_to_be_seen = self.identity is self._pk and connection.vendor == "postgresql"
        return is_to_be_seen and has_triggers(self.model, connection)

    def refuses(self, values: Values) -> bool:
        """Tell whether the database is known to refuse what a record carries."""
        return any(values.get(attname, self) is None for attname in self._never_null)

    @cached_property
    def _never_null(self) -> tuple[str, ...]:
        return tuple(f.attname for f in never_null(self.model, self._target.connection))

    @cached_property
    def find(self) -> Question:
        """What asks which of some rows are here, and which of their primary keys are taken."""
        conditions = (_sought(field) for field in dict.fromkeys((self.identity, self._pk)))
        rows = self._target.rows(self.model).filter(Q.create([*conditions], connector=Q.OR))
        query: Any = rows.order_by().values_list(self.identity.attname, self._pk.attname).query
        compiler = query.get_compiler(self._target.database)
        statement = _statement(compiler.as_sql())
        columns = (expression for expression, *_ in compiler.select)
        return Question(statement, compiler, compiler.get_converters(columns))

    def update(self, names: frozenset[str]) -> Statement:
        """Return what gives a row its values of some fields, by their names."""
        if names not in self._updates:
            if len(self._updates) >= REMEMBERED_LABELS:  # names come out of the log
                self._updates.clear()
            fields = [self.model._meta.get_field(name) for name in sorted(names)]
            query: Any = self._row().query.chain(sql.UpdateQuery)
            query.add_update_values({field.name: _written(field) for field in fields})
            self._updates[names] = self._compiled(query)
        return self._updates[names]

    @cached_property
    def insert(self) -> Statement:
        """What inserts a row."""
        fields = writing.columns(self.model)
        query: Any = sql.InsertQuery(self.model)
        row = SimpleNamespace(**{field.attname: _written(field) for field in fields})
        query.insert_values(fields, [row], raw=True)
        return self._compiled(query)

    @cached_property
    def delete(self) -> Statement | None:
        """What deletes a row; None if Django has to look for others that go with it."""
        if not goes_alone(self.model):
            return None
        return self._compiled(self._row().query.chain(sql.DeleteQuery))

    def _row(self) -> Any:
        return self._target.rows(self.model).filter(_sought(self.identity))

    def _compiled(self, query: Any) -> Statement:
        return _statement(query.get_compiler(self._target.database).as_sql())


def _written(field: Any) -> Any:
    return Value(Slot(field, field.get_db_prep_save))


def _sought(field: Any) -> Q:
    def prepare(value: Any, connection: Any) -> Any:
        """As the lookup `exact` does."""
        return field.get_db_prep_value(field.get_prep_value(value), connection, prepared=True)

    return Q(**{field.name: Value(Slot(field, prepare))})


def _statement(compiled: Any) -> Statement:
    text, slots = compiled[0] if isinstance(compiled, list) else compiled
    return Statement(text, tuple((slot.field.attname, slot.prepare) for slot in slots))


class Statements:
    """The tables of one database."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._tables: dict[type[Model], Table | None] = {}

    def of(self, model: type[Model]) -> Table | None:
        """Return the statements of a model's table; None: Django is to compile them row by row."""
        if model not in self._tables:
            owner = concrete(model)
            is_fit = not any(rule(owner, self._target) for rule in TABLE_RULES)
            self._tables[model] = Table(self._target, owner) if is_fit else None
        return self._tables[model]
