"""What a session says, to whoever listens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from tui_ingest.ingest.batches.attempts import BatchResult
from tui_ingest.ingest.deadletters.resolving import Retry
from tui_ingest.ingest.events import (
    BatchApplied,
    Event,
    EventKind,
    FailureSuperseded,
    ModelVerified,
    Noticed,
    Progressed,
    RecordSetAside,
    State,
    StateChanged,
    StoppedOnError,
)
from tui_ingest.ingest.reasons import Failure, first_line
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.log import Backlog, Entry
from tui_ingest.oplog.records import Record

PROGRESS_SECONDS = 0.25  # between two looks at how far the log reaches

logger = logging.getLogger(__name__)


class Publisher:
    """Makes events of what the session does, and tells each to every listener in turn.

    Attributes:
        state: as it was told last.
    """

    def __init__(self, target: Target, *listeners: Callable[[Event], None]) -> None:
        self.state = State.STARTING
        self._reason = ""
        self._listeners = listeners
        self._target = target
        self._backlog = Backlog(exists=False)
        self._looked_at = 0.0  # monotonic seconds, when the backlog was looked up

    def tell(self, event: Event) -> None:
        """Report an event that needs no more than that."""
        for listener in self._listeners:
            listener(event)

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
        self.tell(
            StateChanged(
                at=time.time(), state=state, reason=reason, attempt=attempt, retry_at=retry_at
            )
        )

    def notice(self, kind: EventKind, message: str) -> None:
        """Report something that belongs in the list of events."""
        self.tell(Noticed(at=time.time(), kind=kind, message=message))

    def progress(self, cursor: LogCursor, *, now: bool = False) -> Backlog:
        """Look up how far the log reaches, unless that was done a moment ago."""
        if now or time.monotonic() - self._looked_at >= PROGRESS_SECONDS:
            self._backlog = cursor.backlog()
            self._looked_at = time.monotonic()
            self.tell(Progressed(at=time.time(), backlog=self._backlog, position=cursor.position))
        return self._backlog

    def batch(self, written: BatchResult, cursor: LogCursor, seconds: float) -> None:
        """Report what a committed transaction did."""
        at = time.time()
        for notice in written.notices:
            self.tell(
                Noticed(
                    at=at,
                    kind=EventKind(notice.kind.value),
                    message=notice.message,
                    missing_bytes=notice.missing_bytes,
                )
            )
        if written.entries:
            self.tell(
                BatchApplied(
                    at=at,
                    entries=written.entries,
                    unusual=written.unusual(),
                    counts=written.counts(),
                    position=cursor.position,
                    last_record_time=written.last_record_time,
                    seconds=seconds,
                )
            )
        for index, failure in written.failures.items():
            self._set_aside(written.entries[index], failure, written.letters[index])
        for letter in written.superseded:
            self.retried(Retry(dead_letter=letter.pk, status=DeadLetter.Status.SUPERSEDED))
        for location in written.overtaken:
            self.tell(FailureSuperseded(at=at, location=location))
        for found in written.verified:
            self.tell(ModelVerified(at=at, model=found.model, verdict=found.verdict))
            if found.news:
                self.tell(Noticed(at=at, kind=found.kind, message=found.news))

    def retried(self, result: Retry) -> None:
        """Report a dead letter that came back by itself, unless it failed again."""
        if result.status != DeadLetter.Status.OPEN:
            self.tell(result.as_event())

    def _set_aside(self, entry: Entry, failure: Failure, letter: DeadLetter) -> None:
        # What a log contains may be anybody's data: an error, too, quotes it.
        said = f": {failure.error} {entry.raw!r}" if self._target.settings.log_payloads else ""
        logger.info(
            "Record set aside: %s at position %d%s", failure.reason, entry.location.start, said
        )
        told = set_aside(letter, error=failure.error)
        self.tell(replace(told, dead_letter=None) if self._target.dry_run else told)


def set_aside(letter: DeadLetter, *, error: str) -> RecordSetAside:
    """Return what is told of a record that has become a dead letter, for this reason."""
    return RecordSetAside(
        at=time.time(),
        dead_letter=letter.pk,
        location=letter.location,
        operation=letter.operation,
        model=letter.model,
        pk=letter.pk_text,
        reason=letter.reason,
        error=first_line(error),
    )


def stopped_before(entry: Entry, failure: Failure) -> StoppedOnError:
    """Return what is told of the record that a session stands before."""
    record = entry if isinstance(entry, Record) else None
    subject = record.objects[0] if record and record.objects else None
    return StoppedOnError(
        at=time.time(),
        location=entry.location,
        operation=record.operation.value if record else "",
        model=label_of(subject) if subject else "",
        pk=str(subject.get("pk", "")) if subject else "",
        reason=failure.reason,
        error=failure.error,
        traceback=failure.traceback,
        raw=entry.raw,
    )
