"""Whose record changes when rows are linked many-to-many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import ManyToManyField, Model, Q, QuerySet


def many_to_many(model: type[Model]) -> list[ManyToManyField[Any, Any]]:
    """Return the many-to-many fields of a model.

    Without the likes of taggit's manager, which passes for one: its rows are saved and deleted,
    and recorded, on their own.
    """
    fields = model._meta.local_many_to_many
    return [field for field in fields if isinstance(field, ManyToManyField)]


def owners(
    field: ManyToManyField[Any, Any],
    instance: Model,
    pk_set: Iterable[Any] | None,
    using: str,
    *,
    reverse: bool,
) -> list[Any]:
    """Return the keys of the rows whose list of links changed: those on the field's own side.

    Args:
        pk_set: the keys at the other end; None: all that are linked to `instance` now.
        reverse: `instance` is at the other end of the field.
    """
    if not reverse:
        return [getattr(instance, field.model._meta.pk.attname)]
    if pk_set is not None:
        return sorted(pk_set, key=str)
    links: QuerySet[Model] = QuerySet(model=field.remote_field.through, using=using)
    own = links.filter(**{field.m2m_reverse_field_name(): instance}).order_by("pk")
    return list(own.values_list(field.m2m_field_name(), flat=True))


def added_links(
    field: ManyToManyField[Any, Any],
    instance: Model,
    pk_set: Iterable[Any],
    using: str,
    *,
    reverse: bool,
) -> list[Any]:
    """Return the keys of the rows of a custom `through` model that `add()` has just made."""
    near, far = field.m2m_field_name(), field.m2m_reverse_field_name()
    if reverse:
        near, far = far, near
    added = Q(**{near: instance, f"{far}__in": pk_set})
    if field.remote_field.symmetrical:  # made both ways, told once
        added |= Q(**{far: instance, f"{near}__in": pk_set})
    links: QuerySet[Model] = QuerySet(model=field.remote_field.through, using=using)
    return list(links.filter(added).order_by("pk").values_list("pk", flat=True))
