"""What triggers note of a row, JSON of its columns, as Django's fields have it."""

from __future__ import annotations

import decimal
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from django.db import connections
from django.db.models import DateTimeField, Model
from django.db.models.expressions import Col

from tui_ingest.recorder.captures import key_fields

Key: TypeAlias = tuple[Any, ...]  # of the key's columns, as parameters of a query: hashable


def parsed_key(model: type[Model], text: str, database: str) -> list[Any]:
    """Return the values of a row's key, one for each field of the primary key."""
    raw = _decoder(database).decode(text)
    fields = key_fields(model)
    return [_converter(field, database)(value) for field, value in zip(fields, raw, strict=True)]


def parsed_unique(model: type[Model], text: str, database: str) -> dict[str, Any]:
    """Return the values of fields that a trigger noted, by name; fields that are gone left out."""
    raw: Mapping[str, Any] = _decoder(database).decode(text)
    fields = {field.name: field for field in model._meta.local_concrete_fields}
    return {
        name: _converter(fields[name], database)(value)
        for name, value in raw.items()
        if name in fields
    }


@cache
def _decoder(database: str) -> json.JSONDecoder:
    """Return what reads the JSON of a trigger; numbers with a fraction as a query gives them."""
    is_float = connections[database].vendor == "sqlite"
    return json.JSONDecoder(parse_float=float if is_float else decimal.Decimal)


def comparable(fields: Sequence[Any], values: Sequence[Any]) -> Key:
    """Return values of fields as a query would pass them: equal if they are equal there."""
    return tuple(
        value if type(value) is int else field.get_prep_value(value)
        for field, value in zip(fields, values, strict=True)
    )


@cache
def _converter(field: Any, database: str) -> Callable[[Any], Any]:
    """Return what makes a field's Python value of what the database's JSON function made of it."""
    target = field
    while target.remote_field is not None:
        target = target.target_field
    connection = connections[database]
    column = Col("t", target)
    converters = [
        *connection.ops.get_db_converters(column),
        *column.get_db_converters(connection),
    ]

    # Its driver would have made a time of the text before Django gives it a zone.
    is_text_of_time = connection.vendor == "mysql" and isinstance(target, DateTimeField)

    def convert(value: Any) -> Any:
        if type(value) is int and not converters:
            return value
        if is_text_of_time:
            value = target.to_python(value)
        for converter in converters:
            value = converter(value, column, connection)
        return target.to_python(value) if isinstance(value, _RAW) else value

    return convert


_RAW = (str, int, float, decimal.Decimal)  # what JSON knows
