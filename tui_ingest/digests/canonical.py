"""A value as JSON that is the same whatever database it came from.

The same number, moment or text becomes the same JSON. What two kinds of databases cannot hold
alike stays different, and `limits` names it.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, singledispatch
from typing import Any, TypeAlias

from django.db import connections
from django.db.models import DecimalField, Model
from django.utils import timezone

from tui_ingest.digests.fields import (
    AnyField,
    column_fields,
    final_field,
    is_numbered_anew,
    natural_keys,
)

Convert: TypeAlias = Callable[[Any], Any]  # a value of a model to what JSON holds

_SQLITE_DIGITS = 15  # of a decimal number, which SQLite keeps as a binary one
_ANY_PRECISION = decimal.Context(prec=1_000)
_AS_IT_IS = frozenset({int, str, bool})
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def text_of(values: object) -> bytes:
    """Return converted values as the bytes that are summed up."""
    return _encode(values).encode()


def limits(model: type[Model], database: str) -> Iterator[str]:
    """Yield what this database cannot hold as another one can, in words."""
    if connections[database].vendor != "sqlite":
        return
    for name, field in column_fields(model).items():
        if isinstance(field, DecimalField) and (field.max_digits or 0) > _SQLITE_DIGITS:
            yield f"SQLite keeps {_SQLITE_DIGITS} digits of {name}, which has {field.max_digits}."


class Canon:
    """Makes converters of fields, for the rows of one database.

    Args:
        naive: the source has no time zones, and its moments are compared as they stand there.
    """

    def __init__(self, database: str, *, naive: bool) -> None:
        self._naive = naive
        self._names = cache(lambda model: natural_keys(model, database))

    def converter(self, field: AnyField) -> Convert:
        """Return what converts the values of a field, or those by which it refers to a row."""
        related: Any = field.related_model
        if is_numbered_anew(related):
            return lambda key: self._names(related).get(key, key)
        final = final_field(field)
        # What such a field has read is its own already. As a text it might be taken for another:
        # of JSON in a text column, "a" would be read once more.
        is_read = hasattr(final, "from_db_value")

        def convert(value: Any) -> Any:
            if value is None:
                return None
            if not is_read:
                value = final.to_python(value)
            return value if type(value) in _AS_IT_IS else self._plain(value, final)

        return convert

    def _plain(self, value: Any, field: AnyField) -> Any:
        """Return a value of any type; of one that nobody knows here, what its field stores."""
        try:
            return _json(value, self._naive)
        except TypeError:
            stored = field.get_prep_value(value)
        try:
            return _json(stored, self._naive)
        except TypeError:
            return str(stored)


@singledispatch
def _json(value: object, _naive: bool) -> Any:
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


@_json.register
def _(value: int | str | None, _naive: bool) -> Any:
    return value


@_json.register
def _(value: float, _naive: bool) -> Any:
    return int(value) if value.is_integer() else value  # to JSON 5.0 and 5 are one number


@_json.register
def _(value: decimal.Decimal, _naive: bool) -> Any:
    if not value.is_finite():
        return str(value)
    shortest = value.normalize(_ANY_PRECISION)
    return "0" if shortest.is_zero() else format(shortest, "f")


@_json.register
def _(value: dt.datetime, naive: bool) -> Any:
    if timezone.is_naive(value):
        return value.isoformat()
    if naive:
        return timezone.make_naive(value, timezone.get_default_timezone()).isoformat()
    return value.astimezone(dt.UTC).isoformat()


@_json.register
def _(value: dt.date | dt.time, _naive: bool) -> Any:
    return value.isoformat()


@_json.register
def _(value: dt.timedelta, _naive: bool) -> Any:
    return value // dt.timedelta(microseconds=1)


@_json.register
def _(value: uuid.UUID, _naive: bool) -> Any:
    return str(value)


@_json.register
def _(value: bytes | bytearray | memoryview, _naive: bool) -> Any:
    return base64.b64encode(value).decode()


@_json.register(dict)
def _(value: Mapping[Any, Any], naive: bool) -> Any:
    return {str(key): _json(item, naive) for key, item in value.items()}


@_json.register(list)
@_json.register(tuple)
def _(value: Sequence[Any], naive: bool) -> Any:
    return [_json(item, naive) for item in value]
