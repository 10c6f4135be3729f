"""Rows as they are in the database, in Django's serialized form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core import serializers
from django.db.models import ManyToManyField, Model, QuerySet
from django.utils.encoding import is_protected_type

from tui_ingest.recorder.links import many_to_many

Serialized = dict[str, Any]

_NUMBERED_ANEW = {"contenttypes.contenttype", "auth.permission"}


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
    for key in row._meta.local_fields:
        if key.name in data["fields"] and _is_numbered_anew(key.related_model):
            data["fields"][key.name] = _named(key.related_model, getattr(row, key.attname), using)
    for field in many_to_many(type(row)):
        through: type[Model] | None = field.remote_field.through
        if through is not None and through._meta.auto_created:
            data["fields"][field.name] = _related_keys(row, field, using)
    return data


def _related_keys(row: Model, field: ManyToManyField[Any, Any], using: str) -> list[Any]:
    """Return the keys of a many-to-many field, read from its own table: managers may hide rows."""
    links: QuerySet[Model] = QuerySet(model=field.remote_field.through, using=using)
    own = links.filter(**{field.m2m_field_name(): row.pk}).order_by("pk")
    keys = own.values_list(field.m2m_reverse_field_name(), flat=True)
    if _is_numbered_anew(field.related_model):
        return [_named(field.related_model, key, using) for key in keys]
    return [key if is_protected_type(key) else str(key) for key in keys]


def _is_numbered_anew(model: Any) -> bool:
    """Tell whether `migrate` makes the rows of a model, in every database with numbers of its own.

    What refers to these by number would mean another row at the target.
    """
    return isinstance(model, type) and model._meta.label_lower in _NUMBERED_ANEW  # type: ignore[attr-defined]


def _named(model: Any, key: Any, using: str) -> Any:
    """Return a row's natural key; its number if there is no such row, or none is referred to."""
    row = _read(model, key, using)
    return row.natural_key() if row is not None else key  # type: ignore[attr-defined]
