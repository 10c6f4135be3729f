"""The loop: read, apply, commit, report; and between two batches, obey."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Never

from django.db import reset_queries

from tui_ingest.ingest import checkpoints, orders
from tui_ingest.ingest.batches.attempts import BatchResult
from tui_ingest.ingest.checkpoints import CheckpointMovedError, CheckpointSetBackError
from tui_ingest.ingest.deadletters import AutoRetry, Retry
from tui_ingest.ingest.events import EventKind, State
from tui_ingest.ingest.session.applier import Applier
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.idle import Housekeeping, OutsideRepairs, WaitingLetters
from tui_ingest.ingest.session.lease import Lease, Standby
from tui_ingest.ingest.session.obeying import LastingOrders
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.session.retrier import Ended, Retrier
from tui_ingest.ingest.session.stop_policy import StopPolicy
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Backlog, Batch, Log, LogError, StartPoint

IDLE_SECONDS = 0.5  # between two looks when nothing wakes the session
SETTLE_SECONDS = 0.25  # without anything new before the session calls itself caught up
RACED_SECONDS = 2.0  # before a dry run goes on from where another ingester is


class _HandedOverError(Exception):
    """The log is another session's by order."""


@dataclass(kw_only=True, eq=False)
class Loop:
    """Applies a log for as long as it may; between batches it obeys."""

    log: Log
    target: Target
    control: Control
    cursor: LogCursor
    applier: Applier
    publisher: Publisher
    retrier: Retrier
    lease: Lease
    contact: Callable[[], None]  # with those who look and order from elsewhere
    standby: Standby
    orders: LastingOrders
    stop_policy: StopPolicy
    repairs: OutsideRepairs
    start: StartPoint | None  # to go to before the first record
    once: bool
    interactive: bool

    def __post_init__(self) -> None:
        self._waiting_letters = WaitingLetters()
        self._housekeeping = Housekeeping(self.target)
        self._until_failure = False  # stepping to the next failure

    def run(self) -> Never:
        """Work.

        Raises:
            Ended: always, in the end.
            LogError: the log cannot be read, for good.
        """
        self.stop_policy.warn()
        while True:
            self._work()

    def _work(self) -> None:
        """Apply the log for as long as no other session does."""
        try:
            self._begin()
            while True:
                self._turn()
        except _HandedOverError:  # and said so
            pass
        except CheckpointMovedError as moved:
            was_set_back = isinstance(moved, CheckpointSetBackError)
            kind = EventKind.SET_BACK if was_set_back else EventKind.RACED
            self.publisher.notice(kind, str(moved))
            if self.target.dry_run:
                self.retrier.rest(str(moved), RACED_SECONDS)
            else:
                self.lease.lose()

    def _begin(self) -> None:
        self.standby.begin()
        if not self.target.dry_run:
            self.retrier.until_done(self._take_up_orders)
        if self.start is not None:
            self._go_to(self.start, by=self.control.operator)
            self.start = None
        self.retrier.until_done(lambda: self.repairs.begin(self.cursor.file))
        self._retry_letters(lambda letters: letters.at_start())

    def _take_up_orders(self) -> None:
        """Take up what was ordered before this session had the log."""
        stored = checkpoints.load(self.target, self.log.path)
        self.orders.adopt(stored)
        orders.refuse_stale(self.target, stored)

    def _turn(self) -> None:
        self._stay_responsive()
        self._obey_seek()
        step = self.control.take_step() if self.orders.paused else None
        self._until_failure = self._until_failure or step is StepTo.FAILURE
        if self.orders.paused and step is None and not self._until_failure:
            self._stay_paused()
            return
        batch = self._next_batch(1 if step is StepTo.RECORD else self.applier.records)
        if batch is None:
            self._idle()
        elif self.orders.paused and step is None and not self._until_failure:
            pass  # that was ordered while it waited for the log: the same batch comes again
        elif not self.stop_policy.at_gap(batch):  # or the same one comes again
            self._write(batch)

    def _stay_responsive(self) -> None:
        """Be told to stop or what else to do, and say that the session is alive.

        Raises:
            Ended: told to stop.
            CheckpointMovedError: another session applies the log now.
        """
        if self.control.stopping:
            raise Ended(State.STOPPED)
        reset_queries()  # with DEBUG Django remembers them until a request ends: here none does
        self.contact()
        if self.lease.is_lost:
            if self.lease.is_handed_over:
                raise _HandedOverError
            raise self.retrier.until_done(self.cursor.lost)
        self.orders.take()  # also where it stands and waits: the next session must find them

    def _stay_paused(self) -> None:
        if self.once and not self.interactive and self.orders.why_paused:
            raise Ended(
                State.STOPPED,
                f"Paused {self.orders.why_paused}. Resume it first: ingest_control resume.",
            )
        if self.publisher.state is not State.PAUSED:
            self.publisher.change_state(State.PAUSED, self.orders.why_paused)
        self.publisher.progress(self.cursor)
        self._see_repairs()
        self.control.wait(IDLE_SECONDS)

    def _idle(self) -> None:
        self._until_failure = False
        backlog = self.publisher.progress(self.cursor, now=self.once)
        if self.once:
            self._finish(backlog)
        quiet = time.monotonic() - self.applier.busy_at
        if not backlog.exists:
            self.publisher.change_state(State.NO_FILE_YET)
        elif quiet >= SETTLE_SECONDS:
            self.publisher.change_state(State.CAUGHT_UP)
        # Whenever nothing is left to read: a log that grows all the time may never be quiet.
        if self._waiting_letters.is_due:
            self._retry_letters(self._waiting_letters.next_part)
        self._see_repairs()
        self._housekeeping.work_if_due(self.cursor.file)
        self.log.wait(IDLE_SECONDS if quiet >= SETTLE_SECONDS else SETTLE_SECONDS - quiet)

    def _see_repairs(self) -> None:
        resolved = self.repairs.look_if_due(self.cursor.file)
        for event in resolved:
            self.publisher.tell(event)
        if resolved:
            self.publisher.tell(self.retrier.until_done(self.cursor.standing))  # totals moved, too

    def _finish(self, backlog: Backlog) -> None:
        if not backlog.is_there:
            raise Ended(
                State.STOPPED, f"{self.log.path} does not exist. Check the path of the log."
            )
        if backlog.partial_bytes:
            self.publisher.notice(
                EventKind.UNFINISHED,
                f"The last line has no end yet: {backlog.partial_bytes:,} bytes were left unread.",
            )
        raise Ended(State.FINISHED)

    def _next_batch(self, most: int) -> Batch | None:
        return self.retrier.until_done(lambda: self.cursor.next(most), between=self.orders.take)

    # Writing

    def _write(self, batch: Batch, *, set_aside: bool = False) -> None:
        written = self.applier.apply(
            batch,
            until_failure=self._until_failure,
            stop_on_error=self.orders.stop_on_error and not set_aside,
        )
        if written is not None:
            self._follow_up(written)

    def _follow_up(self, written: BatchResult) -> None:
        self.publisher.progress(self.cursor)
        new = [written.letters[index] for index in written.hopeful]
        to_retry = bool(written.touching or new)
        if to_retry and self._retry_letters(lambda letters: letters.after(written.touching, new)):
            self.applier.failures_in_a_row = written.failures_in_a_row = 0  # something succeeded
        if written.refusal is not None:
            self.stop_policy.before_record(written.refusal)
            self._obey_decision()
        elif self._until_failure and written.failures:
            self._until_failure = False
        elif self.stop_policy.after_failures(written):
            self.applier.failures_in_a_row = 0

    def _retry_letters(self, which: Callable[[AutoRetry], Iterator[Retry]]) -> bool:
        """Retry the dead letters that can be applied by now, which may be thousands.

        Returns:
            whether any was applied.
        """
        applied = []

        def retry() -> None:
            letters = AutoRetry(self.target, self.cursor.file)
            for result in which(letters):
                applied.append(result.applied)
                self.publisher.retried(result)
                self._stay_responsive()

        if not self.target.dry_run:
            self.retrier.until_done(retry)
        return any(applied)

    # Orders

    def _obey_decision(self) -> None:
        """Wait for what is to be done about the record that the session stands before."""
        while (decision := self.control.take_decision()) is None:
            self._stay_responsive()
            self.publisher.progress(self.cursor)
            self._see_repairs()
            self.control.wait(IDLE_SECONDS)
        if decision is Decision.SET_ASIDE and (batch := self._next_batch(1)) is not None:
            self._write(batch, set_aside=True)

    def _obey_seek(self) -> None:
        seek = self.control.take_seek()
        if seek is None:
            return
        refusal = "" if self.orders.paused else "Pause before going to another place."
        try:
            done = refusal or self._go_to(seek.start, by=seek.by)
        except LogError as error:
            done = refusal = str(error)
        if refusal:
            self.publisher.notice(EventKind.SEEK_REFUSED, refusal)
        self.retrier.until_done(lambda: seek.answer(done, refused=bool(refusal)))

    def _go_to(self, start: StartPoint, *, by: str) -> str:
        why = self.retrier.until_done(lambda: self.cursor.go_to(start, by=by))
        self.publisher.notice(EventKind.SOUGHT, why)
        self.publisher.progress(self.cursor, now=True)
        return why
