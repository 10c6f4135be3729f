"""Values as a database takes them, a whole column at a time.

What Django's deserializer and raw save would make of a value, without a model instance:
`to_python`, then `get_db_prep_save`. The usual kinds of values are recognised and converted by a
few calls over the column (0.1 µs for a UUID instead of 1 µs); all others by Django one by one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey

from tui_ingest.ingest.fast.kinds import (
    INTEGERS,
    KEYS,
    PREPARED,
    Convert,
    Values,
    prepare_other,
)
from tui_ingest.ingest.model_fields import value_of
from tui_ingest.ingest.reasons import forget_frames

NONE = type(None)
FEW = 8  # values that are looked at one by one, if there is an unusual one among them


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
    # Puts keys in place of natural keys, as far as there are such rows; None: it takes none.
    by_name: Callable[[Values], Values] | None = None

    def named(self, values: Values) -> Values:
        """Return the values with keys in place of natural keys."""
        if self.by_name is None or list not in map(type, values):
            return values
        return self.by_name(values)

    def convert(self, values: Values) -> Values | None:
        """Return the column, as `named`, for the database; None if some value is not fit for the
        fast path.
        """
        converted = self._convert_usual(values)
        if converted is not None:
            return converted
        if self.usual is not None and len(values) > FEW:
            return self._convert_in_parts(values)
        try:
            return [self.convert_one(value) for value in values]
        except Exception as error:  # custom fields raise anything; `is_hopeless` looks again
            forget_frames(error)
            return None

    def _convert_usual(self, values: Values) -> Values | None:
        """Return the column for the database; None if some value is not of the usual kind."""
        if self.usual is None:
            return None
        kinds = {*map(type, values)}
        if NONE not in kinds or not self.field.null:
            return self.usual(values, kinds)
        present = [value for value in values if value is not None]
        converted = self.usual(present, kinds - {NONE}) if present else ()
        if converted is None:
            return None
        rest = iter(converted)
        return [None if value is None else next(rest) for value in values]

    def _convert_in_parts(self, values: Values) -> Values | None:
        """A single unusual value should not send the whole column the long way."""
        middle = len(values) // 2
        first = self.convert(values[:middle])
        second = self.convert(values[middle:]) if first is not None else None
        return None if first is None or second is None else [*first, *second]

    def unfit(self, values: Values) -> set[int]:
        """Return the places of the values that the fast path cannot write."""
        if self._convert_usual(values) is not None:
            return set()
        if self.usual is None or len(values) <= FEW:
            return {place for place, value in enumerate(values) if not self._is_fit(value)}
        middle = len(values) // 2
        others = self.unfit(values[middle:])
        return self.unfit(values[:middle]) | {middle + place for place in others}

    def convert_one(self, value: Any) -> Any:
        """Return one value for the database.

        Raises:
            Exception: it cannot be written, or only the exact path knows how.
        """
        if self.by_name is not None and isinstance(value, list):
            raise UnfitError(f"{self.name} names a row that was not found.")
        prepared = self.field.get_db_prep_save(value_of(self.target, value), self.connection)
        if prepared is None and not self.field.null:
            raise UnfitError(f"{self.name} takes no null.")
        if prepared is not None and not self.fits(prepared):
            raise UnfitError(f"{self.name} does not take {value!r}.")
        return spelled(prepared)

    def _is_fit(self, value: Any) -> bool:
        """Tell whether the fast path can write this value."""
        try:
            self.convert_one(value)
        except Exception as error:  # as `convert`
            forget_frames(error)
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


def prepare(
    field: Field[Any, Any],
    connection: BaseDatabaseWrapper,
    by_name: Callable[[Values], Values] | None = None,
) -> Column:
    """Return the column of a concrete field."""
    target = _target(field)
    make = PREPARED.get(type(target), prepare_other)
    usual, fits = make(target, connection)
    return Column(
        field=field,
        name=field.name,
        quoted=quoted_column(field, connection),
        target=target,
        fits=fits,
        usual=usual,
        connection=connection,
        by_name=by_name,
    )


def _target(field: Field[Any, Any]) -> Field[Any, Any]:
    """Return the field whose values a column has: another one for a foreign key."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def array_type(field: Field[Any, Any]) -> str:
    """Return the type of PostgreSQL's arrays of such keys; "" for what is no usual key."""
    kind = type(_target(field))
    if kind in KEYS:
        return "uuid" if kind is models.UUIDField else "bigint" if kind in INTEGERS else "text"
    return ""


def quoted_column(field: Field[Any, Any], connection: BaseDatabaseWrapper) -> str:
    """Return the column of a concrete field for SQL."""
    return connection.ops.quote_name(str(field.column))


def quoted_names(columns: Iterable[Column]) -> str:
    """Return a list of columns for SQL."""
    return ", ".join(column.quoted for column in columns)


def is_checked_here(column: Column) -> bool:
    """Tell whether all that the database checks of a value is looked at before it is sent.

    NOT NULL, length and range are. A check of the field's own is only that of whole numbers.
    """
    return column.usual is not None or not column.field.db_check(column.connection)


def has_one_spelling(column: Column) -> bool:
    """Tell whether two values are the same row for the database only if they are equal here."""
    return type(column.target) in KEYS and not getattr(column.target, "db_collation", None)
