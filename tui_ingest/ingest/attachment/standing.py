"""The record that a session elsewhere stands before."""

from __future__ import annotations

import time

from tui_ingest.ingest.events import StoppedOnError
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.log import Entry, Log, LogError, Position
from tui_ingest.oplog.records import Record, RecordLocation


def stopped_on(log: Log, position: Position, why: str) -> StoppedOnError:
    """Return what a session stands before, as far as the files show it; `log` stays where it was.

    Args:
        why: "Stopped on the record at position 396: bad_value: The field votes …"
    """
    entry = _next_entry(log, position)
    location = entry.location if entry else RecordLocation(position.generation, position.offset, 0)
    record = entry if isinstance(entry, Record) else None
    subject = next(iter(record.objects), None) if record else None
    reason, _, error = why.partition(": ")[2].partition(": ")
    return StoppedOnError(
        at=time.time(),
        location=location,
        operation=record.operation.value if record else "",
        model=label_of(subject) if subject else "",
        pk=str(subject.get("pk", "")) if subject else "",
        reason=reason,
        error=error,
        traceback="",
        raw=entry.raw if entry else b"",
    )


def _next_entry(log: Log, position: Position) -> Entry | None:
    try:
        log.resume(position)
        batch = log.read(max_records=1, max_bytes=1, final=True)
        log.resume(position)
    except LogError:
        return None
    return batch.entries[0] if batch and batch.entries else None
