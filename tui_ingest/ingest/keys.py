"""Values that identify rows, as text that is the same however a log wrote them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db.models import CompositePrimaryKey, IntegerField, UUIDField

from tui_ingest.ingest.model_fields import AnyField, value_of
from tui_ingest.ingest.reasons import forget_frames

MAX_KEY = 255  # characters that `DeadLetterRow.key` holds

_UUID_ZEROS = b"00000000-0000-0000-0000-000000000000\n"
_HEX_TO_ZERO = bytes.maketrans(b"123456789abcdef", b"0" * 15)


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
