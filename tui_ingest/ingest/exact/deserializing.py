"""A serialized object to the values of a row, as Django's own deserializer reads them.

Without an instance of the model, whose code would be the project's own, and without its managers,
which may hide rows. What the columns take, the database judges; here it is said in the words of the
model which field it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, InterfaceError
from django.db.models import (
    CharField,
    CompositePrimaryKey,
    JSONField,
    ManyToManyRel,
    ManyToOneRel,
    Model,
    TextField,
    Value,
)
from django.db.models.expressions import DatabaseDefault

from tui_ingest.ingest.exact import natural_keys
from tui_ingest.ingest.exact.parents import missing_by_natural_key
from tui_ingest.ingest.identity import has_natural_key, python_value
from tui_ingest.ingest.model_fields import (
    AnyField,
    ModelFields,
    Serialized,
    concrete,
    fields_of,
    primary_key,
    value_of,
)
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Reason, RecordError
from tui_ingest.ingest.target import Target

_HALF = re.compile("[\ud800-\udfff]")  # no encoding has a surrogate without the other


@dataclass(kw_only=True)
class Row:
    """What a record says of a row, as Python has it."""

    model: type[Model]  # that the record names, perhaps a proxy
    # By `attname`: the fields that the record carries, the primary key (or its parts) among them.
    values: dict[str, Any]
    links: dict[AnyField, list[Any]] = field(default_factory=dict)  # many-to-many: keys of rows

    @property
    def pk(self) -> Any:
        """The primary key; None if the record does not say."""
        key = primary_key(self.model)
        if not isinstance(key, CompositePrimaryKey):
            return self.values.get(key.attname)
        parts = tuple(self.values.get(part.attname) for part in self.model._meta.pk_fields)
        return None if None in parts else parts

    @pk.setter
    def pk(self, value: Any) -> None:
        key = primary_key(self.model)
        if isinstance(key, CompositePrimaryKey):
            parts = (part.attname for part in self.model._meta.pk_fields)
            self.values.update(zip(parts, value, strict=True))
        else:
            self.values[key.attname] = value

    def value(self, field: AnyField) -> Any:
        """Return the value of a field, or its default; None for one that the database makes."""
        name = field.attname
        value = self.values[name] if name in self.values else field.get_default()
        return None if isinstance(value, DatabaseDefault) else value


def deserialize(
    target: Target, serialized: Serialized, *, ignore_unknown_fields: bool = False
) -> Row:
    """Return the values of a record's object. What it refers to by natural keys is looked up.

    Args:
        ignore_unknown_fields: whatever the settings say.

    Raises:
        RecordError: unknown_field, bad_value, missing_parent (a natural key that nothing has).
        DatabaseError: a natural key could not be looked up.
    """
    model, _, _ = target.identities.look_up(serialized["model"])
    shape = fields_of(model)
    ignore = ignore_unknown_fields or target.settings.ignore_unknown_fields
    row = Row(model=model, values={})
    if serialized.get("pk") is not None:
        row.pk = converted(serialized, primary_key(model), serialized["pk"])
    for name, value in _known_fields(serialized, shape, ignore=ignore).items():
        _take(target, serialized, row, model._meta.get_field(name), value)
    if row.pk is None and has_natural_key(model):
        row.pk = _pk_by_natural_key(target, serialized, row)
    return row


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
    for column in concrete(row.model)._meta.local_concrete_fields:
        is_carried = column.attname in row.values
        if column.generated or column.primary_key or not (is_carried or inserts):
            continue
        if why := _beyond(target, row, column):
            lacks = "" if is_carried else " The record does not carry it."
            label = f"{serialized['model']} {serialized.get('pk')}"
            sentence = f"{label}: {column.name} {why}.{lacks}"
            return RecordError(Reason.BAD_VALUE, sentence, fields=(column.name,))
    return None


def may_look_up(serialized: Serialized) -> bool:
    """Tell whether `deserialize` may ask the database: only for natural keys."""
    is_named = serialized.get("pk") is None and has_natural_key(find_model(serialized["model"]))
    return is_named or any(isinstance(value, list) for value in serialized["fields"].values())


def converted(serialized: Serialized, field: AnyField, value: Any) -> Any:
    """Return the value of an identifying field as Python has it.

    Raises:
        RecordError: bad_value.
    """
    try:
        return python_value(field, value)
    except Exception as error:
        name = "pk" if field.primary_key else field.name
        raise _bad_value(serialized, name, value, error) from error


def known_names(serialized: Serialized, shape: ModelFields) -> frozenset[str]:
    """Return the fields that the record carries and that a save would write."""
    return shape.columns.intersection(serialized["fields"])


def _known_fields(serialized: Serialized, shape: ModelFields, *, ignore: bool) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = serialized["fields"]
    if shape.generated.isdisjoint(fields) and shape.accepted.issuperset(fields):
        return fields  # as nearly always
    if not ignore and (unknown := sorted(fields.keys() - shape.accepted)):
        raise _unknown_field(serialized, shape, unknown[0])
    known = shape.accepted - shape.generated
    return {name: value for name, value in fields.items() if name in known}


def _unknown_field(serialized: Serialized, shape: ModelFields, name: str) -> RecordError:
    label = serialized["model"]
    if name in shape.inherited:
        error = (
            f"{label} inherits the field {name}: its value belongs into a record of the parent"
            " model, where the row has it."
        )
    else:
        error = (
            f"{label} has no field {name} here. Add the field and migrate, or set"
            " IGNORE_UNKNOWN_FIELDS to leave such fields out."
        )
    return RecordError(Reason.UNKNOWN_FIELD, error, fields=(name,))


def _take(target: Target, serialized: Serialized, row: Row, field: Any, value: Any) -> None:
    """Read one field into the row."""
    try:
        if isinstance(field.remote_field, ManyToManyRel):
            row.links[field] = list(_links(target, field, value))
        elif isinstance(field.remote_field, ManyToOneRel):
            row.values[field.attname] = _reference(target, field, value)
        else:
            row.values[field.attname] = _own_value(field, value)
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:  # custom fields raise anything
        missing = isinstance(error, ObjectDoesNotExist) and missing_by_natural_key(
            target, serialized, field, value
        )
        if missing:
            raise missing.as_error() from error
        raise _bad_value(serialized, field.name, value, error) from error


def _own_value(field: AnyField, value: Any) -> Any:
    """Return a value of the field, with a JSON null as one where the column takes no SQL NULL.

    There the log means nothing else. In a nullable column the two look alike in the log, and
    Django reads both as None.
    """
    found = value_of(field, value)
    if found is None and isinstance(field, JSONField) and not field.null:
        return Value(None, JSONField())
    return found


def _links(target: Target, field: Any, values: Iterable[Any]) -> Iterable[Any]:
    model = field.remote_field.model
    key = primary_key(model)
    for value in values:
        if natural_keys.is_one(model, value):
            yield natural_keys.look_up(target, model, value).pk
        else:
            yield value_of(key, value)


def _reference(target: Target, field: AnyField, value: Any) -> Any:
    if value is None:
        return None
    relation: Any = field.remote_field
    model, name = relation.model, relation.field_name
    if not natural_keys.is_one(model, value):
        return value_of(model._meta.get_field(name), value)
    found = getattr(natural_keys.look_up(target, model, value), name)
    # Where that field is itself a foreign key: the row's value of it.
    return found.pk if isinstance(found, Model) else found


def _pk_by_natural_key(target: Target, serialized: Serialized, row: Row) -> Any:
    """Return the key of the row that has the same natural key; None if there is none."""
    try:
        key = natural_keys.of(target, row.model, row.values)
        return natural_keys.look_up(target, row.model, key).pk
    except ObjectDoesNotExist:
        return None
    except (DatabaseError, InterfaceError):
        raise
    except Exception as error:  # natural_key() is the project's own code
        raise _bad_value(serialized, "pk", None, error) from error


def _bad_value(serialized: Serialized, name: str, value: Any, cause: BaseException) -> RecordError:
    why = " ".join(cause.messages) if isinstance(cause, ValidationError) else str(cause)
    return RecordError(
        Reason.BAD_VALUE,
        f"{serialized['model']} {serialized.get('pk')}: the field {name} does not take"
        f" {shortened(repr(value), 200)}. {why}",
        fields=(name,),
    )


def shortened(text: str, most: int) -> str:
    """Return a text of some characters at the most, and say so if it had more."""
    return text if len(text) <= most else text[:most] + "…"


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
