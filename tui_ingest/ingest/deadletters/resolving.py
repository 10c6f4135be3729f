"""What became of a dead letter: resolved, or open as before with what is wrong with it now."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import F

from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.deadletters.contents import FRAGMENTS, effective_entry, original_entry
from tui_ingest.ingest.deadletters.keeping import describe_failure, forget_keys, write_keys
from tui_ingest.ingest.deadletters.listing import get
from tui_ingest.ingest.events import Counts, DeadLetterResolved, Outcome
from tui_ingest.ingest.reasons import Failure
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target, chunks
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import DeadLetter, LogEvent, ProcessedFile
from tui_ingest.oplog.records import Record
from tui_ingest.recorder import suspended


@dataclass(frozen=True, kw_only=True)
class Retry:
    """What became of a dead letter that was retried."""

    dead_letter: int  # id
    status: str  # DeadLetter.Status; open if it failed again or could not be tried
    error: str = ""  # why it is not applied
    counts: Mapping[str, Counts] = field(default_factory=dict)  # how the totals moved, by label
    superseded: tuple[int, ...] = ()  # ids of older ones of the same rows, which this one closed
    waiting: tuple[int, ...] = ()  # ids of those that waited for a row which this one changed

    @property
    def applied(self) -> bool:
        return self.status == DeadLetter.Status.APPLIED

    def as_event(self) -> DeadLetterResolved:
        """Return what to tell of one that is not open any more."""
        return DeadLetterResolved(
            at=time.time(),
            dead_letter=self.dead_letter,
            status=self.status,
            counts=self.counts,
        )


@contextlib.contextmanager
def locked(target: Target, dead_letter_id: int) -> Iterator[DeadLetter]:
    """Give a dead letter as it is now, in a transaction that nobody else of its log is in.

    Raises:
        DeadLetterError: there is no such dead letter.
    """
    with locked_log(target, get(target, dead_letter_id).file):
        yield get(target, dead_letter_id)


@contextlib.contextmanager
def locked_log(target: Target, file: ProcessedFile) -> Iterator[None]:
    """Begin a transaction that nobody else of a log is in."""
    with (
        write_turn(target.connection),
        target.atomic(durable=True),
        suspended(target.database),
    ):
        checkpoints.lock(target, file)
        yield


def refusal_of(letter: DeadLetter) -> str:
    """Return why a dead letter cannot be retried; "" if it can."""
    if letter.status == DeadLetter.Status.SUPERSEDED:
        return (
            f"Dead letter {letter.pk} is superseded: applying it would overwrite newer data."
            f" {letter.resolution}"
        )
    if letter.status != DeadLetter.Status.OPEN:
        return f"Dead letter {letter.pk} is {letter.status} already."
    if letter.edited is None and letter.reason in FRAGMENTS:
        return (
            f"Dead letter {letter.pk} holds only a part of a line ({letter.reason}). Edit it into"
            " a complete record, or discard it."
        )
    return ""


def event_of(letter: DeadLetter, kind: EventKind, what: str) -> LogEvent:
    """Return what is to be kept among the events: what was done about a dead letter."""
    message = f"Dead letter {letter.pk} ({letter}): {what}"
    return LogEvent(file_id=letter.file_id, time=datetime.now(UTC), kind=kind, message=message)


def close_applied(
    target: Target,
    file: ProcessedFile,
    applied: Sequence[tuple[DeadLetter, Record, Mapping[str, Outcome]]],
) -> list[Retry]:
    """Resolve the dead letters of a log that took effect, together if they are several.

    Args:
        applied: in log order, each with the part of it that was applied and what became of that.
    """
    now = datetime.now(UTC)
    why = "Retried." if len(applied) == 1 else f"Retried, {len(applied)} records together."
    results, moved = [], dict[str, Counts]()
    for letter, record, outcomes in applied:
        counts = _moved(letter, record, outcomes)
        totals.merge(moved, counts)
        letter.status = DeadLetter.Status.APPLIED
        results.append(Retry(dead_letter=letter.pk, status=letter.status, counts=counts))
    totals.add(target, file, moved)
    for part in chunks(letter.pk for letter, _, _ in applied):
        target.rows(DeadLetter).filter(pk__in=part).update(
            status=DeadLetter.Status.APPLIED,
            resolved=now,
            resolution=why,
            attempts=F("attempts") + 1,
            last_attempt=now,
        )
    target.rows(LogEvent).bulk_create(
        event_of(letter, EventKind.DEAD_LETTER_RETRIED, why) for letter, _, _ in applied
    )
    return results


def _moved(
    letter: DeadLetter, applied: Record, outcomes: Mapping[str, Outcome]
) -> dict[str, Counts]:
    """Return how the totals change: what was counted as failed turns into what it is now."""
    entry = effective_entry(letter)
    failed = totals.failed_labels_of(original_entry(letter))
    still_failed = totals.labels_of(entry) - totals.labels_of(applied)  # for ever: superseded
    counts = {label: Counts(failed=-1) for label in failed - still_failed}
    totals.merge(counts, totals.tally(outcomes.items()))
    return counts


def stay_open(target: Target, letter: DeadLetter, failure: Failure) -> Retry:
    """Put down that a dead letter failed again, and why."""
    describe_failure(letter, failure)
    letter.attempts += 1
    letter.last_attempt = datetime.now(UTC)
    letter.save(using=target.database)
    entry = effective_entry(letter)
    if failure.needs and isinstance(entry, Record):
        write_keys(target, letter, entry, failure.needs)
    else:
        forget_keys(target, letter)
    return Retry(dead_letter=letter.pk, status=letter.status, error=failure.error)
