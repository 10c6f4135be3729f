"""One row and its links, written by SQL of Django's making: no signal, no manager, no `save`."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

from django.db.models import CompositePrimaryKey, ManyToManyField, Max, Model, Q, QuerySet
from django.db.models.expressions import DatabaseDefault

from tui_ingest.ingest.exact.announcing import Announcements
from tui_ingest.ingest.exact.deleting import delete
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


def set_links(target: Target, row: Row, announcements: Announcements) -> None:
    """Add and remove links, so that those are left which the record names.

    Args:
        announcements: to be finished by the caller.
    """
    for field, values in row.links.items():
        if isinstance(field, ManyToManyField):
            _Links(target, row, field, announcements).replace(values)
        else:  # the likes of taggit's, with rows of its own
            getattr(target.rows(row.model).get(pk=row.pk), field.name).set(values)


class _Links:
    """The links of one row by one field, as rows of the table between."""

    def __init__(self, target: Target, row: Row, field: Any, announcements: Announcements) -> None:
        self._target = target
        self._row = row
        self._field = field
        self._announcements = announcements
        self._through: Any = field.remote_field.through
        self._rows: Any = target.rows(self._through)
        self._near: Any = self._through._meta.get_field(field.m2m_field_name())
        self._far: Any = self._through._meta.get_field(field.m2m_reverse_field_name())
        self._is_symmetrical = field.remote_field.symmetrical
        key = self._near.target_field
        self._owner = (
            row.pk
            if key.primary_key
            else target.rows(row.model).values_list(key.attname, flat=True).get(pk=row.pk)
        )

    def replace(self, values: list[Any]) -> None:
        wanted = set(map(self._far.get_prep_value, values))
        here = self._far_ends(Q(**{self._near.attname: self._owner}), self._far)
        gone, new = here - wanted, wanted - here
        if gone:
            self._announcements.link(self._row, self._field, "remove", gone)
        if new:
            self._announcements.link(self._row, self._field, "add", new)
        if gone:
            self._remove(gone)
        if new:
            self._add(new)

    def _far_ends(self, condition: Q, end: Any) -> set[Any]:
        found = self._rows.filter(condition).values_list(end.attname, flat=True)
        return set(map(end.get_prep_value, found))

    def _remove(self, gone: set[Any]) -> None:
        between = Q(**{self._near.attname: self._owner, f"{self._far.attname}__in": gone})
        if self._is_symmetrical:
            between |= Q(**{self._far.attname: self._owner, f"{self._near.attname}__in": gone})
        delete(self._target, self._rows.filter(between), self._announcements)

    def _add(self, new: set[Any]) -> None:
        pairs = {(self._owner, value) for value in new}
        if self._is_symmetrical:
            mirrored = Q(**{self._far.attname: self._owner, f"{self._near.attname}__in": new})
            back = new - self._far_ends(mirrored, self._near)
            pairs |= {(value, self._owner) for value in back}
        self._rows.bulk_create(
            self._through(**{self._near.attname: near, self._far.attname: far})
            for near, far in sorted(pairs, key=str)
        )
