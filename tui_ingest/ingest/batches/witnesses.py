"""The rows that were written last: if they are gone, tables were restored without the checkpoint.

A checkpoint that is ahead of the rows skips what came between, and no record would ever show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

from tui_ingest.ingest.batches.attempts import BatchResult
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.finding import find_rows
from tui_ingest.ingest.identity import identity_value
from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.reasons import RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.records import Operation, Record

MOST = 12  # rows to remember
# Rows that have to be gone, and half of them: one or two may have been deleted by hand, and some
# of the last records update rows that are older than any backup.
FEWEST = 3

Witness = Serialized  # with nothing but what identifies the row


def after(target: Target, known: Sequence[Witness], written: BatchResult) -> list[Witness]:
    """Return the last rows of a log once a batch is written, the latest one first."""
    witnesses: list[Witness] = []
    gone: list[Witness] = []
    for index in sorted(written.outcomes, reverse=True):
        if len(witnesses) >= MOST:
            break
        record = written.entries[index]
        is_skipped = Outcome.SKIPPED in written.outcomes[index].values()
        if is_skipped or not isinstance(record, Record):
            continue
        match record.operation:
            case Operation.SAVE:
                witnesses += _new(_rows(target, record), witnesses, gone)
            case Operation.DELETE:
                gone += _rows(target, record)
            case Operation.DIGEST:
                continue
            case unknown:
                assert_never(unknown)
    return (witnesses + _new(known, witnesses, gone))[:MOST]


def _new(rows: Iterable[Witness], *others: Sequence[Witness]) -> list[Witness]:
    """Return the rows of which nothing is known yet: what was written last is met first."""
    return [row for row in rows if not any(row in other for other in others)]


def _rows(target: Target, record: Record) -> list[Witness]:
    return [row for one in record.objects if (row := _witness(target, one))]


def missed(target: Target, file: ProcessedFile) -> str:
    """Say how many of the rows that were written last are not here any more; "" if few."""
    known = len(file.witnesses)
    gone = sum(not _is_here(target, witness) for witness in file.witnesses)
    if gone < max(FEWEST, known / 2):
        return ""
    return (
        f"{gone} of the {known} rows that were written last are not here any more. Were the"
        " project's tables restored, or emptied, without those of tui-ingest? Then what came after"
        " that backup is missing: restore both or neither, or apply the log again from before the"
        " backup (--from-time)."
    )


def _witness(target: Target, serialized: Serialized) -> Witness | None:
    """Return what identifies an object's row, if a JSON column of any database takes that."""
    _, field, label = target.identities.look_up(serialized["model"])
    value = identity_value(serialized, field)
    if not isinstance(value, str | int):
        return None
    if field.primary_key:
        return {"model": label, "pk": value}
    return {"model": label, "pk": None, "fields": {field.name: value}}


def _is_here(target: Target, witness: Witness) -> bool:
    try:
        return find_rows(target, witness).exists()
    except RecordError:  # its model is gone: then nothing is known of the row
        return True
