"""The usual kinds of values, recognised and converted by a few calls over a whole column."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field

from tui_ingest.ingest.identity import are_uuid_texts

Values = Sequence[Any]
# Returns the column for the database, or None if any value is not of the usual kind.
Convert = Callable[[Values, set[type]], Values | None]
Prepared = tuple[Convert | None, Callable[[Any], bool]]

_DIGIT_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
# Times in UTC, every digit made a zero, and what has to stand in place of the 'Z' to have them as
# SQLite's rows do: '2023-10-27T10:00:00.971Z' becomes '2023-10-27 10:00:00.971000'.
_UTC_TIMES = {
    b"0000-00-00T00:00:00Z\n": "",
    b"0000-00-00T00:00:00.000Z\n": "000",
    b"0000-00-00T00:00:00.000000Z\n": "",
}


def _anything(_value: Any) -> bool:
    return True


def prepare_other(_field: Field[Any, Any], _connection: BaseDatabaseWrapper) -> Prepared:
    return None, _anything


def _prepare_text(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Prepared:
    is_sqlite = connection.vendor == "sqlite"  # where any length will do, and NUL
    is_bounded = not is_sqlite and field.get_internal_type() != "TextField"
    longest = getattr(field, "max_length", None) if is_bounded else None

    def is_writable(text: str) -> bool:
        return _is_encodable(text) and (is_sqlite or "\0" not in text)

    def fits(text: str) -> bool:
        return is_writable(text) and (longest is None or len(text) <= longest)

    def usual(values: Values, kinds: set[type]) -> Values | None:
        if kinds != {str} or not is_writable("".join(values)):
            return None
        return values if longest is None or max(map(len, values)) <= longest else None

    return usual, fits


def _is_encodable(text: str) -> bool:
    """Tell whether no half of a surrogate pair stands alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _prepare_integer(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Prepared:
    low, high = connection.ops.integer_field_range(field.get_internal_type())

    def fits(number: int) -> bool:
        return low <= number <= high

    def usual(values: Values, kinds: set[type]) -> Values | None:
        if kinds != {int} or min(values) < low or max(values) > high:
            return None
        return values

    return usual, fits


def _prepare_boolean(_field: Field[Any, Any], _connection: BaseDatabaseWrapper) -> Prepared:
    return _as_they_are(bool), _anything


def _prepare_float(_field: Field[Any, Any], _connection: BaseDatabaseWrapper) -> Prepared:
    return _as_they_are(float), _anything


def _as_they_are(kind: type) -> Convert:
    return lambda values, kinds: values if kinds == {kind} else None


def _prepare_uuid(_field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Prepared:
    is_native = connection.features.has_native_uuid_field

    def usual(values: Values, kinds: set[type]) -> Values | None:
        if kinds != {str}:
            return None
        if not are_uuid_texts(values):
            return None
        return values if is_native else "\n".join(values).replace("-", "").split("\n")

    return usual, _anything


def _prepare_datetime(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Prepared:
    if not settings.USE_TZ or connection.timezone is not datetime.UTC:
        return prepare_other(field, connection)
    is_native = connection.vendor != "sqlite"

    def usual(values: Values, kinds: set[type]) -> Values | None:
        if kinds != {str}:
            return None
        lines = "\n".join(values) + "\n"
        # With every digit made a zero, each time is the first one repeated.
        zeros = lines.encode("ascii", "replace").translate(_DIGIT_TO_ZERO)
        first = zeros[: zeros.index(b"\n") + 1]
        if first not in _UTC_TIMES or zeros != first * len(values) or not _are_times(values):
            return None
        return values if is_native else _sqlite_times(lines, _UTC_TIMES[first])

    return usual, _anything


def _are_times(values: Values) -> bool:
    """There is no 30 February."""
    try:
        return all(map(datetime.datetime.fromisoformat, values))
    except ValueError:
        return False


def _sqlite_times(lines: str, end: str) -> Values:
    """Return the times as Python writes them: with microseconds, unless there are none."""
    texts = lines.replace("T", " ").replace("Z", end).replace(".000000", "")
    return texts.split("\n")[:-1]


_TEXTS = (
    models.CharField,
    models.EmailField,
    models.SlugField,
    models.TextField,
    models.URLField,
)
INTEGERS = (
    models.AutoField,
    models.BigAutoField,
    models.BigIntegerField,
    models.IntegerField,
    models.PositiveBigIntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.SmallAutoField,
    models.SmallIntegerField,
)
PREPARED: dict[type, Callable[[Field[Any, Any], BaseDatabaseWrapper], Prepared]] = {
    **dict.fromkeys(_TEXTS, _prepare_text),
    **dict.fromkeys(INTEGERS, _prepare_integer),
    models.BooleanField: _prepare_boolean,
    models.DateTimeField: _prepare_datetime,
    models.FloatField: _prepare_float,
    models.UUIDField: _prepare_uuid,
}
KEYS = {*_TEXTS, *INTEGERS, models.UUIDField}
