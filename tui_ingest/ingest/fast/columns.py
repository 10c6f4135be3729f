"""Values as a database takes them, a whole column at a time.

What Django's deserializer and raw save would make of a value, without a model instance:
`to_python`, then `get_db_prep_save`. The usual kinds of values are recognised and converted by a
few calls over the column (0.1 µs for a UUID instead of 1 µs); all others by Django one by one.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey

Values = Sequence[Any]
# Returns the column for the database, or None if any value is not of the usual kind.
Convert = Callable[[Values, set[type]], Values | None]

NONE = type(None)
FEW = 64  # values that are looked at one by one, if there is an unusual one among them
_UUID_LENGTH = 37  # with the newline behind it
_UUID_ZEROS = b"00000000-0000-0000-0000-000000000000\n"
_HEX_TO_ZERO = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_DIGIT_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
# Times in UTC, every digit made a zero, and what has to stand in place of the 'Z' to have them as
# SQLite's rows do: '2023-10-27T10:00:00.971Z' becomes '2023-10-27 10:00:00.971000'.
_UTC_TIMES = {
    b"0000-00-00T00:00:00Z\n": "",
    b"0000-00-00T00:00:00.000Z\n": "000",
    b"0000-00-00T00:00:00.000000Z\n": "",
}


class UnfitError(Exception):
    """The column would refuse this value: for the exact path to say so."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One field of a table, prepared for one database."""

    field: Field[Any, Any]
    name: str  # in the log
    quoted: str  # in SQL
    target: Field[Any, Any]  # whose values these are: another field only for a foreign key
    fits: Callable[[Any], bool]  # a converted value is in the column's range
    usual: Convert | None  # None: every value takes the long way
    connection: BaseDatabaseWrapper

    def convert(self, values: Values) -> Values | None:
        """Return the column for the database; None if some value is not fit for the fast path."""
        kinds = {*map(type, values)}
        if self.usual is not None:
            if NONE in kinds and self.field.null:
                return self._convert_around_nulls(values)
            converted = self.usual(values, kinds)
            if converted is not None:
                return converted
            if len(values) > FEW:
                return self._convert_in_parts(values)
        try:
            return [self.convert_one(value) for value in values]
        except Exception:  # custom fields raise anything; `is_hopeless` looks again
            return None

    def _convert_in_parts(self, values: Values) -> Values | None:
        """A single unusual value should not send the whole column the long way."""
        middle = len(values) // 2
        first = self.convert(values[:middle])
        second = self.convert(values[middle:]) if first is not None else None
        return None if first is None or second is None else [*first, *second]

    def unfit(self, values: Values) -> set[int]:
        """Return the places of the values that the fast path cannot write."""
        return {
            place
            for start in range(0, len(values), FEW)
            if self.convert(part := values[start : start + FEW]) is None
            for place, value in enumerate(part, start)
            if not self._is_fit(value)
        }

    def _convert_around_nulls(self, values: Values) -> Values | None:
        present = self.convert([value for value in values if value is not None])
        if present is None:
            return None
        rest = iter(present)
        return [None if value is None else next(rest) for value in values]

    def convert_one(self, value: Any) -> Any:
        """Return one value for the database.

        Raises:
            Exception: it cannot be written, or only the exact path knows how.
        """
        prepared = self.field.get_db_prep_save(self.target.to_python(value), self.connection)
        if prepared is None and not self.field.null:
            raise UnfitError(f"{self.name} takes no null.")
        if prepared is not None and not self.fits(prepared):
            raise UnfitError(f"{self.name} does not take {value!r}.")
        return spelled(prepared)

    def _is_fit(self, value: Any) -> bool:
        """Tell whether the fast path can write this value."""
        try:
            self.convert_one(value)
        except Exception:  # as `convert`
            return False
        return True

    def is_hopeless(self, value: Any) -> bool:
        """Tell of an unfit value whether the exact path refuses it whatever the tables contain."""
        if value is None:  # a new pk is drawn instead, and null may mean a JSON null
            return not self.field.primary_key and not isinstance(self.field, models.JSONField)
        # A list may be a natural key.
        return not (isinstance(self.field, ForeignKey) and isinstance(value, list | tuple))


def spelled(value: Any) -> Any:
    """Return a value of the database as it is compared here: a UUID as text."""
    return str(value) if isinstance(value, uuid.UUID) else value


def prepare(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Column:
    """Return the column of a concrete field."""
    target = _target(field)
    make = _PREPARED.get(type(target), _prepare_other)
    usual, fits = make(target, connection)
    return Column(
        field=field,
        name=field.name,
        quoted=quoted_column(field, connection),
        target=target,
        fits=fits,
        usual=usual,
        connection=connection,
    )


def _target(field: Field[Any, Any]) -> Field[Any, Any]:
    """Return the field whose values a column has: another one for a foreign key."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def array_type(field: Field[Any, Any]) -> str:
    """Return the type of PostgreSQL's arrays of such keys; "" for what is no usual key."""
    kind = type(_target(field))
    if kind in _KEYS:
        return "uuid" if kind is models.UUIDField else "bigint" if kind in _INTEGERS else "text"
    return ""


def quoted_column(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """Return the column of a concrete field for SQL."""
    return connection.ops.quote_name(str(field.column))


Prepared = tuple[Convert | None, Callable[[Any], bool]]


def _anything(_value: Any) -> bool:
    return True


def _prepare_other(_field: Field[Any, Any], _connection: BaseDatabaseWrapper) -> Prepared:
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
        lines = "\n".join(values) + "\n"
        # With every digit made a zero, a column of canonical UUIDs is one UUID repeated.
        zeros = lines.encode("ascii", "replace").translate(_HEX_TO_ZERO)
        if zeros != _UUID_ZEROS * len(values):
            return None
        return values if is_native else lines.replace("-", "").split("\n")[:-1]

    return usual, _anything


def _prepare_datetime(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> Prepared:
    if not settings.USE_TZ or connection.timezone is not datetime.UTC:
        return _prepare_other(field, connection)
    is_native = connection.vendor != "sqlite"

    def usual(values: Values, kinds: set[type]) -> Values | None:
        if kinds != {str}:
            return None
        lines = "\n".join(values) + "\n"
        # As with UUIDs: every time is the first one, but for its digits.
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
_INTEGERS = (
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
_PREPARED: dict[type, Callable[[Field[Any, Any], BaseDatabaseWrapper], Prepared]] = {
    **dict.fromkeys(_TEXTS, _prepare_text),
    **dict.fromkeys(_INTEGERS, _prepare_integer),
    models.BooleanField: _prepare_boolean,
    models.DateTimeField: _prepare_datetime,
    models.FloatField: _prepare_float,
    models.UUIDField: _prepare_uuid,
}
_KEYS = {*_TEXTS, *_INTEGERS, models.UUIDField}


def is_checked_here(column: Column) -> bool:
    """Tell whether all that the database checks of a value is looked at before it is sent.

    NOT NULL, length and range are. A check of the field's own is only that of whole numbers.
    """
    return column.usual is not None or not column.field.db_check(column.connection)


def has_one_spelling(column: Column) -> bool:
    """Tell whether two values are the same row for the database only if they are equal here."""
    return type(column.target) in _KEYS and not getattr(column.field, "db_collation", None)
