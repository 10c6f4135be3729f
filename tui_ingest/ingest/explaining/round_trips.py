"""Values that do not come back from a log as they were: of fields, and of times that are cut.

Django's serializers ask a field for text by `value_to_string`, and its deserializer reads that by
`to_python`: a field of the project's own that lacks one of them changes its values on the way, and
nothing at the target can tell. Its stock JSON encoder cuts times to milliseconds.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core import serializers
from django.db import Error
from django.db.models import Model
from django.db.models.base import ModelState

from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Log, LogError
from tui_ingest.oplog.records import Record

_ROWS = 20  # of the table, to be tried
_SHOWN = 80  # characters of a value
_RECORDS = 1_000  # from the oldest that is there
_BYTES = 8 * 2**20
_FEWEST = 10  # times with a fraction: of so many, one in six million logs has no microseconds
_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d\.(\d+)(?:Z|[+-]\d\d:\d\d)?")


def changed_fields(target: Target, model: type[Model]) -> dict[str, str]:
    """Return how values change, by field: tried with rows of the table and the field's default."""
    try:
        with target.atomic():
            rows = [*target.rows(model).order_by("pk")[:_ROWS]]
    except Error:
        rows = []  # a table that was not migrated yet
    except Exception as error:  # whatever a field of the project's own raises
        return {"(one of them)": f"no row can be read: {type(error).__name__}: {error}"}
    found = {}
    fields: tuple[Any, ...] = tuple(model._meta.local_concrete_fields)
    for field in fields:
        if field.remote_field is None and not field.generated and field.serialize:
            differences = (_difference(field, row) for row in _with_default(model, field, rows))
            if why := next(filter(None, differences), ""):
                found[field.name] = why
    return found


def _with_default(model: type[Model], field: Any, rows: list[Model]) -> list[Model]:
    """Return the rows, and one with the value that the field begins with."""
    if field.has_db_default() or field.primary_key:
        return rows
    made = model.__new__(model)
    made._state = ModelState()
    made.__dict__[field.attname] = field.get_default()
    return [*rows, made]


def _difference(field: Any, row: Model) -> str:
    value = row.__dict__.get(field.attname)
    if value is None:
        return ""
    try:
        # As Django's serializers hand it to an encoder.
        serializer: Any = serializers.get_serializer("python")()
        back = field.to_python(serializer._value_from_field(row, field))
        same = field.get_prep_value(back) == field.get_prep_value(value)
    except Exception as error:  # as above
        return f"{type(error).__name__}: {error}"
    return "" if same else f"{value!r:.{_SHOWN}} becomes {back!r:.{_SHOWN}}"


@dataclass(frozen=True, kw_only=True)
class LogTimes:
    """What the first records of a log say of its writer."""

    records: int  # that were looked at
    times: int  # with a fraction of a second, among their values
    milliseconds_only: bool | None  # None: too few to tell


def times_of(log: Log) -> LogTimes:
    """Look at the first records of a log, which the caller closes.

    Raises:
        LogError: it cannot be read, or is not there.
    """
    log.resume(None)
    batch = log.read(max_records=_RECORDS, max_bytes=_BYTES, final=True)
    if batch is None and not log.backlog().exists:
        raise LogError(f"{log.path} does not exist. Check the path of the log.")
    records = [e for e in (batch.entries if batch else ()) if isinstance(e, Record)]
    digits = [*_digits(itertools.chain.from_iterable(record.objects for record in records))]
    cut = all(count <= 3 for count in digits) if len(digits) >= _FEWEST else None
    return LogTimes(records=len(records), times=len(digits), milliseconds_only=cut)


def _digits(objects: Iterable[Any]) -> Iterator[int]:
    for serialized in objects:
        for value in serialized["fields"].values():
            if isinstance(value, str) and (found := _TIME.fullmatch(value)):
                yield len(found[1])
