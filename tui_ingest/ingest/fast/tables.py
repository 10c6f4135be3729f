"""What the fast path needs to know of a model's table, worked out once per session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CompositePrimaryKey, Field, ForeignKey, Model

from tui_ingest.ingest.fast import names
from tui_ingest.ingest.fast.columns import (
    Column,
    array_type,
    is_checked_here,
    prepare,
    quoted_column,
    spelled,
)
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.model_fields import ModelFields, fields_of, incoming_keys, primary_key
from tui_ingest.ingest.policy import Verdict
from tui_ingest.ingest.target import Target

CONTENT_TYPE = "contenttypes.contenttype"  # every database numbers those by itself


class ColumnRef(NamedTuple):
    """A column of a table, for SQL."""

    table: str  # quoted
    name: str  # quoted
    array: str = ""  # type of its values in an array; "" where there is none

    @property
    def read(self) -> str:
        """The column as its values are spelled here."""
        return f"{self.name}::text" if self.array == "uuid" else self.name


class Reference(NamedTuple):
    """A foreign key of a table that the database enforces."""

    field: ForeignKey[Any, Any]
    to: ColumnRef  # of the parent's table


NOTHING = ColumnRef("", "NULL")


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """A model's table in one database."""

    model: type[Model]
    shape: ModelFields
    quoted: str
    pk: Column
    identity: Column
    columns: Mapping[str, Column]  # by name: what a save writes, the pk aside
    connection: BaseDatabaseWrapper = field(repr=False)

    @property
    def is_found_by_pk(self) -> bool:
        return self.identity is self.pk

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        return tuple(
            Reference(f, ref_to(f.target_field, self.connection))
            for f in self.model._meta.local_concrete_fields
            if isinstance(f, ForeignKey) and f.db_constraint  # type: ignore[attr-defined]
        )

    @cached_property
    def incoming(self) -> tuple[ForeignKey[Any, Any], ...]:
        """The foreign keys that lead here."""
        return tuple(incoming_keys(self.model))

    @cached_property
    def link_keys(self) -> frozenset[ForeignKey[Any, Any]]:
        """Those of them by which links lead here that go with a row, and nothing else with them:
        of tables that Django made for many-to-many fields.
        """
        return frozenset(
            key
            for key in self.incoming
            if key.model._meta.auto_created and not incoming_keys(key.model)
        )

    @cached_property
    def constrained(self) -> frozenset[str] | None:
        """The fields whose values the database may refuse because of other rows or fields.

        None if that cannot be told.
        """
        meta = self.model._meta
        names = {f.name for f in meta.local_concrete_fields if f.unique}
        for together in meta.unique_together:
            names.update(together)
        for constraint in meta.constraints:
            if not isinstance(constraint, models.UniqueConstraint):
                return None
            if constraint.expressions or constraint.condition is not None:
                return None
            names.update(constraint.fields)
        if not all(map(is_checked_here, self.columns.values())):
            return None
        return frozenset(names - {self.pk.name, self.identity.name})

    @cached_property
    def named_by(self) -> frozenset[str]:
        """The fields whose values are the natural key of a row; none if it is more than that."""
        return names.own_fields(self.model)

    def ref(self, column: Column) -> ColumnRef:
        """Return a column of this table for SQL."""
        return ref_to(column.field, self.connection)

    def column(self, name: str) -> Column:
        """Return the column of a field that a save writes, or of the primary key."""
        return self.pk if name == self.pk.name else self.columns[name]


class Tables:
    """The tables of one database."""

    def __init__(self, target: Target) -> None:
        self.receivers = target.receivers
        self._target = target
        self._known: dict[type[Model], Table | None] = {}

    def of(self, model: type[Model]) -> Table | None:
        """Return the table of a model; None if its rows have no key of one column."""
        if model not in self._known:
            identity = self._target.identities.field(model)
            is_composite = isinstance(primary_key(model), CompositePrimaryKey)
            self._known[model] = None if is_composite else _describe(model, identity, self._target)
        return self._known[model]


def _describe(model: type[Model], identity: Field[Any, Any], target: Target) -> Table:
    shape, connection = fields_of(model), target.connection
    columns = {
        f.name: prepare(f, connection, _by_name(target, f))
        for f in model._meta.local_concrete_fields
        if f.name in shape.columns
    }
    pk = prepare(primary_key(model), connection)
    return Table(
        model=model,
        shape=shape,
        quoted=connection.ops.quote_name(model._meta.db_table),
        pk=pk,
        identity=pk if identity.primary_key else columns[identity.name],
        columns=columns,
        connection=connection,
    )


def ref_to(f: Field[Any, Any], connection: BaseDatabaseWrapper) -> ColumnRef:
    """Return where the values of a field are."""
    table = connection.ops.quote_name(f.model._meta.db_table)
    array = array_type(f) if connection.vendor == "postgresql" else ""
    return ColumnRef(table, quoted_column(f, connection), array)


def _by_name(target: Target, f: Field[Any, Any]) -> Callable[[Values], Values] | None:
    """Return what puts keys in place of natural keys, as far as it finds them.

    None where a field refers to nothing that has natural keys. Receivers may make rows of any
    model: a run does not know beforehand what is found when its time comes.
    """
    if not isinstance(f, ForeignKey):
        return None
    model = f.remote_field.model
    if model._meta.label_lower == CONTENT_TYPE:
        return _by_content_type(target, f)
    if not hasattr(model._default_manager, "get_by_natural_key") or target.settings.receivers:
        return None

    def found(values: Values) -> Values:
        natural = {tuple(value) for value in values if _is_natural(value)}
        return _replaced(values, names.keys_of(target, model, f.target_field, natural))

    return found


def _replaced(values: Values, keys: Mapping[tuple[Any, ...], Any]) -> Values:
    """Return values with keys in place of those natural keys that have one."""
    return [
        spelled(keys.get(tuple(value), value)) if _is_natural(value) else value for value in values
    ]


def _is_natural(value: object) -> bool:
    return isinstance(value, list) and {*map(type, value)} <= {str, int}


def _by_content_type(target: Target, f: ForeignKey[Any, Any]) -> Callable[[Values], Values] | None:
    """None where the log may write content types: then they may change within a run."""
    if target.policy.verdict(CONTENT_TYPE) is Verdict.ALLOWED or not f.target_field.primary_key:
        return None

    def found(values: Values) -> Values:
        rows = target.rows(f.target_field.model).values_list("app_label", "model", "pk")
        return _replaced(values, {(app_label, name): pk for app_label, name, pk in rows})

    return found
