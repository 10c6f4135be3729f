"""What the columns of a row take, as far as its model says: something at all, and how much of it.

The database judges; here it is said in the words of the model which field it means.
"""

from __future__ import annotations

import re

from django.db.models import CharField, TextField

from tui_ingest.ingest.exact.deserializing import Row, deserialize
from tui_ingest.ingest.model_fields import AnyField, Serialized, concrete
from tui_ingest.ingest.reasons import Reason, RecordError
from tui_ingest.ingest.target import Target

_HALF = re.compile("[\ud800-\udfff]")  # no encoding has a surrogate without the other


def beyond_limits(
    target: Target, serialized: Serialized, *, inserts: bool = True
) -> RecordError | None:
    """Return what a column of an object's row does not take; None if nothing is known of that.

    Args:
        inserts: the row is new, so that fields which the record lacks get their defaults.

    Raises:
        RecordError: it cannot be read as values of its model.
    """
    row = deserialize(target, serialized, ignore_unknown_fields=True)
    for field in concrete(row.model)._meta.local_concrete_fields:
        is_carried = field.attname in row.values
        if field.generated or field.primary_key or not (is_carried or inserts):
            continue
        if why := _beyond(target, row, field):
            lacks = "" if is_carried else " The record does not carry it."
            label = f"{serialized['model']} {serialized.get('pk')}"
            sentence = f"{label}: {field.name} {why}.{lacks}"
            return RecordError(Reason.BAD_VALUE, sentence, fields=(field.name,))
    return None


def _beyond(target: Target, row: Row, field: AnyField) -> str:
    value = row.values.get(field.attname, field.get_default())
    if value is None and not field.null:
        return "is empty; it must have a value"
    if not isinstance(value, str) or not isinstance(field, CharField | TextField):
        return ""
    if half := _HALF.search(value):
        return f"has {half[0]!a}, which is half of a character"
    vendor = target.connection.vendor
    if "\0" in value and vendor == "postgresql":
        return "has a NUL character, which PostgreSQL has in no text"
    most = field.max_length if isinstance(field, CharField) else None
    if most is not None and len(value) > most and vendor != "sqlite":  # which takes any length
        return f"has {len(value):,} characters; it may have {most:,}"
    return ""
