"""What a record of a model may carry, and what the model's table needs: worked out once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.conf import settings
from django.db.models import (
    DateTimeField,
    Field,
    ForeignKey,
    ManyToManyField,
    ManyToOneRel,
    Model,
)
from django.utils import timezone

AnyField: TypeAlias = "Field[Any, Any]"  # Django's own class takes no parameters
Serialized = Mapping[str, Any]  # Django's serialized object: "model", "pk", "fields"


@dataclass(frozen=True, kw_only=True)
class ModelFields:
    """The fields of one table, by the part they have in a record."""

    model: type[Model]  # the model that has the table, not a proxy of it
    label: str  # as Django serializes it
    columns: frozenset[str]  # names of the fields that a save writes, the pk aside
    accepted: frozenset[str]  # names that a record may carry
    generated: frozenset[str]  # of those, the ones that the database computes
    inherited: frozenset[str]  # names that belong to a parent's table
    has_order: bool  # order_with_respect_to: an insert numbers the row anew


def concrete(model: type[Model]) -> type[Model]:
    """Return the model that has the table."""
    return model._meta.concrete_model or model


@cache
def fields_of(model: type[Model]) -> ModelFields:
    """Return the shape of a model's own table; that of a proxy is the one of its model."""
    owner = concrete(model)
    meta = owner._meta
    local = meta.local_fields
    columns = [f for f in meta.local_concrete_fields if not f.generated and not f.primary_key]
    keys = {f.name for f in meta.pk_fields}
    own = {f.name for f in (*local, *meta.local_many_to_many)}
    return ModelFields(
        model=owner,
        label=meta.label_lower,
        columns=frozenset(f.name for f in columns) - keys,
        accepted=frozenset(own),
        generated=frozenset(f.name for f in local if f.generated),
        inherited=frozenset(f.name for f in (*meta.fields, *meta.many_to_many)) - own,
        has_order=bool(meta.order_with_respect_to),
    )


def value_of(field: AnyField, logged: Any) -> Any:
    """Return a value of a log as a field reads it.

    A moment without a zone (of a source with USE_TZ = False) is in this project's own, as Django
    has it, which warns of every single one.
    """
    found = field.to_python(logged)
    if (
        isinstance(found, datetime.datetime)
        and found.tzinfo is None
        and settings.USE_TZ
        and type(field).get_prep_value is DateTimeField.get_prep_value
    ):
        return timezone.make_aware(found, timezone.get_default_timezone())
    return found


def attname_of(model: type[Model], name: str) -> str:
    """Return under which name an instance of a model has the value of a concrete field."""
    field: Any = model._meta.get_field(name)
    return str(field.attname)


@cache
def primary_key(model: type[Model]) -> Field[Any, Any]:
    """Return the field of the primary key, which every installed model has."""
    return concrete(model)._meta.pk


def foreign_keys(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    """Return the foreign keys of a model's own table, the primary key included."""
    return [f for f in concrete(model)._meta.local_fields if isinstance(f, ForeignKey)]


def many_to_many(model: type[Model]) -> list[ManyToManyField[Any, Any]]:
    """Return the many-to-many fields that a record of the model may carry.

    Without the likes of taggit's manager, which passes for one and has rows of its own.
    """
    fields = concrete(model)._meta.local_many_to_many
    return [field for field in fields if isinstance(field, ManyToManyField)]


@cache
def referenced_fields(model: type[Model]) -> frozenset[Field[Any, Any]]:
    """Return the fields by which other rows refer to a row of this model; the pk at least."""
    return frozenset({primary_key(model), *(key.target_field for key in incoming_keys(model))})


def incoming_keys(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    """Return the foreign keys that point to a model's own table, hidden ones and links to
    children included.
    """
    relations = concrete(model)._meta.get_fields(include_hidden=True)
    return [
        relation.field
        for relation in relations
        if isinstance(relation, ManyToOneRel) and isinstance(relation.field, ForeignKey)
    ]
