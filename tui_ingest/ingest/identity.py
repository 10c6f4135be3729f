"""Which local row a serialized object speaks of, and that as text, however a log wrote it.

By default the row with its primary key. Auto-incremented numbers of two sources collide, though:
where such a model has exactly one other unique, non-null UUID, that is the row's identity.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db.models import CompositePrimaryKey, IntegerField, Model, UUIDField

from tui_ingest.conf import Settings
from tui_ingest.digests.fields import default_identity, is_unique
from tui_ingest.ingest.model_fields import (
    AnyField,
    Serialized,
    concrete,
    incoming_keys,
    primary_key,
    value_of,
)
from tui_ingest.ingest.policy import REMEMBERED_LABELS, find_model
from tui_ingest.ingest.reasons import Reason, RecordError, forget_frames

MAX_KEY = 255  # characters that `DeadLetterRow.key` holds

_UUID_ZEROS = b"00000000-0000-0000-0000-000000000000\n"
_HEX_TO_ZERO = bytes.maketrans(b"123456789abcdef", b"0" * 15)


class Identities:
    """The identity of every model, by its own fields and the setting IDENTITY.

    Raises:
        ImproperlyConfigured: IDENTITY names a model or a field that cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._fields = dict(_configured(*item) for item in settings.identity.items())
        self._remembered = lru_cache(REMEMBERED_LABELS)(self._look_up)

    def field(self, model: type[Model]) -> AnyField:
        """Return the field whose value identifies a row of this model."""
        model = concrete(model)
        if model not in self._fields:
            self._fields[model] = default_identity(model)
        return self._fields[model]

    def look_up(self, label: str) -> tuple[type[Model], AnyField, str]:
        """Return the model of a label, its identity, and the label of the table's own model.

        Raises:
            RecordError: unknown_model.
        """
        return self._remembered(label)

    def _look_up(self, label: str) -> tuple[type[Model], AnyField, str]:
        model = find_model(label)
        return model, self.field(model), concrete(model)._meta.label_lower


def identity_value(serialized: Serialized, field: AnyField) -> Any:
    """Return the identifying value as logged; None if the object lacks it."""
    if field.primary_key:
        return serialized.get("pk")
    return serialized.get("fields", {}).get(field.name)


def no_identity(serialized: Serialized, field: AnyField) -> RecordError:
    """Return the error for an object that does not say which row it speaks of."""
    name = "pk" if field.primary_key else field.name
    return RecordError(
        Reason.NO_IDENTITY,
        f"This {serialized['model']} has no {name}, which is what identifies a row of that model.",
        fields=(name,),
    )


def has_natural_key(model: type[Model]) -> bool:
    """Tell whether Django's deserializer finds rows of this model without a pk."""
    return hasattr(model, "natural_key") and hasattr(model._default_manager, "get_by_natural_key")


def is_referenced_by_pk(model: type[Model]) -> bool:
    """Tell whether other rows of the log may refer to rows of this model by pk.

    Then a row must keep the pk it was logged with. That also makes the pks in a logged
    many-to-many list those of the local rows: the list refers to its targets by pk.

    A generic foreign key names no model: only `GenericRelation` tells that it leads here.
    """
    model = concrete(model)
    generic = (hasattr(f, "object_id_field_name") for f in model._meta.private_fields)
    return any(generic) or any(
        key.target_field.primary_key and not _is_own_side(key, model)
        for key in incoming_keys(model)
    )


def _is_own_side(key: AnyField, model: type[Model]) -> bool:
    """The near side of a many-to-many relation is written from the local row, not from a log."""
    through = key.model
    owner: object = through._meta.auto_created  # a model, though its stub says bool
    return owner is model and any(
        field.remote_field.through is through and field.m2m_field_name() == key.name
        for field in model._meta.local_many_to_many
    )


def _configured(label: str, name: str) -> tuple[type[Model], AnyField]:
    """Return one entry of the setting IDENTITY, checked."""
    setting = f"TUI_INGEST['IDENTITY']['{label}']"
    try:
        model = concrete(find_model(label))
        field = primary_key(model) if name == "pk" else model._meta.get_field(name)
    except (RecordError, FieldDoesNotExist) as error:
        raise ImproperlyConfigured(f"{setting}: {error}") from error
    if field not in (*model._meta.local_fields, primary_key(model)) or not is_unique(field):
        raise ImproperlyConfigured(f"{setting}: the field {name!r} is not unique in its table.")
    return model, field


# As text


def python_value(field: AnyField, value: Any) -> Any:
    """Convert a logged value as Django's deserializer does, each part of a composite key too.

    Raises:
        Exception: it is no value of this field (Django's own fields: ValidationError, TypeError,
            ValueError).
    """
    if not isinstance(field, CompositePrimaryKey):
        return value_of(field, value)
    parts: list[AnyField] = list(field)  # type: ignore[arg-type]
    if not isinstance(value, list | tuple) or len(value) != len(parts):
        raise ValueError(f"a composite key is a list of {len(parts)} values, not {value!r}")
    return tuple(value_of(part, item) for part, item in zip(parts, value, strict=True))


def key_text(field: AnyField, value: Any) -> str:
    """Return the value of an identifying field as text."""
    if _is_key_text(field, value):
        return str(value)
    try:
        converted = python_value(field, value)
    except Exception as error:  # custom fields raise anything; it can only be displayed
        forget_frames(error)
        converted = value
    if isinstance(converted, list | tuple):
        converted = json.dumps([str(part) for part in converted])
    return bounded(str(converted))


def _is_key_text(field: AnyField, value: Any) -> bool:
    """Tell whether a value is written as its text would be: nearly all are, and so save the time
    of being converted.
    """
    if type(value) is int:
        return isinstance(field, IntegerField) and abs(value) < 2**63
    return type(value) is str and isinstance(field, UUIDField) and are_uuid_texts([value])


def are_uuid_texts(values: Sequence[str]) -> bool:
    """Tell whether texts are UUIDs as a key has them: canonical ones."""
    lines = "\n".join(values) + "\n"
    # With every digit made a zero, such texts are one UUID repeated.
    zeros = lines.encode("ascii", "replace").translate(_HEX_TO_ZERO)
    return zeros == _UUID_ZEROS * len(values)


def reference_text(field: AnyField, value: Any) -> str:
    """Return how a row is named by what refers to it: `field=value`."""
    return bounded(f"{field.name}={key_text(field, value)}")


def natural_text(key: object) -> str:
    """Return a natural key as text, be it from a log or from `natural_key()`."""
    parts = key if isinstance(key, list | tuple) else [key]
    return bounded("natural=" + json.dumps([str(part) for part in parts]))


def bounded(key: str) -> str:
    """Return a key that fits its column; one that does not, as its digest."""
    if len(key) <= MAX_KEY and key.isprintable():
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
