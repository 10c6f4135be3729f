"""What became of a dead letter: resolved, or open as before with what is wrong with it now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.deadletters.contents import FRAGMENTS, effective_entry, original_entry
from tui_ingest.ingest.deadletters.keeping import describe_failure, forget_keys, write_keys
from tui_ingest.ingest.deadletters.listing import get
from tui_ingest.ingest.events import Counts, Outcome
from tui_ingest.ingest.reasons import Failure
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
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
    with target.atomic(durable=True), suspended(target.database):
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


def close(
    target: Target, letter: DeadLetter, status: DeadLetter.Status, resolution: str, kind: EventKind
) -> None:
    """Resolve a dead letter and keep among the events that it was done."""
    letter.status = status
    letter.resolved = datetime.now(UTC)
    letter.resolution = resolution
    if status == DeadLetter.Status.APPLIED:
        letter.attempts += 1
        letter.last_attempt = letter.resolved
    letter.save(using=target.database)
    note(target, letter, kind, f"Dead letter {letter.pk} ({letter}): {resolution}")


def note(target: Target, letter: DeadLetter, kind: EventKind, message: str) -> None:
    """Keep an event about a dead letter."""
    target.rows(LogEvent).create(
        file=letter.file, time=datetime.now(UTC), kind=kind, message=message
    )


def count_applied(
    target: Target, letter: DeadLetter, applied: Record, outcomes: Mapping[str, Outcome]
) -> dict[str, Counts]:
    """Move the totals: what was counted as failed turns into what it is now. Return how."""
    entry = effective_entry(letter)
    failed = totals.labels_of(original_entry(letter))
    still_failed = totals.labels_of(entry) - totals.labels_of(applied)  # for ever: superseded
    counts = {label: Counts(failed=-1) for label in failed - still_failed}
    totals.merge(counts, totals.tally(outcomes.items()))
    totals.add(target, letter.file, counts)
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
