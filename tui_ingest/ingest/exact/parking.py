"""Room for a unique value: the row that has it, and is about to lose it, gives it up early.

Rows that exchange unique values cannot be written one after the other: whichever comes first finds
its value taken. So the row that has it is given a placeholder, a value that nobody has, until its
own record comes. Nothing is deleted: what refers to a row stays.
"""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Callable, Container, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, assert_never

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import ForeignKey, Model
from django.utils import timezone

from tui_ingest.ingest.exact.clashes import Clash, find_clashes
from tui_ingest.ingest.exact.deserializing import deserialize
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.model_fields import Serialized, concrete, referenced_fields
from tui_ingest.ingest.policy import Verdict
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Operation, Record

TRIES = 3  # values that are tried before a column is given up: one may be taken after all

_LONG_ENOUGH = 12  # characters that hold a random number nobody has
# For shorter ones, letters that no text has: the private ones of Unicode.
_PRIVATE = range(0xE000, 0xF8FF)
_LAST_YEARS = (datetime.date(9000, 1, 1).toordinal(), datetime.date(9999, 1, 1).toordinal())


class _Writer(NamedTuple):
    """The last of some records that writes a row."""

    entry: int  # its index
    operation: Operation
    serialized: Serialized


# By the record that has to write a row: why it must.
Debts = dict[int, Clash]


class Parking:
    """Knows which rows the records to come will write, and which of them have to."""

    def __init__(self, target: Target, entries: Sequence[Entry]) -> None:
        self._target = target
        self._entries = entries
        # By the record that is to write a row: whose try gave the row a placeholder, and why.
        self._owed: dict[int, dict[int, Clash]] = {}

    def make_room(self, index: int, is_to_come: Callable[[int], bool]) -> Debts:
        """Take the unique values of a record from the rows that have them.

        In the caller's savepoint, before the record is applied; the record itself may be what
        writes those rows.

        Args:
            is_to_come: tells whether a record, by its index, has yet to take effect.

        Returns:
            What is to be told to `owe` when the record has taken effect.

        Raises:
            NoRoomError: a row has one of the values and keeps it, or nobody knows which one.
        """
        record = self._entries[index]
        assert isinstance(record, Record)  # noqa: S101  # nothing else has been applied
        debts: Debts = {}
        clashes = [*find_clashes(self._target, record.objects)]
        for clash in clashes:
            writer = self._writers.get(clash.holder_key)
            if writer is None or not (writer.entry == index or is_to_come(writer.entry)):
                raise NoRoomError(clashes)
            self._park(clash, writer)
            debts[writer.entry] = clash
        if not clashes:
            raise NoRoomError(clashes)
        debts.pop(index, None)
        return debts

    def owe(self, index: int, debts: Debts) -> None:
        """Keep in mind that a record has taken effect at the expense of some to come."""
        for writer, clash in debts.items():
            self._owed.setdefault(writer, {})[index] = clash

    def pay(self, indexes: Container[int]) -> None:
        """Take note of records that have taken effect."""
        for writer in [*self._owed]:
            if writer in indexes:
                del self._owed[writer]

    def unpaid(self) -> dict[int, Failure]:
        """Return the records whose values were taken from rows that no record has written since,
        and why these fail.
        """
        return {
            index: clash.as_failure()
            for clashes in self._owed.values()
            for index, clash in clashes.items()
        }

    @cached_property
    def _writers(self) -> dict[RowKey, _Writer]:
        """Looked up at the first clash: most batches have none."""
        known: dict[RowKey, _Writer] = {}
        verdict = self._target.policy.verdict
        for index, entry in enumerate(self._entries):
            if isinstance(entry, Record) and entry.operation is not Operation.DIGEST:
                written = [o for o in entry.objects if verdict(o["model"]) is Verdict.ALLOWED]
                for place, key in row_keys(self._target, written).items():
                    known[key] = _Writer(index, entry.operation, written[place])
        return known

    def _park(self, clash: Clash, writer: _Writer) -> None:
        row = self._target.rows(type(clash.holder)).filter(pk=clash.holder.pk)
        for field in self._leaving(clash, writer):
            for value in placeholders(field, self._target.connection):
                try:
                    with self._target.atomic():
                        row.update(**{field.name: value})
                except Exception:  # noqa: S112  # it is taken, or the column does not take it
                    continue
                return
        raise NoRoomError([clash])

    def _leaving(self, clash: Clash, writer: _Writer) -> Iterator[Any]:
        """Yield the fields of the clash that the row will not keep, those that take NULL first."""
        model = concrete(type(clash.holder))
        keys = {*model._meta.pk_fields, self._target.identities.field(model)}
        fields: list[Any] = [model._meta.get_field(name) for name in clash.unique.names]
        free = [f for f in fields if f not in keys and not f.generated]
        match writer.operation:
            case Operation.SAVE:
                free = [f for f in free if self._changes(clash.holder, writer.serialized, f)]
            case Operation.DELETE:
                # What goes with the row is found by this value.
                free = [f for f in free if f not in referenced_fields(model)]
            case Operation.DIGEST:
                free = []
            case unknown:
                assert_never(unknown)
        yield from sorted(free, key=lambda f: not f.null)

    def _changes(self, holder: Model, serialized: Serialized, field: Any) -> bool:
        if field.name not in serialized["fields"]:
            return False
        lone = {**serialized, "fields": {field.name: serialized["fields"][field.name]}}
        try:
            comes = deserialize(self._target, lone, ignore_unknown_fields=True)
        except Exception:  # a record that will fail frees nothing
            return False
        return bool(comes.value(field) != getattr(holder, field.attname))


