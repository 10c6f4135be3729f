"""The record inside a dead letter, read again from its bytes."""

from __future__ import annotations

from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.reasons import RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DeadLetterRow
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import Malformed, MalformedReason, Record

# Of these only a part is kept, or only a part was ever written.
FRAGMENTS = frozenset({MalformedReason.TORN, MalformedReason.GLUED, MalformedReason.TOO_LONG})


def effective_bytes(letter: DeadLetter) -> bytes:
    """Return what a retry applies: the operator's version if there is one."""
    return bytes(letter.raw if letter.edited is None else letter.edited)


def effective_entry(letter: DeadLetter) -> Entry:
    """Return what a retry applies, parsed."""
    return parse(effective_bytes(letter), letter)


def original_entry(letter: DeadLetter) -> Entry:
    """Return what stood in the log, parsed."""
    return parse(bytes(letter.raw), letter)


def parse(raw: bytes, letter: DeadLetter) -> Entry:
    """Return the one record that bytes are, or why they are none."""
    entries = parse_line(raw, letter.location)
    broken = [entry for entry in entries if isinstance(entry, Malformed)]
    return broken[0] if broken else entries[0]


def without_superseded(target: Target, letter: DeadLetter, record: Record) -> Record:
    """Return the record without the objects whose rows got newer data meanwhile."""
    rows = target.rows(DeadLetterRow).filter(dead_letter=letter, superseded=True)
    newer = {RowKey(row.model, row.key) for row in rows}
    if not newer:
        return record
    keys = row_keys(target, record.objects)
    kept = [item for index, item in enumerate(record.objects) if keys.get(index) not in newer]
    return record._replace(objects=kept)
