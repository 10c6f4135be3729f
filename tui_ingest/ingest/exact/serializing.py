"""A row as the source would log it, found without any manager."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.core import serializers
from django.db.models import ForeignKey, ManyToManyField, Model

from tui_ingest.encoding import RowEncoder
from tui_ingest.ingest.model_fields import concrete, many_to_many
from tui_ingest.ingest.target import Target


def serialize_row(target: Target, row: Model, *, by_natural_key: Collection[str] = ()) -> str:
    """Return a row as Django's json serializer writes it, its times in full.

    Args:
        by_natural_key: names of the fields that name other rows by their natural keys.
    """
    meta = concrete(type(row))._meta
    natural = frozenset(by_natural_key)
    own = [f.name for f in meta.local_fields if f.name not in natural]
    (found,) = json.loads(serializers.serialize("json", [row], cls=RowEncoder, fields=own))
    fields = found["fields"]
    for field in meta.local_fields:
        if field.name in natural and isinstance(field, ForeignKey):
            fields[field.name] = _reference(target, row, field)
    for many in many_to_many(type(row)):
        if _is_logged(many):
            fields[many.name] = _links(target, row, many, is_natural=many.name in natural)
    return json.dumps(found, cls=RowEncoder, ensure_ascii=False)


def _is_logged(field: Any) -> bool:
    return bool(field.serialize and field.remote_field.through._meta.auto_created)


def _reference(target: Target, row: Model, field: Any) -> Any:
    value = getattr(row, field.attname)
    rows = target.rows(field.remote_field.model).filter(**{field.target_field.name: value})
    parent: Any = None if value is None else rows.first()
    return value if parent is None else parent.natural_key()


def _links(
    target: Target, row: Model, field: ManyToManyField[Any, Any], *, is_natural: bool
) -> list[Any]:
    through: Any = field.remote_field.through
    far: Any = through._meta.get_field(field.m2m_reverse_field_name())
    links = target.rows(through).filter(**{field.m2m_field_name(): row.pk}).order_by(far.attname)
    keys = links.values_list(far.attname, flat=True)
    if is_natural:
        others = target.rows(far.remote_field.model).filter(pk__in=[*keys])
        return [other.natural_key() for other in others.order_by("pk")]
    field = far.target_field
    return [_as_logged(field, key) for key in keys]


def _as_logged(field: Any, key: Any) -> Any:
    """Return a key as Django's serializers write it: one that JSON knows as it is."""
    if isinstance(key, int | str):
        return key
    return field.value_to_string(field.model(**{field.attname: key}))