class NoRoomError(Exception):
    """A unique value is taken, and stays so."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(f"{len(clashes)} rows have such values.")
        self.clashes = clashes

    def as_error(self) -> RecordError | None:
        """Return which rows have the values; None if that is not known."""
        if not self.clashes:
            return None
        keys = dict.fromkeys(clash.holder_key for clash in self.clashes)
        return RecordError(Reason.UNIQUE_CLASH, self.clashes[0].sentence(), needs=tuple(keys))


def placeholders(field: Any, connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """Yield values for a column of a row, as Python has them; none for a kind that has too few.

    Nothing promises that no row has one of them: the database is asked by writing it.
    """
    if field.null:
        yield None  # distinct from every other, in most rules
    while isinstance(field, ForeignKey):
        field = field.target_field
    kind = field.get_internal_type()
    make = _integer if kind in connection.ops.integer_field_ranges else _MAKERS.get(kind)
    if make is not None:
        for _ in range(TRIES):
            yield make(field, connection)


def _text(field: Any, _: BaseDatabaseWrapper) -> str:
    length = field.max_length or _LONG_ENOUGH
    if length >= _LONG_ENOUGH:
        return uuid.uuid4().hex[:length]
    return "".join(chr(random.choice(_PRIVATE)) for _ in range(length))  # noqa: S311


def _integer(field: Any, connection: BaseDatabaseWrapper) -> int:
    """Numbers are given from below: those at the top are free."""
    _, highest = connection.ops.integer_field_range(field.get_internal_type())
    return highest - random.randrange(highest // 4)  # noqa: S311


def _decimal(field: Any, _: BaseDatabaseWrapper) -> Decimal:
    digits = random.randrange(9 * 10 ** (field.max_digits - 1), 10**field.max_digits)  # noqa: S311
    return Decimal(digits).scaleb(-field.decimal_places)


def _date(*_: object) -> datetime.date:
    return datetime.date.fromordinal(random.randrange(*_LAST_YEARS))  # noqa: S311


def _time(*_: object) -> datetime.time:
    midnight = datetime.datetime(2000, 1, 1)  # noqa: DTZ001  # a time of day has no zone
    return (midnight + datetime.timedelta(microseconds=random.randrange(86_400 * 10**6))).time()  # noqa: S311


def _datetime(*_: object) -> datetime.datetime:
    moment = datetime.datetime.combine(_date(), _time())
    return timezone.make_aware(moment) if settings.USE_TZ else moment


def _duration(*_: object) -> datetime.timedelta:
    return datetime.timedelta(microseconds=random.randrange(10**14, 10**15))  # noqa: S311


def _address(*_: object) -> str:
    return ".".join(str(random.randrange(256)) for _ in range(4))  # noqa: S311


_MAKERS: dict[str, Callable[[Any, BaseDatabaseWrapper], Any]] = {
    **dict.fromkeys(("CharField", "TextField", "SlugField", "FileField", "FilePathField"), _text),
    "DecimalField": _decimal,
    "FloatField": lambda *_: random.uniform(1e30, 1e31),  # noqa: S311
    "UUIDField": lambda *_: uuid.uuid4(),
    "DateField": _date,
    "DateTimeField": _datetime,
    "TimeField": _time,
    "DurationField": _duration,
    "IPAddressField": _address,
    "GenericIPAddressField": _address,
    "BinaryField": lambda *_: uuid.uuid4().bytes,
}
