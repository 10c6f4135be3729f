"""Applying dead letters after all, each in a transaction of its own."""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.deadletters.contents import (
    FRAGMENTS,
    effective_entry,
    original_entry,
    without_superseded,
)
from tui_ingest.ingest.deadletters.keeping import describe_failure
from tui_ingest.ingest.deadletters.listing import DeadLetterError, get
from tui_ingest.ingest.deadletters.superseding import refresh_rows, supersede_older
from tui_ingest.ingest.deadletters.waiting import waiting_for
from tui_ingest.ingest.events import Counts, Outcome
from tui_ingest.ingest.exact import sequences
from tui_ingest.ingest.exact.database_errors import is_of_the_database, is_statement_timeout
from tui_ingest.ingest.exact.failures import describe, explain
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.reasons import Failure, Reason, RecordError
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent
from tui_ingest.oplog.records import Malformed, Record
from tui_ingest.recorder import suspended


@dataclass(frozen=True, kw_only=True)
class Retry:
    """What became of a dead letter that was retried."""

    dead_letter: int  # id
    status: str  # DeadLetter.Status; open if it failed again or could not be tried
    error: str = ""  # why it is not applied
    counts: Mapping[str, Counts] = field(default_factory=dict)  # how the totals moved, by label
    superseded: tuple[int, ...] = ()  # ids of older ones of the same rows, which this one closed
    waiting: tuple[int, ...] = ()  # ids of those whose missing parent this one brought

    @property
    def applied(self) -> bool:
        return self.status == DeadLetter.Status.APPLIED


def retry(target: Target, dead_letter_id: int) -> Retry:
    """Apply a dead letter, in the operator's version if it was edited.

    One that is superseded, or of which only a fragment is there, is refused. What fails again
    stays open, with the new error.

    Raises:
        DeadLetterError: there is no such dead letter.
        Exception: of the database (`is_of_the_database`): nothing has changed, try again later.
    """
    try:
        with locked(target, dead_letter_id) as letter:
            if refusal := _refusal(letter):
                return Retry(dead_letter=letter.pk, status=letter.status, error=refusal)
            return _apply(target, letter)
    except DeadLetterError:
        raise
    except Exception as error:
        if is_of_the_database(error) and not _takes_too_long(target, dead_letter_id, error):
            raise
        # Whatever was done is rolled back: constraints may have failed as late as the commit.
        return _keep_open(target, dead_letter_id, error)


def _takes_too_long(target: Target, dead_letter_id: int, error: Exception) -> bool:
    """Tell whether a record that was set aside for its time took too long once more."""
    return is_statement_timeout(error) and get(target, dead_letter_id).reason == Reason.TIMEOUT


def retry_all(target: Target, dead_letter_ids: Iterable[int]) -> Iterator[Retry]:
    """Retry dead letters in log order, and after each what was waiting for the rows it brought.

    Also yields a `Retry` for each older dead letter that one of these superseded.
    """
    queue = sorted(set(dead_letter_ids))
    while queue:
        result = retry(target, heapq.heappop(queue))
        yield result
        for superseded in result.superseded:
            yield Retry(dead_letter=superseded, status=DeadLetter.Status.SUPERSEDED)
        for waiting in set(result.waiting).difference(queue):
            heapq.heappush(queue, waiting)


@contextlib.contextmanager
def locked(target: Target, dead_letter_id: int) -> Iterator[DeadLetter]:
    """Give a dead letter as it is now, in a transaction that nobody else of its log is in.

    Raises:
        DeadLetterError: there is no such dead letter.
    """
    file = get(target, dead_letter_id).file
    with target.atomic(durable=True), suspended(target.database):
        checkpoints.lock(target, file)
        yield get(target, dead_letter_id)


def _refusal(letter: DeadLetter) -> str:
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


def _apply(target: Target, letter: DeadLetter) -> Retry:
    entry = effective_entry(letter)
    if isinstance(entry, Malformed):
        return _stay_open(target, letter, Failure(reason=entry.reason, error=entry.error))
    refresh_rows(target, letter.file, reason=Reason.UNKNOWN_MODEL)
    record = without_superseded(target, letter, entry)
    replayer = Replayer(target)
    outcomes = replayer.replay(record)
    if dangling := replayer.dangling(record):
        raise RecordError(Reason.MISSING_PARENT, dangling.error, waiting_for=dangling.waiting_for)
    sequences.reset(target.connection, replayer.take_sequence_models())
    counts = _moved(letter, entry, record, outcomes)
    totals.add(target, letter.file, counts)
    close(target, letter, DeadLetter.Status.APPLIED, "Retried.", EventKind.DEAD_LETTER_RETRIED)
    older = supersede_older(target, letter, record)
    return Retry(
        dead_letter=letter.pk,
        status=letter.status,
        counts=counts,
        superseded=tuple(one.pk for one in older),
        waiting=tuple(waiting_for(target, letter.file, [record])),
    )


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


def _moved(
    letter: DeadLetter, entry: Record, applied: Record, outcomes: Mapping[str, Outcome]
) -> dict[str, Counts]:
    """Return how the totals change: what was counted as failed turns into what it is now."""
    failed = totals.labels_of(original_entry(letter))
    still_failed = totals.labels_of(entry) - totals.labels_of(applied)  # for ever: superseded
    counts = {label: Counts(failed=-1) for label in failed - still_failed}
    totals.merge(counts, totals.tally(outcomes.items()))
    return counts


def _keep_open(target: Target, dead_letter_id: int, error: Exception) -> Retry:
    with locked(target, dead_letter_id) as letter:
        if letter.status != DeadLetter.Status.OPEN:
            return Retry(dead_letter=letter.pk, status=letter.status, error=_refusal(letter))
        entry = effective_entry(letter)
        record = entry if isinstance(entry, Record) else None
        return _stay_open(
            target, letter, explain(target, error, record) if record else describe(error)
        )


def _stay_open(target: Target, letter: DeadLetter, failure: Failure) -> Retry:
    describe_failure(letter, failure)
    letter.attempts += 1
    letter.last_attempt = datetime.now(UTC)
    letter.save(using=target.database)
    return Retry(dead_letter=letter.pk, status=letter.status, error=failure.error)
