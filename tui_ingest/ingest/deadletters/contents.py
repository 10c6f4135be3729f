"""The record inside a dead letter, read again from its bytes."""

from __future__ import annotations

from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.reasons import RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DeadLetterRow
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import MalformedReason, Record
from tui_ingest.words.record_text import entry_of

# Of these only a part is kept, or only a part was ever written.
FRAGMENTS = frozenset({MalformedReason.TORN, MalformedReason.GLUED, MalformedReason.TOO_LONG})


def effective_bytes(letter: DeadLetter) -> bytes:
    """Return what a retry applies: the operator's version if there is one."""
    return bytes(letter.raw if letter.edited is None else letter.edited)


def effective_entry(letter: DeadLetter) -> Entry:
    """Return what a retry applies, parsed."""
    return entry_of(effective_bytes(letter), letter.location)


def original_entry(letter: DeadLetter) -> Entry:
    """Return what stood in the log, parsed."""
    return entry_of(bytes(letter.raw), letter.location)


def without_superseded(target: Target, letter: DeadLetter, record: Record) -> Record:
    """Return the record without the objects whose rows got newer data meanwhile."""
    rows = target.rows(DeadLetterRow).filter(dead_letter=letter, superseded=True)
    newer = {RowKey(row.model, row.key) for row in rows}
    if not newer:
        return record
    keys = row_keys(target, record.objects)
    kept = [item for index, item in enumerate(record.objects) if keys.get(index) not in newer]
    return record._replace(objects=kept)
