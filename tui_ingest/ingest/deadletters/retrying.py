"""Applying a dead letter after all, in a transaction of its own."""

from __future__ import annotations

from dataclasses import replace

from tui_ingest.databases.faults import is_statement_timeout
from tui_ingest.ingest.checkpoints import CheckpointMovedError
from tui_ingest.ingest.deadletters.cascades import Cascades
from tui_ingest.ingest.deadletters.contents import effective_entry, without_superseded
from tui_ingest.ingest.deadletters.listing import DeadLetterError, get
from tui_ingest.ingest.deadletters.resolving import (
    Retry,
    close_applied,
    locked,
    refusal_of,
    stay_open,
)
from tui_ingest.ingest.deadletters.superseding import refresh_rows, supersede_older
from tui_ingest.ingest.deadletters.waiting import waiting_for
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.failures import describe, explain
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.exact.units import Unit
from tui_ingest.ingest.reasons import Failure, Reason, RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Malformed, Record


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
    except (DeadLetterError, CheckpointMovedError):
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
        raise RecordError(Reason.MISSING_PARENT, dangling.error, needs=dangling.needs)
    replayer.counters.move()
    (result,) = close_applied(target, letter.file, [(letter, record, outcomes)])
    older = supersede_older(target, letter.file, {letter.pk: record})
    return replace(
        result,
        superseded=tuple(one.pk for one in older),
        waiting=tuple(waiting_for(target, letter.file, [record])),
    )


def _keep_open(target: Target, dead_letter_id: int, error: Exception) -> Retry:
    with locked(target, dead_letter_id) as letter:
        if letter.status != DeadLetter.Status.OPEN:
            return Retry(dead_letter=letter.pk, status=letter.status, error=refusal_of(letter))
        entry = effective_entry(letter)
        record = entry if isinstance(entry, Record) else None
        return stay_open(
            target, letter, explain(target, error, record) if record else describe(error)
        )
