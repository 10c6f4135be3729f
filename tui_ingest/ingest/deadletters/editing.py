"""What an operator does to a dead letter by hand: put it right, or give it up."""

from __future__ import annotations

from datetime import UTC, datetime

from tui_ingest.ingest.deadletters.keeping import describe_record, write_rows
from tui_ingest.ingest.deadletters.listing import DeadLetterError, InvalidEditError
from tui_ingest.ingest.deadletters.resolving import event_of, locked
from tui_ingest.ingest.deadletters.waiting import judge_again
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Malformed
from tui_ingest.words.record_text import entry_of
from tui_ingest.words.terminal_safe import terminal_safe


def edit(target: Target, dead_letter_id: int, raw: bytes) -> None:
    """Put another line in place of the one that cannot be applied; `retry` then applies it.

    The original stays. Newer data of a row that only the edited line names cannot be protected:
    what the log did to that row since is not known.

    Args:
        raw: one line as it would stand in the log; its line terminator may be missing.

    Raises:
        InvalidEditError: this is not one record.
        DeadLetterError: there is no such dead letter, or it is not open.
    """
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    with locked(target, dead_letter_id) as letter:
        _require_open(letter)
        if b"\n" in line:
            raise InvalidEditError("A record is one line; this has more.")
        entry = entry_of(line, letter.location)
        if isinstance(entry, Malformed):
            raise InvalidEditError(f"This is not a record ({entry.reason}): {entry.error}")
        letter.edited = line
        describe_record(letter, entry)
        letter.save(using=target.database)
        write_rows(target, letter, entry)
        judge_again(target, [letter.pk])
        event_of(letter, EventKind.DEAD_LETTER_EDITED, "Edited.").save(using=target.database)


def discard(target: Target, dead_letter_id: int, *, why: str) -> None:
    """Give a dead letter up. It stays visible, with the reason given.

    Raises:
        DeadLetterError: no reason is given, or there is no such dead letter, or it is not open.
    """
    if not why.strip():
        raise DeadLetterError(
            f"Dead letter {dead_letter_id} is not discarded without a reason: say why."
        )
    with locked(target, dead_letter_id) as letter:
        _require_open(letter)
        letter.status = DeadLetter.Status.DISCARDED
        letter.resolved = datetime.now(UTC)
        letter.resolution = terminal_safe(why)
        letter.save(using=target.database)
        event = event_of(letter, EventKind.DEAD_LETTER_DISCARDED, letter.resolution)
        event.save(using=target.database)


def _require_open(letter: DeadLetter) -> None:
    if letter.status != DeadLetter.Status.OPEN:
        raise DeadLetterError(f"Dead letter {letter.pk} is {letter.status} already.")
