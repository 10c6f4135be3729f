"""Dead letters read: found, the record inside parsed again from its bytes, shown and exported."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from tui_ingest.errors import TuiIngestError
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.reasons import RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DeadLetterRow, ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import MalformedReason, Record
from tui_ingest.words.record_text import entry_of

# Of these only a part is kept, or only a part was ever written.
FRAGMENTS = frozenset({MalformedReason.TORN, MalformedReason.GLUED, MalformedReason.TOO_LONG})


class DeadLetterError(TuiIngestError):
    """There is no such dead letter, or it is past being changed. The message says which."""


class InvalidEditError(DeadLetterError):
    """The new bytes are not a record. The message says what is wrong with them."""


def get(target: Target, dead_letter_id: int) -> DeadLetter:
    """Return one dead letter.

    Raises:
        DeadLetterError: there is no such dead letter.
    """
    letters = target.rows(DeadLetter).select_related("file")
    try:
        return letters.get(pk=dead_letter_id)
    except (DeadLetter.DoesNotExist, OverflowError) as error:
        raise DeadLetterError(
            f"There is no dead letter {dead_letter_id} in the database '{target.database}'."
        ) from error


def search(
    target: Target,
    file: ProcessedFile | None = None,
    *,
    status: str | None = None,
    reason: str | None = None,
    model: str | None = None,
) -> QuerySet[DeadLetter]:
    """Return dead letters in log order, of all logs or of one.

    Args:
        model: label, in small letters.
    """
    wanted = {"file": file, "status": status, "reason": reason, "model": model}
    given = {name: value for name, value in wanted.items() if value is not None}
    letters = target.rows(DeadLetter).select_related("file")
    return letters.filter(**given).order_by("pk")


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


def as_dict(letter: DeadLetter) -> dict[str, Any]:
    """Return what `ingest_deadletters list --json` says about a dead letter."""
    return {
        "id": letter.pk,
        "file": letter.file.file_path,
        "generation": letter.generation,
        "position": letter.position,
        "length": letter.length,
        "time": _iso(letter.record_time),
        "operation": letter.operation,
        "model": letter.model,
        "pk": letter.pk_text,
        "reason": letter.reason,
        "error": letter.error,
        "waiting_for": [letter.waiting_for_model, letter.waiting_for_key]
        if letter.waiting_for_model
        else None,
        "line": bytes(letter.raw).decode(errors="backslashreplace"),
        "edited": None
        if letter.edited is None
        else effective_bytes(letter).decode(errors="backslashreplace"),
        "status": letter.status,
        "attempts": letter.attempts,
        "created": _iso(letter.created),
        "last_attempt": _iso(letter.last_attempt),
        "resolved": _iso(letter.resolved),
        "resolution": letter.resolution,
    }


def export(letters: Iterable[DeadLetter]) -> Iterator[str]:
    """Yield a line of JSON for each dead letter, without terminator, in ASCII.

    `raw` has the exact bytes of the line in base64; `line` may replace bytes that are not UTF-8.
    """
    for letter in letters:
        raw = base64.b64encode(bytes(letter.raw)).decode()
        yield json.dumps({**as_dict(letter), "traceback": letter.traceback, "raw": raw})


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
