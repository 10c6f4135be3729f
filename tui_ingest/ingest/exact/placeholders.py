"""Values that nobody has: what a row is given for the moment in which another takes its value."""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ForeignKey
from django.utils import timezone

TRIES = 3  # values that are tried before a column is given up: one may be taken after all

_LONG_ENOUGH = 12  # characters that hold a random number nobody has
# For shorter ones, letters that no text has: the private ones of Unicode.
_PRIVATE = range(0xE000, 0xF8FF)
_LAST_YEARS = (datetime.date(9000, 1, 1).toordinal(), datetime.date(9999, 1, 1).toordinal())


def placeholders(field: Any, connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """Yield values for a column of a row, as Python has them; none for a kind that has too few.

    Nothing promises that no row has one of them: the database is asked by writing it.
    """
    if field.null:
        yield None  # distinct from every other, in most rules
    while isinstance(field, ForeignKey):
        field = field.target_field
    make = _MAKERS.get(field.get_internal_type())
    if make is not None:
        for _ in range(TRIES):
            yield make(field, connection)


def _text(field: Any, _connection: BaseDatabaseWrapper) -> str:
    length = field.max_length or _LONG_ENOUGH
    if length >= _LONG_ENOUGH:
        return uuid.uuid4().hex[:length]
    return "".join(chr(random.choice(_PRIVATE)) for _ in range(length))  # noqa: S311


def _integer(field: Any, connection: BaseDatabaseWrapper) -> int:
    """Numbers are given from below: those at the top are free."""
    _, highest = connection.ops.integer_field_range(field.get_internal_type())
    return highest - random.randrange(highest // 4)  # noqa: S311


def _decimal(field: Any, _connection: BaseDatabaseWrapper) -> Decimal:
    digits = random.randrange(9 * 10 ** (field.max_digits - 1), 10**field.max_digits)  # noqa: S311
    return Decimal(digits).scaleb(-field.decimal_places)


def _float(_field: Any, _connection: BaseDatabaseWrapper) -> float:
    return random.uniform(1e30, 1e31)  # noqa: S311


def _uuid(_field: Any, _connection: BaseDatabaseWrapper) -> uuid.UUID:
    return uuid.uuid4()


def _date(_field: Any, _connection: BaseDatabaseWrapper) -> datetime.date:
    return datetime.date.fromordinal(random.randrange(*_LAST_YEARS))  # noqa: S311


def _datetime(field: Any, connection: BaseDatabaseWrapper) -> datetime.datetime:
    moment = datetime.datetime.combine(_date(field, connection), _time(field, connection))
    from django.conf import settings

    return timezone.make_aware(moment) if settings.USE_TZ else moment


def _time(_field: Any, _connection: BaseDatabaseWrapper) -> datetime.time:
    midnight = datetime.datetime(2000, 1, 1)  # noqa: DTZ001  # a time of day has no zone
    return (midnight + datetime.timedelta(microseconds=random.randrange(86_400 * 10**6))).time()  # noqa: S311


def _duration(_field: Any, _connection: BaseDatabaseWrapper) -> datetime.timedelta:
    return datetime.timedelta(microseconds=random.randrange(10**14, 10**15))  # noqa: S311


def _address(_field: Any, _connection: BaseDatabaseWrapper) -> str:
    return ".".join(str(random.randrange(256)) for _ in range(4))  # noqa: S311


def _bytes(_field: Any, _connection: BaseDatabaseWrapper) -> bytes:
    return uuid.uuid4().bytes


_Make = Callable[[Any, BaseDatabaseWrapper], Any]
_MAKERS: dict[str, _Make] = {
    **dict.fromkeys(("CharField", "TextField", "SlugField", "FileField", "FilePathField"), _text),
    **dict.fromkeys(
        (
            "IntegerField",
            "BigIntegerField",
            "SmallIntegerField",
            "PositiveIntegerField",
            "PositiveBigIntegerField",
            "PositiveSmallIntegerField",
            "AutoField",
            "BigAutoField",
            "SmallAutoField",
        ),
        _integer,
    ),
    models.DecimalField.__name__: _decimal,
    "FloatField": _float,
    "UUIDField": _uuid,
    "DateField": _date,
    "DateTimeField": _datetime,
    "TimeField": _time,
    "DurationField": _duration,
    "IPAddressField": _address,
    "GenericIPAddressField": _address,
    "BinaryField": _bytes,
}
