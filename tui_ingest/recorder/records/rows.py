"""Rows: what triggers noted of them, as Django's fields have it, and how they are now, serialized.

Many are read at a time, in the caller's transaction.
"""

from __future__ import annotations

import decimal
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from django.core import serializers
from django.db import connections
from django.db.models import DateTimeField, ManyToManyField, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Col
from django.utils.encoding import is_protected_type

from tui_ingest.digests.fields import is_numbered_anew, link_fields, links_of, natural_keys

Key: TypeAlias = tuple[Any, ...]  # of the key's columns, as parameters of a query: hashable
Serialized: TypeAlias = dict[str, Any]  # Django's serialized object: "model", "pk", "fields"
_CHUNK = 500  # parameters of one query that every database takes
_RAW = (str, int, float, decimal.Decimal)  # what JSON knows


class RowReader:
    """Reads rows of one database, in the caller's transaction, past every manager."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._names = cache(lambda model: natural_keys(model, database))  # read when needed
        self._read: dict[type[Model], dict[Key, Model | None]] = defaultdict(dict)

    def all(self, model: type[Model]) -> QuerySet[Model]:
        """Return all rows of a model's table."""
        return QuerySet(model=model, using=self._database)

    def by_key(self, model: type[Model], keys: Iterable[Sequence[Any]]) -> dict[Key, Model]:
        """Return the rows that there are, by what `comparable` makes of the keys asked for.

        A row is read once.
        """
        fields = model._meta.pk_fields
        asked = {comparable(fields, key): key for key in keys}
        known = self._read[model]
        new = {key: asked[key] for key in asked.keys() - known.keys()}
        known |= dict.fromkeys(new) | self._read_by_key(model, new)
        return {key: row for key in asked if (row := known[key]) is not None}

    def _read_by_key(
        self, model: type[Model], wanted: Mapping[Key, Sequence[Any]]
    ) -> dict[Key, Model]:
        found: dict[Key, Model] = {}
        strays = False
        pending = list(wanted)
        for start in range(0, len(pending), _CHUNK):
            asked = [_as_pk(wanted[key]) for key in pending[start : start + _CHUNK]]
            for row in self.all(model).filter(pk__in=asked).order_by():
                key = key_of(row)
                found[key] = row
                strays = strays or key not in wanted
        if strays:  # spelled otherwise, and the same to the database: it alone can tell
            for key in wanted.keys() - found.keys():
                other = self.all(model).filter(pk=_as_pk(wanted[key])).order_by().first()
                if other is not None:
                    found[key] = other
        return found

    def by_value(self, model: type[Model], name: str, values: Iterable[Any]) -> Iterator[Model]:
        """Yield the rows that have one of some values in a field."""
        wanted = list(values)
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            yield from self.all(model).filter(**{f"{name}__in": chunk}).order_by()

    def families(self, model: type[Model], rows: Sequence[Model]) -> list[list[Model]]:
        """Return each row and, before it, the rows of its multi-table parents."""
        families: list[list[Model]] = [[] for _ in rows]
        for parent, link in model._meta.parents.items():
            if link is None:  # a proxy has no row of its own
                continue
            keys = [[getattr(row, link.attname)] for row in rows]
            found = self.by_key(parent, keys)
            fields = parent._meta.pk_fields
            there = [found.get(comparable(fields, key)) for key in keys]
            known = [row for row in there if row is not None]
            above = iter(self.families(parent, known))
            for family, row in zip(families, there, strict=True):
                if row is not None:
                    family.extend(next(above))
        for family, row in zip(families, rows, strict=True):
            family.append(row)
        return families

    def serialized(self, rows: Sequence[Model]) -> list[Serialized]:
        """Return rows of any models as records have them, in the same order."""
        by_model: dict[type[Model], list[int]] = defaultdict(list)
        for index, row in enumerate(rows):
            by_model[type(row)].append(index)
        done: list[Serialized] = [{}] * len(rows)
        for model, indexes in by_model.items():
            some = [rows[index] for index in indexes]
            for index, data in zip(indexes, self._of_one_model(model, some), strict=True):
                done[index] = data
        return done

    def _of_one_model(self, model: type[Model], rows: Sequence[Model]) -> list[Serialized]:
        done = self._with_columns(model, rows, [field.name for field in model._meta.local_fields])
        for link in link_fields(model).values():
            linked = self.linked(link, rows)
            for data, row in zip(done, rows, strict=True):
                data["fields"][link.name] = linked.get(row.pk, [])
        return done

    def identified(
        self, model: type[Model], key: Sequence[Any], unique: Mapping[str, Any]
    ) -> Serialized:
        """Return a row that is gone: its key, and what else it was known by."""
        fields = {field.name: field for field in model._meta.local_concrete_fields}
        values = {fields[name].attname: value for name, value in unique.items()}
        return self._with_columns(model, [row_of_key(model, key, **values)], unique)[0]

    def _with_columns(
        self, model: type[Model], rows: Sequence[Model], names: Iterable[str]
    ) -> list[Serialized]:
        """Return rows with some columns; those that refer to what is numbered anew, by name."""
        done: list[Serialized] = serializers.serialize("python", rows, fields=frozenset(names))
        for field in model._meta.local_fields:
            if is_numbered_anew(field.related_model):
                for data, row in zip(done, rows, strict=True):
                    if field.name in data["fields"]:
                        key = getattr(row, field.attname)
                        data["fields"][field.name] = self._name(field.related_model, key)
        return done

    def linked(
        self, field: ManyToManyField[Any, Any], rows: Sequence[Model]
    ) -> dict[Any, list[Any]]:
        """Return the keys at the other end, read from the links: managers may hide rows."""
        near, far = field.m2m_field_name(), field.m2m_reverse_field_name()
        found: dict[Any, list[Any]] = defaultdict(list)
        for start in range(0, len(rows), _CHUNK):
            keys = [row.pk for row in rows[start : start + _CHUNK]]
            own = links_of(field, self._database).filter(**{f"{near}__in": keys}).order_by("pk")
            for key, other in own.values_list(near, far):
                if is_numbered_anew(field.related_model):
                    found[key].append(self._name(field.related_model, other))
                else:
                    found[key].append(other if is_protected_type(other) else str(other))
        return found

    def _name(self, model: Any, key: Any) -> Any:
        """Return a natural key; the number if there is no such row, or none is referred to."""
        return self._names(model).get(key, key)


def key_of(row: Model) -> Key:
    """Return a row's key, to be compared with others."""
    fields = type(row)._meta.pk_fields
    return comparable(fields, [getattr(row, field.attname) for field in fields])


def row_of_key(model: type[Model], key: Sequence[Any], **others: Any) -> Model:
    """Return a row of which only the key is known, and what else is given, by `attname`.

    Made past the model's `__init__`: there may be no such row, and what some keep there, to tell
    later what was changed, would be looked for in the database.
    """
    row = model.__new__(model)
    row._state = ModelState()
    values = {field.attname: value for field, value in zip(model._meta.pk_fields, key, strict=True)}
    for name, value in (values | others).items():
        setattr(row, name, value)
    return row


def _as_pk(key: Sequence[Any]) -> Any:
    return key[0] if len(key) == 1 else tuple(key)


# What a trigger noted: JSON of columns


def parsed_key(model: type[Model], text: str, database: str) -> list[Any]:
    """Return the values of a row's key, one for each field of the primary key."""
    raw = _decoder(database).decode(text)
    fields = model._meta.pk_fields
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
