"""One row, written by SQL of Django's making: without a signal, a manager or a `save`."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from django.db.models import CompositePrimaryKey, Max, Model, QuerySet
from django.db.models.expressions import DatabaseDefault

from tui_ingest.ingest.exact.deserializing import Row
from tui_ingest.ingest.model_fields import ModelFields, attname_of, concrete
from tui_ingest.ingest.target import Target


def update(rows: QuerySet[Model], row: Row, names: frozenset[str], shape: ModelFields) -> bool:
    """Give the row what the record carries: a field that it lacks keeps its value.

    Returns:
        Whether the row is there.
    """
    attnames = [attname_of(shape.model, name) for name in names]
    if not attnames:
        return rows.exists()
    return rows.update(**{name: row.values[name] for name in attnames}) > 0


def may_look(row: Row, shape: ModelFields) -> bool:
    """Tell whether `complete` may ask the database: so may a default that the project works out."""
    return shape.has_order or any(
        field.has_default() and callable(field.default) and field.attname not in row.values
        for field in columns(row.model)
    )


def complete(target: Target, row: Row, shape: ModelFields) -> None:
    """Give a row that is to be inserted the defaults of what the record lacks."""
    for field in columns(row.model):
        value = row.values.get(field.attname)
        if field.attname not in row.values or (value is None and field.primary_key):
            row.values[field.attname] = field.get_default()
    if shape.has_order and row.values["_order"] is None:
        row.values["_order"] = _next_in_order(target, row)


def insert(target: Target, row: Row, shape: ModelFields) -> None:
    """Insert a row, with defaults for what the record lacks, and note what the database gave it."""
    complete(target, row, shape)
    drawn = concrete(row.model)._meta.auto_field if row.pk is None else None
    fields = [field for field in columns(row.model) if field is not drawn]
    wanted = [drawn] if drawn else []
    if target.connection.features.can_return_columns_from_insert:
        wanted += [f for f in fields if isinstance(row.values[f.attname], DatabaseDefault)]
    rows: Any = target.rows(concrete(row.model))
    found = rows._insert(
        [SimpleNamespace(**row.values)],
        fields=fields,
        returning_fields=wanted or None,
        raw=True,
        using=target.database,
    )
    if wanted:
        row.values |= {f.attname: value for f, value in zip(wanted, found[0], strict=True)}


@cache
def columns(model: type[Model]) -> list[Any]:
    """Return the fields that an INSERT into a model's own table names."""
    return [
        field
        for field in concrete(model)._meta.local_concrete_fields
        if not field.generated and not isinstance(field, CompositePrimaryKey)
    ]


def _next_in_order(target: Target, row: Row) -> int:
    """Return the place of a new row of a model that is ordered with respect to another."""
    meta = concrete(row.model)._meta
    parent: Any = meta.order_with_respect_to
    siblings: Any = target.rows(meta.model).filter(**{parent.attname: row.values[parent.attname]})
    last = siblings.aggregate(last=Max("_order"))["last"]
    return 0 if last is None else last + 1
