"""A serialized object to an unsaved instance, by Django's own deserializer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.serializers.base import (
    DeserializationError,
    DeserializedObject,
    M2MDeserializationError,
)
from django.core.serializers.python import Deserializer
from django.db import DatabaseError, InterfaceError
from django.db.models import JSONField, Model, Value

from tui_ingest.ingest.exact.parents import missing_parents
from tui_ingest.ingest.keys import python_value
from tui_ingest.ingest.model_fields import AnyField, ModelFields, Serialized, fields_of, primary_key
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Reason, RecordError
from tui_ingest.ingest.target import Target


def deserialize(
    target: Target, serialized: Serialized, *, ignore_unknown_fields: bool | None = None
) -> DeserializedObject:
    """Return an instance with the values of the record, and its many-to-many values.

    Args:
        ignore_unknown_fields: None: as the settings say.

    Raises:
        RecordError: unknown_field, bad_value, missing_parent (a natural key that nothing has).
        DatabaseError: a natural key could not be looked up.
    """
    model = find_model(serialized["model"])
    shape = fields_of(model)
    ignore = ignore_unknown_fields
    if ignore is None:
        ignore = target.settings.ignore_unknown_fields
    known: dict[str, Any] = {
        "model": serialized["model"],
        "fields": _known_fields(serialized, shape, ignore=ignore),
    }
    if serialized.get("pk") is not None:
        known["pk"] = converted(serialized, primary_key(model), serialized["pk"])
    deserialized = _run(target, known)
    _keep_json_null(deserialized.object, shape)
    return deserialized


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


def _known_fields(serialized: Serialized, shape: ModelFields, *, ignore: bool) -> dict[str, Any]:
    fields = serialized["fields"]
    if not ignore and (unknown := sorted(fields.keys() - shape.accepted)):
        raise _unknown_field(serialized, shape, unknown[0])
    return {name: value for name, value in fields.items() if name in shape.accepted}


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
    return RecordError(Reason.UNKNOWN_FIELD, error)


def _run(target: Target, known: dict[str, Any]) -> DeserializedObject:
    try:
        deserialized: DeserializedObject
        (deserialized,) = Deserializer([known], using=target.database)
    except DeserializationError as error:
        cause = _cause(error)
        if isinstance(cause, DatabaseError | InterfaceError):
            raise cause from cause.__cause__  # the driver's error, which has the code
        raise _explain(target, known, cause) from error
    return deserialized


def _cause(error: DeserializationError) -> BaseException:
    cause = error.__cause__ or error.__context__ or error
    return cause.original_exc if isinstance(cause, M2MDeserializationError) else cause


def _explain(target: Target, known: dict[str, Any], cause: BaseException) -> RecordError:
    """Find the field that Django's error does not name, by trying them one by one."""
    if isinstance(cause, ObjectDoesNotExist) and (missing := missing_parents(target, [known])):
        return missing[0].as_error()
    for name, value in known["fields"].items():
        try:
            list(Deserializer([{**known, "fields": {name: value}}], using=target.database))
        except DeserializationError:
            return _bad_value(known, name, value, cause)
        except Exception:  # noqa: S112  # the instance lacks its other fields
            continue
    return _bad_value(known, "pk", known.get("pk"), cause)


def _bad_value(serialized: Serialized, name: str, value: Any, cause: BaseException) -> RecordError:
    why = " ".join(cause.messages) if isinstance(cause, ValidationError) else str(cause)
    return RecordError(
        Reason.BAD_VALUE,
        f"{serialized['model']} {serialized.get('pk')}: the field {name} does not take"
        f" {_shortened(value)}. {why}",
    )


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def _keep_json_null(instance: Model, shape: ModelFields) -> None:
    """Write a JSON null where the column takes no SQL NULL: there the log means nothing else.

    In a nullable column the two look alike in the log, and Django reads both as None.
    """
    for name in shape.json_not_null:
        if getattr(instance, name) is None:
            setattr(instance, name, Value(None, JSONField()))
