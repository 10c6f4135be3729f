"""One dead letter resolved: applied after all, put right, or given up.

In a transaction that nobody else of its log is in. What fails again stays open.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.db.models import F

from tui_ingest.databases.faults import is_statement_timeout
from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.deadletters.cascades import Cascades
from tui_ingest.ingest.deadletters.keeping import (
    describe_failure,
    describe_record,
    forget_keys,
    write_keys,
    write_rows,
)
from tui_ingest.ingest.deadletters.reading import (
    FRAGMENTS,
    DeadLetterError,
    InvalidEditError,
    effective_entry,
    get,
    original_entry,
    without_superseded,
)
from tui_ingest.ingest.deadletters.superseding import refresh_rows, supersede_older
from tui_ingest.ingest.deadletters.waiting import judge_again, waiting_for
from tui_ingest.ingest.events import Counts, DeadLetterResolved, EventKind, Outcome
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.failures import describe, explain
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.exact.units import Unit
from tui_ingest.ingest.reasons import Failure, Reason, RecordError
from tui_ingest.ingest.target import Target, chunks
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import DeadLetter, LogEvent, ProcessedFile
from tui_ingest.oplog.records import Malformed, Record
from tui_ingest.recorder import suspended
from tui_ingest.words.record_text import entry_of
from tui_ingest.words.terminal_safe import terminal_safe


@dataclass(frozen=True, kw_only=True)
class Retry:
    """What became of a dead letter that was retried."""

    dead_letter: int  # id
    status: str  # DeadLetter.Status; open if it failed again or could not be tried
    error: str = ""  # why it is not applied
    counts: Mapping[str, Counts] = field(default_factory=dict)  # how the totals moved, by label
    superseded: tuple[int, ...] = ()  # ids of older ones of the same rows, which this one closed
    unblocked: tuple[int, ...] = ()  # ids of those that waited for a row which this one changed

    @property
    def applied(self) -> bool:
        return self.status == DeadLetter.Status.APPLIED

    @property
    def failed(self) -> bool:
        """Whether it is still to be put right; else somebody has resolved it, perhaps another."""
        return self.status == DeadLetter.Status.OPEN

    def as_event(self) -> DeadLetterResolved:
        """Return what to tell of one that is not open any more."""
        return DeadLetterResolved(
            at=time.time(),
            dead_letter=self.dead_letter,
            status=self.status,
            counts=self.counts,
        )


def retry(target: Target, dead_letter_id: int) -> Retry:
    """Apply a dead letter, in the operator's version if it was edited.

    One that is superseded, or of which only a fragment is there, is refused. What fails again
    stays open, with the new error.

    Raises:
        DeadLetterError: there is no such dead letter.
        CheckpointMovedError: the lease of `target` is lost; nothing has changed.
        Exception: of the database (`is_of_the_database`): nothing has changed, try again later.
    """
    try:
        with locked(target, dead_letter_id) as letter:
            if refusal := refusal_of(letter):
                return Retry(dead_letter=letter.pk, status=letter.status, error=refusal)
            return _apply(target, letter)
    except (DeadLetterError, checkpoints.CheckpointMovedError):
        raise
    except Exception as error:
        if is_of_the_database(error) and not _takes_too_long(target, dead_letter_id, error):
            raise
        # Whatever was done is rolled back: constraints may have failed as late as the commit.
        return _keep_open(target, dead_letter_id, error)


def _takes_too_long(target: Target, dead_letter_id: int, error: Exception) -> bool:
    """Tell whether a record that was set aside for its time took too long once more."""
    return is_statement_timeout(error) and get(target, dead_letter_id).reason == Reason.TIMEOUT


def _apply(target: Target, letter: DeadLetter) -> Retry:
    entry = effective_entry(letter)
    if isinstance(entry, Malformed):
        return stay_open(target, letter, Failure(reason=entry.reason, error=entry.error))
    refresh_rows(target, letter.file, reason=Reason.UNKNOWN_MODEL)
    record = without_superseded(target, letter, entry)
    if taken := Cascades(target, letter.file).failure(record):
        raise RecordError(Reason.PROTECTED, taken.error, needs=taken.needs)
    replayer = Replayer(target)
    outcomes = Unit(target, replayer, [record]).replay(0)
    if dangling := replayer.dangling(record):
        raise dangling.as_error()
    replayer.counters.move()
    (result,) = close_applied(target, letter.file, [(letter, record, outcomes)])
    older = supersede_older(target, letter.file, {letter.pk: record})
    return replace(
        result,
        superseded=tuple(one.pk for one in older),
        unblocked=tuple(waiting_for(target, letter.file, [record])),
    )


def _keep_open(target: Target, dead_letter_id: int, error: Exception) -> Retry:
    with locked(target, dead_letter_id) as letter:
        if letter.status != DeadLetter.Status.OPEN:
            return Retry(dead_letter=letter.pk, status=letter.status, error=refusal_of(letter))
        entry = effective_entry(letter)
        failure = explain(target, error, entry) if isinstance(entry, Record) else describe(error)
        return stay_open(target, letter, failure)


def edit(target: Target, dead_letter_id: int, raw: bytes) -> None:
    """Put another line in place of the one that cannot be applied; `retry` then applies it.

    The original stays. Newer data of a row that only the edited line names cannot be protected:
    what the log did to that row since is not known.

    Args:
        raw: one line as it would stand in the log; its line terminator may be missing.

    Raises:
        InvalidEditError: this is not one record, or nothing of it could take effect.
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
        if entry.objects and not without_superseded(target, letter, entry).objects:
            raise InvalidEditError(
                "Later records have changed every row that this names: it would change nothing."
                " Discard the dead letter, or leave a row in it that nothing newer is known of."
            )
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
    with write_turn(target.connection), target.atomic(durable=True), suspended(target.database):
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
    in_part = {letter.pk for letter, record, _ in applied if not _is_whole(letter, record)}
    why_in_part = f"{why} Rows that later records have changed were left as they are."
    for part in chunks(in_part):
        target.rows(DeadLetter).filter(pk__in=part).update(resolution=why_in_part)
    target.rows(LogEvent).bulk_create(
        event_of(
            letter,
            EventKind.DEAD_LETTER_RETRIED,
            why_in_part if letter.pk in in_part else why,
        )
        for letter, _, _ in applied
    )
    return results


def _is_whole(letter: DeadLetter, applied: Record) -> bool:
    entry = effective_entry(letter)
    return isinstance(entry, Malformed) or len(applied.objects) == len(entry.objects)


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
