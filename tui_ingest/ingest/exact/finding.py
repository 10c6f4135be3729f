"""The row that a serialized object speaks of: its key as text, and the row itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet

from tui_ingest.ingest.exact import natural_keys
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.deserializing import Row, converted, deserialize
from tui_ingest.ingest.identity import (
    bounded,
    has_natural_key,
    identity_value,
    key_text,
    natural_text,
    no_identity,
)
from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.reasons import Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of


def row_key(target: Target, serialized: Serialized) -> RowKey:
    """Return the row that an object speaks of.

    Of a model that is not installed only the pk is known. Once it is installed, its identity
    may be another field.

    Raises:
        RecordError: no_identity, because the object lacks it (unknown_model if that is the cause).
    """
    try:
        model, field, label = target.identities.look_up(serialized["model"])
    except RecordError:
        if serialized.get("pk") is None:
            raise
        return RowKey(label_of(serialized), bounded(str(serialized["pk"])))
    value = identity_value(serialized, field)
    if value is not None:
        return RowKey(label, key_text(field, value))
    if field.primary_key and has_natural_key(model):
        return RowKey(label, natural_key_text(target, serialized))
    raise no_identity(serialized, field)


def row_keys(target: Target, objects: Iterable[Serialized]) -> dict[int, RowKey]:
    """Return the rows that objects speak of, by the place of the object in its record.

    Objects without an identity have none.
    """
    keys = {}
    for index, serialized in enumerate(objects):
        try:
            keys[index] = row_key(target, serialized)
        except RecordError:
            continue
    return keys


def find_rows(target: Target, serialized: Serialized, row: Row | None = None) -> QuerySet[Model]:
    """Return the row that an object speaks of, if it is here, as a query for it.

    Args:
        row: the object, if it was deserialized before.

    Raises:
        RecordError: unknown_model, bad_value, or no_identity, because the object lacks it.
    """
    model, field, _ = target.identities.look_up(serialized["model"])
    rows = target.rows(model)
    if not field.primary_key:
        value = identity_value(serialized, field)
        if value is None:
            raise no_identity(serialized, field)
        return rows.filter(**{field.name: converted(serialized, field, value)})
    if row is not None:
        pk = row.pk
    elif (value := identity_value(serialized, field)) is not None:
        pk = converted(serialized, field, value)
    else:
        pk = _pk_by_natural_key(target, serialized) if has_natural_key(model) else None
    if pk is None and not has_natural_key(model):
        raise no_identity(serialized, field)
    return rows.none() if pk is None else rows.filter(pk=pk)


def _pk_by_natural_key(target: Target, serialized: Serialized) -> Any:
    try:
        return deserialize(target, serialized, ignore_unknown_fields=True).pk
    except RecordError as error:
        if error.reason is Reason.MISSING_PARENT:
            return None  # what its key is made of is gone: so is the row
        raise


def natural_key_text(target: Target, serialized: Serialized) -> str:
    """Return the natural key of an object as text.

    Raises:
        RecordError: no_identity, because part of the key is missing or is not here.
    """
    try:
        # A savepoint: what fails here must not end the transaction that asks.
        with target.atomic():
            row = deserialize(target, serialized, ignore_unknown_fields=True)
            return natural_text(natural_keys.of(target, row.model, row.values))
    except Exception as error:  # natural_key() is the project's own code
        if is_of_the_database(error):
            raise
        raise RecordError(
            Reason.NO_IDENTITY,
            f"The natural key of this {serialized['model']} cannot be worked out: {error}",
        ) from error
