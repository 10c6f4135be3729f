"""How exact the times of a log are: Django's stock JSON encoder cuts them to milliseconds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tui_ingest.oplog.log import Log
from tui_ingest.oplog.records import Record

_RECORDS = 1_000  # from the oldest that is there
_BYTES = 8 * 2**20
_FEWEST = 10  # times with a fraction: of so many, one in six million logs has no microseconds
_TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d\.(\d+)(?:Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, kw_only=True)
class LogTimes:
    """What the first records of a log say of its writer."""

    records: int  # that were looked at
    times: int  # with a fraction of a second, among their values
    milliseconds_only: bool | None  # None: too few to tell


def times_of(log: Log) -> LogTimes:
    """Look at the first records of a log, which the caller closes.

    Raises:
        LogError: it cannot be read.
    """
    log.resume(None)
    batch = log.read(max_records=_RECORDS, max_bytes=_BYTES, final=True)
    records = [e for e in (batch.entries if batch else ()) if isinstance(e, Record)]
    digits = [*_digits(itertools.chain.from_iterable(record.objects for record in records))]
    cut = all(count <= 3 for count in digits) if len(digits) >= _FEWEST else None
    return LogTimes(records=len(records), times=len(digits), milliseconds_only=cut)


def _digits(objects: Iterable[Any]) -> Iterator[int]:
    for serialized in objects:
        for value in serialized["fields"].values():
            if isinstance(value, str) and (found := _TIME.fullmatch(value)):
                yield len(found[1])
