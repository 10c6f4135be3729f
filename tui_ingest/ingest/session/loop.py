"""The loop: read, apply, commit, report; and between two batches, obey.

from tui_ingest.ingest.session import Session
from tui_ingest.oplog.opening import open_log

ended = Session(open_log("oplog.log"), report=print, once=True).run()
print(ended.state, ended.error, ended.counts)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from django.db import reset_queries

from tui_ingest.conf import Settings
from tui_ingest.ingest.batches.attempts import BatchResult
from tui_ingest.ingest.checkpoints import CheckpointMovedError, CheckpointSetBackError
from tui_ingest.ingest.connecting import GuardedConnection
from tui_ingest.ingest.deadletters import AutoRetry, Retry
from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.leases import LEASE_SECONDS, new_owner
from tui_ingest.ingest.session.applier import Applier
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.heartbeat import Heartbeat
from tui_ingest.ingest.session.interrupter import interrupted_by_stop
from tui_ingest.ingest.session.journal import Journal
from tui_ingest.ingest.session.lease import Lease
from tui_ingest.ingest.session.orders import LastingOrders
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.session.retrier import Ended, Retrier
from tui_ingest.ingest.session.standby import Standby
from tui_ingest.ingest.session.stop_policy import StopPolicy
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Backlog, Batch, Log, LogError, StartPoint

IDLE_SECONDS = 1.0  # between two looks when nothing wakes the session
SETTLE_SECONDS = 0.25  # without anything new before the session calls itself caught up
RACED_SECONDS = 2.0  # before a dry run goes on from where another ingester is


def _ignore(event: Event) -> None:
    """Report to nobody."""


class Session:
    """Applies one log to one database until it is told to stop.

    Args:
        log: what to read; closed when the session ends.
        database: alias of the database of rows, totals, dead letters and checkpoint.
        control: orders, from any thread.
        report: called with every event, in the thread of `run`. It must return quickly.
        start: where to begin instead of at the checkpoint.
        once: end when everything present was applied.
        dry_run: undo every batch; nothing moves.
        interactive: somebody is there to decide about errors; otherwise they end the session.
        settings: `TUI_INGEST`, if not the project's.
        lease_seconds: of silence, after which another session may take the log.
    """

    def __init__(
        self,
        log: Log,
        *,
        database: str = "default",
        control: Control | None = None,
        report: Callable[[Event], None] = _ignore,
        start: StartPoint | None = None,
        once: bool = False,
        dry_run: bool = False,
        interactive: bool = False,
        settings: Settings | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        owner = None if dry_run else new_owner()
        self._target = target = Target(database, settings, owner=owner.id if owner else "")
        self._log = log
        self._control = control or Control()
        self._start = start
        self._once = once
        self._dry_run = dry_run
        journal = Journal(target, log.path)
        self._lease = Lease(target, log.path, owner, seconds=lease_seconds)
        self._heartbeat = Heartbeat(target, log.path, journal, self._lease, dry_run=dry_run)
        self._publisher = Publisher(
            report,
            journal,
            self._heartbeat,
            dry_run=dry_run,
            log_payloads=target.settings.log_payloads,
        )
        self._retrier = Retrier(
            target, self._control, self._publisher, self._heartbeat, path=log.path
        )
        self._stop_policy = StopPolicy(
            target, self._control, self._publisher, interactive=interactive
        )
        self._cursor = LogCursor(target, log, dry_run=dry_run, final=once)
        self._applier = Applier(
            target, self._cursor, self._publisher, self._retrier, dry_run=dry_run
        )
        self._standby = Standby(
            self._lease,
            self._applier,
            self._cursor,
            self._control,
            self._publisher,
            self._retrier,
            once=once,
        )
        self._orders = LastingOrders(self._control, self._cursor, self._publisher)
        self._until_failure = False  # stepping to the next failure

    def run(self) -> SessionEnded:
        """Work until stopped, finished, or unable to go on; the result says which."""
        connection = GuardedConnection(self._target.connection)
        with connection.guarded(), interrupted_by_stop(self._control, connection):
            return self._run()

    def _run(self) -> SessionEnded:
        self._control.attach(self._log.wake)
        try:
            while True:
                self._work()
        except Ended as ended:
            return self._end(ended.state, ended.error)
        except LogError as error:
            return self._end(State.STOPPED, str(error))
        finally:
            self._control.attach(None)
            self._log.close()

    def _work(self) -> None:
        """Apply the log for as long as no other session does."""
        try:
            self._begin()
            while True:
                self._turn()
        except CheckpointMovedError as moved:
            was_set_back = isinstance(moved, CheckpointSetBackError)
            kind = EventKind.SET_BACK if was_set_back else EventKind.RACED
            self._publisher.notice(kind, str(moved))
            if self._dry_run:
                self._retrier.rest(str(moved), RACED_SECONDS)
            else:
                self._lease.lose()

    def _begin(self) -> None:
        self._standby.begin()
        if self._start is not None:
            self._go_to(self._start)
            self._start = None
        self._retry_letters(lambda letters: letters.at_start())

    def _end(self, state: State, error: str) -> SessionEnded:
        self._publisher.progress(self._cursor, now=True)  # what is left unread
        self._publisher.change_state(state, error)
        self._heartbeat.end()
        ended = SessionEnded(
            at=time.time(),
            state=state,
            error=error,
            set_aside=self._applier.set_aside,
            counts=dict(self._applier.counts),
        )
        self._publisher.tell(ended)
        return ended

    # The loop

    def _turn(self) -> None:
        self._stay_responsive()
        self._orders.take()
        self._obey_seek()
        step = self._control.take_step() if self._orders.paused else None
        self._until_failure = self._until_failure or step is StepTo.FAILURE
        if self._orders.paused and step is None and not self._until_failure:
            self._stay_paused()
            return
        batch = self._next_batch(1 if step is StepTo.RECORD else self._applier.records)
        if batch is None:
            self._idle()
        elif not self._stop_policy.at_gap(batch):  # or the same one comes again
            self._write(batch)

    def _stay_responsive(self) -> None:
        """Be told to stop, and say that the session is alive.

        Raises:
            CheckpointMovedError: another session applies the log now.
        """
        if self._control.stopping:
            raise Ended(State.STOPPED)
        reset_queries()  # with DEBUG Django remembers them until a request ends: here none does
        self._heartbeat.beat_if_due()
        if self._lease.is_lost:
            raise self._retrier.until_done(self._cursor.lost)

    def _stay_paused(self) -> None:
        if self._publisher.state is not State.PAUSED:
            self._publisher.change_state(State.PAUSED)
        self._publisher.progress(self._cursor)
        self._control.wait(IDLE_SECONDS)

    def _idle(self) -> None:
        self._until_failure = False
        backlog = self._publisher.progress(self._cursor, now=self._once)
        if self._once:
            self._finish(backlog)
        quiet = time.monotonic() - self._applier.busy_at
        if not backlog.exists:
            self._publisher.change_state(State.NO_FILE_YET)
        elif quiet >= SETTLE_SECONDS:
            self._publisher.change_state(State.CAUGHT_UP)
        self._log.wait(IDLE_SECONDS if quiet >= SETTLE_SECONDS else SETTLE_SECONDS - quiet)

    def _finish(self, backlog: Backlog) -> None:
        partial_bytes = backlog.partial_bytes
        if not backlog.exists and not backlog.generation_size:  # not rotated at this moment, either
            raise Ended(
                State.STOPPED, f"{self._log.path} does not exist. Check the path of the log."
            )
        if partial_bytes:
            self._publisher.notice(
                EventKind.UNFINISHED,
                f"The last line has no end yet: {partial_bytes:,} bytes were left unread.",
            )
        raise Ended(State.FINISHED)

    def _next_batch(self, most: int) -> Batch | None:
        return self._retrier.until_done(lambda: self._cursor.next(most))

    # Writing

    def _write(self, batch: Batch, *, set_aside: bool = False) -> None:
        written = self._applier.apply(
            batch,
            until_failure=self._until_failure,
            stop_on_error=self._orders.stop_on_error and not set_aside,
        )
        if written is not None:
            self._follow_up(written)

    def _follow_up(self, written: BatchResult) -> None:
        self._publisher.progress(self._cursor)
        applied = written.applied()
        new = [*written.letters.values()]
        if self._retry_letters(lambda letters: letters.after(applied, new)):
            self._applier.failures_in_a_row = written.failures_in_a_row = 0  # something succeeded
        if written.refusal is not None:
            self._stop_policy.before_record(written.refusal)
            self._obey_decision()
        elif self._until_failure and written.failures:
            self._until_failure = False
        elif self._stop_policy.after_failures(written):
            self._applier.failures_in_a_row = 0

    def _retry_letters(self, which: Callable[[AutoRetry], Iterator[Retry]]) -> bool:
        """Retry the dead letters that can be applied by now, which may be thousands.

        Returns:
            whether any was applied.
        """
        applied = []

        def retry() -> None:
            letters = AutoRetry(self._target, self._cursor.file)
            for result in which(letters):
                applied.append(result.applied)
                self._publisher.retried(result)
                self._stay_responsive()

        if not self._dry_run:
            self._retrier.until_done(retry)
        return any(applied)

    # Orders

    def _obey_decision(self) -> None:
        """Wait for what is to be done about the record that the session stands before."""
        while (decision := self._control.take_decision()) is None:
            self._stay_responsive()
            self._publisher.progress(self._cursor)
            self._control.wait(IDLE_SECONDS)
        if decision is Decision.SET_ASIDE and (batch := self._next_batch(1)) is not None:
            self._write(batch, set_aside=True)

    def _obey_seek(self) -> None:
        start = self._control.take_seek()
        if start is None:
            return
        if not self._orders.paused:
            self._publisher.notice(EventKind.SEEK_REFUSED, "Pause before going to another place.")
            return
        try:
            self._go_to(start)
        except LogError as error:
            self._publisher.notice(EventKind.SEEK_REFUSED, str(error))

    def _go_to(self, start: StartPoint) -> None:
        why = self._retrier.until_done(lambda: self._cursor.go_to(start))
        self._publisher.notice(EventKind.SOUGHT, why)
        self._publisher.progress(self._cursor, now=True)
