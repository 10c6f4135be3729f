"""Rows as they are in the database, in Django's serialized form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core import serializers
from django.db.models import ManyToManyField, Model, QuerySet
from django.utils.encoding import is_protected_type

Serialized = dict[str, Any]


def read_with_parents(model: type[Model], pk: Any, using: str) -> Iterator[Serialized]:
    """Yield the row and, before it, the rows of its multi-table parents.

    The row is read again instead of taking the instance at hand: that may carry expressions
    (`F("votes") + 1`), text in place of numbers, and changes that `update_fields` did not save.
    Nothing is yielded if the row is gone.
    """
    row = _read(model, pk, using)
    if row is None:
        return
    for parent, link in row._meta.parents.items():
        if link is not None:  # a proxy has no row of its own
            yield from read_with_parents(parent, getattr(row, link.attname), using)
    yield _serialize(row, using)


def read_alone(model: type[Model], pk: Any, using: str) -> Iterator[Serialized]:
    """Yield the row without its parents, which are deleted, and recorded, on their own."""
    row = _read(model, pk, using)
    if row is not None:
        yield _serialize(row, using)


def _read(model: type[Model], pk: Any, using: str) -> Model | None:
    concrete = model._meta.concrete_model or model
    # Not a manager of the model, which may hide rows.
    rows: QuerySet[Model] = QuerySet(model=concrete, using=using)
    return rows.filter(pk=pk).order_by().first()


def _serialize(row: Model, using: str) -> Serialized:
    columns = [field.name for field in row._meta.local_fields]
    data: Serialized = serializers.serialize("python", [row], fields=columns)[0]
    for field in row._meta.local_many_to_many:
        through: type[Model] | None = field.remote_field.through
        if through is not None and through._meta.auto_created:
            data["fields"][field.name] = _related_keys(row, field, using)
    return data


def _related_keys(row: Model, field: ManyToManyField[Any, Any], using: str) -> list[Any]:
    """Return the keys of a many-to-many field, read from its own table: managers may hide rows."""
    links: QuerySet[Model] = QuerySet(model=field.remote_field.through, using=using)
    own = links.filter(**{field.m2m_field_name(): row.pk}).order_by("pk")
    keys = own.values_list(field.m2m_reverse_field_name(), flat=True)
    return [key if is_protected_type(key) else str(key) for key in keys]
