"""What of a model is compared: what identifies a row, its columns, its links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from django.db import connections
from django.db.models import (
    AutoField,
    BigAutoField,
    IntegerField,
    ManyToManyField,
    Model,
    QuerySet,
    SmallAutoField,
    UUIDField,
)

AnyField: TypeAlias = Any  # Django's own class takes no parameters, and its stub lacks some
# `migrate` makes their rows in every database, with numbers of its own: what refers to these by
# number would mean another row elsewhere.
_NUMBERED_ANEW = frozenset({"contenttypes.contenttype", "auth.permission"})
_OWN_APPS = ("tui_ingest", "tui_ingest_recorder")  # labels


def default_identity(model: type[Model]) -> AnyField:
    """Return the field that says which row is which, unless a setting names another one.

    The primary key; if that is a number of the database's own and there is exactly one other
    unique, non-null UUID, that.
    """
    pk: AnyField = model._meta.pk
    others = [field for field in model._meta.local_fields if _is_other_identity(field)]
    return others[0] if is_auto(pk) and len(others) == 1 else pk


def is_auto(field: AnyField) -> bool:
    """Tell whether the database numbers this field."""
    return isinstance(field, AutoField | BigAutoField | SmallAutoField)


def is_unique(field: AnyField) -> bool:
    """Tell whether no two rows have the same value."""
    constraints = field.model._meta.total_unique_constraints
    return field.unique or any(tuple(c.fields) == (field.name,) for c in constraints)


def _is_other_identity(field: AnyField) -> bool:
    return (
        isinstance(field, UUIDField)
        and not field.primary_key
        and not field.null
        and is_unique(field)
    )


def column_fields(model: type[Model]) -> dict[str, AnyField]:
    """Return the fields of a model's own table that a record carries, but the key, by name."""
    keys = {field.name for field in model._meta.pk_fields}
    fields: Iterable[AnyField] = model._meta.local_concrete_fields
    return {
        field.name: field
        for field in fields
        if field.serialize and not field.generated and field.name not in keys
    }


def link_fields(model: type[Model]) -> dict[str, ManyToManyField[Any, Any]]:
    """Return the many-to-many fields that a record carries, by name.

    Without those through a model of its own, and without the likes of taggit's manager, which
    passes for a field.
    """
    return {
        field.name: field
        for field in model._meta.local_many_to_many
        if isinstance(field, ManyToManyField) and through(field)._meta.auto_created
    }


def through(field: ManyToManyField[Any, Any]) -> type[Model]:
    """Return the model of a many-to-many field's links."""
    model: type[Model] = field.remote_field.through  # type: ignore[assignment]
    return model


def links_of(field: ManyToManyField[Any, Any], database: str) -> QuerySet[Model]:
    """Return the rows of a many-to-many field's links, past every manager.

    Without those to the permissions on tables of ours: a source has other ones than its target.
    """
    rows: QuerySet[Model] = QuerySet(model=through(field), using=database)
    if field.related_model._meta.label_lower != "auth.permission":
        return rows
    app = f"{field.m2m_reverse_field_name()}__content_type__app_label"
    return rows.exclude(**{f"{app}__in": _OWN_APPS})


def is_numbered_anew(model: Any) -> bool:
    """Tell whether the rows of a model have other numbers in every database."""
    return isinstance(model, type) and model._meta.label_lower in _NUMBERED_ANEW  # type: ignore[attr-defined]


def natural_keys(model: type[Model], database: str) -> dict[Any, list[Any]]:
    """Return the natural keys of content types or permissions: a few hundred."""
    relations = [field.name for field in model._meta.local_fields if field.remote_field is not None]
    rows: Any = QuerySet(model=model, using=database)
    rows = rows.select_related(*relations) if relations else rows
    return {row.pk: list(row.natural_key()) for row in rows}


def is_ordered_alike(field: AnyField, database: str) -> bool:
    """Tell whether every database puts the values of a field in the same order.

    Text is ordered by a locale, and MariaDB turns the parts of a UUID around.
    """
    final = final_field(field)
    if isinstance(final, UUIDField):
        return connections[database].vendor != "mysql"
    return isinstance(final, IntegerField)


def final_field(field: AnyField) -> AnyField:
    """Return the field whose values a field holds: another one for a foreign key."""
    while field.remote_field is not None:
        field = field.target_field
    return field
