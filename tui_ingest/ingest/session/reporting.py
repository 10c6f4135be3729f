"""What a session says: to its listener at once, and to the database for those who look later."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from django.db import connections

from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.batches.written import Refusal, Written
from tui_ingest.ingest.events import (
    BatchApplied,
    DeadLetterResolved,
    Event,
    Noticed,
    Progressed,
    RecordSetAside,
    State,
    StateChanged,
    StoppedOnError,
)
from tui_ingest.ingest.exact.failures import Failure, is_transient
from tui_ingest.ingest.session.lookahead import Lookahead
from tui_ingest.ingest.totals import label_of
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Backlog, Batch, Entry, Position
from tui_ingest.oplog.records import Malformed

HEARTBEAT_SECONDS = 5.0  # between two signs of life in the database
STATE_SECONDS = 1.0  # before the database learns of a state that comes and goes
PROGRESS_SECONDS = 0.25  # between two looks at how far the log reaches


logger = logging.getLogger(__name__)


class _Note(NamedTuple):
    kind: str
    message: str
    time: datetime


class Reporter:
    """Keeps what the listener and the database were told last, and tells them what is new.

    Signs of life and notes are never worth an error: what the database cannot take now is written
    when it is back.
    """

    def __init__(
        self,
        report: Callable[[Event], None],
        lookahead: Lookahead,
        *,
        database: str,
        silent: bool,
        log_payloads: bool,
    ) -> None:
        self.state = State.STARTING
        self._reason = ""
        self._report = report
        self._lookahead = lookahead
        self._database = database
        self._log_payloads = log_payloads  # to Python's logging
        self._silent = silent  # a dry run leaves no trace in the database
        self._file: ProcessedFile | None = None
        self._notes: list[_Note] = []
        self._beat_state: State | None = None  # as the database has it
        self._beat_at = 0.0  # monotonic seconds, as the next one
        self._progress_at = 0.0
        self._backlog = Backlog(exists=False)

    def attach(self, file: ProcessedFile) -> None:
        """Write signs of life and notes to this log's rows from now on."""
        self._file = file

    def tell(self, event: Event) -> None:
        """Report an event that needs no more than that."""
        self._report(event)

    # State

    def change_state(
        self,
        state: State,
        reason: str = "",
        *,
        attempt: int = 0,
        retry_at: float | None = None,
    ) -> None:
        """Say that the session does something else now, unless that was said."""
        if state is self.state and reason == self._reason and retry_at is None:
            return
        self.state, self._reason = state, reason
        self._report(
            StateChanged(
                at=time.time(), state=state, reason=reason, attempt=attempt, retry_at=retry_at
            )
        )
        if state not in {State.RUNNING, State.WAITING}:
            self._beat()

    def beat_if_due(self) -> None:
        """Give the database a sign of life from time to time."""
        silence = time.monotonic() - self._beat_at
        stale = self._beat_state is not self.state and silence > STATE_SECONDS
        if stale or silence > HEARTBEAT_SECONDS:
            self._beat()

    def _beat(self) -> None:
        if self._file is None or self._silent:
            return
        self._beat_at = time.monotonic()
        try:
            checkpoints.beat(self._file, self.state, self._reason, database=self._database)
            while self._notes:
                kind, message, at = self._notes[0]
                checkpoints.note(self._file, kind, message, time=at, database=self._database)
                del self._notes[0]
        except Exception as error:
            if not is_transient(error):
                raise
            connections[self._database].close()
        else:
            self._beat_state = self.state

    # Facts

    def notice(self, kind: str, message: str, *, keep: bool = True, write_now: bool = True) -> None:
        """Report something, and keep it in the list of events.

        Args:
            keep: also write it to the database.
            write_now: if not, with the next sign of life; for when the database is away.
        """
        self._report(Noticed(at=time.time(), kind=kind, message=message))
        if keep:
            self._notes.append(_Note(kind, message, datetime.now(UTC)))
        if keep and write_now:
            self._beat()

    def progress(self, position: Position, *, now: bool = False) -> Backlog:
        """Look up how far the log reaches, unless that was done a moment ago."""
        if now or time.monotonic() - self._progress_at >= PROGRESS_SECONDS:
            self._backlog = self._lookahead.backlog()
            self._progress_at = time.monotonic()
            self._report(Progressed(at=time.time(), backlog=self._backlog, position=position))
        return self._backlog

    def batch(self, batch: Batch, written: Written, position: Position, seconds: float) -> None:
        """Report what a committed transaction did."""
        at = time.time()
        for notice in batch.notices:
            self._report(
                Noticed(
                    at=at,
                    kind=notice.kind,
                    message=notice.message,
                    missing_bytes=notice.missing_bytes,
                )
            )
        if written.entries:
            self._report(
                BatchApplied(
                    at=at,
                    entries=written.entries,
                    unusual=written.unusual(),
                    counts=written.counts(),
                    position=position,
                    last_record_time=written.last_record_time,
                    seconds=seconds,
                )
            )
        for index, failure in written.failures.items():
            self._set_aside(written.entries[index], failure, written.letters[index])
        for letter in written.superseded:
            self._report(
                DeadLetterResolved(
                    at=at, dead_letter=letter.pk, status=DeadLetter.Status.SUPERSEDED, counts={}
                )
            )

    def _set_aside(self, entry: Entry, failure: Failure, letter: DeadLetter) -> None:
        # What a log contains may be anybody's data: an error, too, quotes it.
        said = f": {failure.error} {entry.raw!r}" if self._log_payloads else ""
        logger.info(
            "Record set aside: %s at position %d%s", failure.reason, entry.location.start, said
        )
        self._report(
            RecordSetAside(
                at=time.time(),
                dead_letter=None if self._silent else letter.pk,
                location=entry.location,
                operation=letter.operation,
                model=letter.model,
                pk=letter.pk_text,
                reason=failure.reason,
                error=first_line(failure.error),
            )
        )

    def refused(self, refusal: Refusal) -> None:
        """Report the record that the session stands before."""
        entry, failure = refusal.entry, refusal.failure
        subject = None if isinstance(entry, Malformed) else next(iter(entry.objects), None)
        self._report(
            StoppedOnError(
                at=time.time(),
                location=entry.location,
                operation="" if isinstance(entry, Malformed) else entry.operation.value,
                model=label_of(subject) if subject else "",
                pk=str(subject.get("pk", "")) if subject else "",
                reason=failure.reason,
                error=failure.error,
                traceback=failure.traceback,
                raw=entry.raw,
            )
        )


def first_line(text: str) -> str:
    """Return the first line of an error, which says what is wrong."""
    return text.partition("\n")[0]
