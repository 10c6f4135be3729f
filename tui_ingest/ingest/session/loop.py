"""The loop: read, apply, commit, report; and between two batches, obey.

from tui_ingest.ingest.session import Session
from tui_ingest.oplog.opening import open_log

ended = Session(open_log("oplog.log"), report=print, once=True).run()
print(ended.state, ended.error, ended.counts)
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import reset_queries

from tui_ingest.conf import Settings, get_settings
from tui_ingest.ingest import totals
from tui_ingest.ingest.batches.written import Limits, Written
from tui_ingest.ingest.checkpoints import CheckpointMovedError
from tui_ingest.ingest.events import Counts, Event, SessionEnded, State
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.lookahead import Lookahead
from tui_ingest.ingest.session.pacing import BatchSizer
from tui_ingest.ingest.session.reporting import Reporter
from tui_ingest.ingest.session.retrier import Ended, Retrier, new_backoff, passes_by_itself
from tui_ingest.ingest.session.stop_policy import StopPolicy
from tui_ingest.oplog.log import Backlog, Batch, Log, LogError, StartPoint

BATCH_SECONDS = 0.2  # a batch is cut here: a pause takes effect within a quarter of a second
IDLE_SECONDS = 1.0  # between two looks when nothing wakes the session
SETTLE_SECONDS = 0.25  # without anything new before the session calls itself caught up
STANDBY_SECONDS = 2.0  # before another try, when another ingester was faster


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
    ) -> None:
        self._log = log
        self._control = control or Control()
        self._start = start
        self._once = once
        self._dry_run = dry_run
        self._settings = settings or get_settings()
        self._lookahead = Lookahead(log, final=once)
        self._reporter = Reporter(
            report,
            self._lookahead,
            database=database,
            silent=dry_run,
            log_payloads=self._settings.log_payloads,
        )
        self._retrier = Retrier(self._control, self._reporter, database=database)
        self._stop_policy = StopPolicy(
            self._control, self._reporter, settings=self._settings, interactive=interactive
        )
        self._cursor = LogCursor(
            log,
            self._lookahead,
            self._reporter,
            database=database,
            settings=self._settings,
            dry_run=dry_run,
            before_each_comeback=self._stay_responsive,
        )
        self._sizer = BatchSizer(BATCH_SECONDS * 0.75)  # reading takes the rest
        self._backoff = new_backoff()  # between tries to write; ends with a commit
        self._busy_at = 0.0  # monotonic seconds
        self._failures_in_a_row = 0
        self._until_failure = False  # stepping to the next failure
        self._was_paused = False  # when that was noted last
        self._raced = False  # with another ingester, and said so in the list of events
        self._set_aside = 0
        self._counts: dict[str, Counts] = {}

    def run(self) -> SessionEnded:
        """Work until stopped, finished, or unable to go on; the result says which."""
        self._control.attach(self._log.wake)
        try:
            self._begin()
            while True:
                self._turn()
        except Ended as ended:
            return self._end(ended.state, ended.error)
        except LogError as error:
            return self._end(State.STOPPED, str(error))
        finally:
            self._control.attach(None)
            self._log.close()

    def _begin(self) -> None:
        self._retrier.until_done(self._cursor.find)
        while self._start is not None:
            self._begin_at(self._start)
        if not self._dry_run:
            self._retrier.until_done(self._cursor.comebacks.at_start)
        self._reporter.progress(self._cursor.position, now=True)

    def _begin_at(self, start: StartPoint) -> None:
        try:
            self._retrier.until_done(lambda: self._cursor.go_to(start))
        except CheckpointMovedError as moved:
            self._stand_by(moved)
        else:
            self._start = None

    def _end(self, state: State, error: str) -> SessionEnded:
        self._reporter.progress(self._cursor.position, now=True)  # what is left unread
        self._reporter.change_state(state, error)
        self._cursor.leave()
        ended = SessionEnded(
            at=time.time(),
            state=state,
            error=error,
            set_aside=self._set_aside,
            counts=dict(self._counts),
        )
        self._reporter.tell(ended)
        return ended

    # The loop

    def _turn(self) -> None:
        self._stay_responsive()
        self._note_pause()
        self._obey_seek()
        step = self._control.take_step() if self._control.paused else None
        self._until_failure = self._until_failure or step is StepTo.FAILURE
        if self._control.paused and step is None and not self._until_failure:
            self._stay_paused()
            return
        batch = self._next_batch(1 if step is StepTo.RECORD else self._sizer.records)
        if batch is None:
            self._idle()
        elif self._stop_policy.at_gap(batch):
            self._lookahead.give_back(batch, taken=0, noticed=False)
        else:
            self._write(batch)

    def _stay_responsive(self) -> None:
        """Be told to stop, and say that the session is alive."""
        if self._control.stopping:
            raise Ended(State.STOPPED)
        reset_queries()  # with DEBUG Django remembers them until a request ends: here none does
        self._reporter.beat_if_due()

    def _note_pause(self) -> None:
        """Keep pauses among the events: somebody will ask why nothing happened that night."""
        paused = self._control.paused
        if paused is not self._was_paused:
            self._was_paused = paused
            kind, what = ("paused", "Paused") if paused else ("resumed", "Resumed")
            offset = self._cursor.position.offset
            self._reporter.notice(kind, f"{what} at byte {offset:,}.", write_now=False)

    def _stay_paused(self) -> None:
        if self._reporter.state is not State.PAUSED:
            self._reporter.change_state(State.PAUSED)
        self._reporter.progress(self._cursor.position)
        self._control.wait(IDLE_SECONDS)

    def _idle(self) -> None:
        self._until_failure = False
        backlog = self._reporter.progress(self._cursor.position, now=self._once)
        if self._once:
            self._finish(backlog)
        quiet = time.monotonic() - self._busy_at
        if not backlog.exists:
            self._reporter.change_state(State.NO_FILE_YET)
        elif quiet >= SETTLE_SECONDS:
            self._reporter.change_state(State.CAUGHT_UP)
        self._log.wait(IDLE_SECONDS if quiet >= SETTLE_SECONDS else SETTLE_SECONDS - quiet)

    def _finish(self, backlog: Backlog) -> None:
        partial_bytes = backlog.partial_bytes
        if not backlog.exists and not backlog.generation_size:  # not rotated at this moment, either
            raise Ended(
                State.STOPPED, f"{self._log.path} does not exist. Check the path of the log."
            )
        if partial_bytes:
            self._reporter.notice(
                "unfinished",
                f"The last line has no end yet: {partial_bytes:,} bytes were left unread.",
            )
        raise Ended(State.FINISHED)

    def _next_batch(self, most: int) -> Batch | None:
        return self._retrier.until_done(lambda: self._lookahead.next(most))

    # Writing

    def _write(self, batch: Batch, *, set_aside: bool = False) -> None:
        if not self._backoff.attempt and self._reporter.state is not State.RUNNING:
            # Another try is still waiting, until it succeeds. This one may take its time, too.
            self._reporter.progress(self._cursor.position, now=True)
            self._reporter.change_state(State.RUNNING)
        started = time.monotonic()
        try:
            written = self._cursor.writer.write(
                batch,
                self._limits(set_aside=set_aside),
                failures_in_a_row=0 if self._until_failure else self._failures_in_a_row,
            )
        except CheckpointMovedError as moved:
            self._stand_by(moved)
        except Exception as error:
            if not passes_by_itself(error):
                raise
            self._retrier.wait_after(error, self._backoff)
            # Whether the last commit went through is known to the database alone.
            self._retrier.until_done(self._cursor.load)
            self._reporter.progress(self._cursor.position, now=True)
        else:
            self._retrier.came_back(self._backoff)
            self._account_for(batch, written, time.monotonic() - started)
            self._follow_up(written)

    def _limits(self, *, set_aside: bool) -> Limits:
        return Limits(
            seconds=BATCH_SECONDS,
            failures=1 if self._until_failure else self._settings.max_consecutive_failures,
            stop_on_error=self._control.stop_on_error and not set_aside,
        )

    def _account_for(self, batch: Batch, written: Written, seconds: float) -> None:
        committed = written.position is not None
        self._cursor.position = written.position or self._cursor.position
        self._lookahead.give_back(batch, taken=len(written.entries), noticed=committed)
        self._sizer.took(len(written.entries), seconds)
        self._busy_at = time.monotonic()
        self._failures_in_a_row = written.failures_in_a_row
        self._set_aside += len(written.failures)
        totals.merge(self._counts, written.counts())
        self._reporter.batch(batch, written, self._cursor.position, seconds)

    def _follow_up(self, written: Written) -> None:
        self._reporter.progress(self._cursor.position)
        if not self._dry_run:
            applied = written.applied()
            self._retrier.until_done(lambda: self._cursor.comebacks.after(applied))
        if written.refusal is not None:
            self._stop_policy.before_record(written.refusal)
            self._obey_decision()
        elif self._until_failure and written.failures:
            self._until_failure = False
        elif self._stop_policy.after_failures(written):
            self._failures_in_a_row = 0

    # Orders

    def _obey_decision(self) -> None:
        """Wait for what is to be done about the record that the session stands before."""
        while (decision := self._control.take_decision()) is None:
            if self._control.stopping:
                raise Ended(State.STOPPED)
            self._reporter.beat_if_due()
            self._reporter.progress(self._cursor.position)
            self._control.wait(IDLE_SECONDS)
        if decision is Decision.SET_ASIDE and (batch := self._next_batch(1)) is not None:
            self._write(batch, set_aside=True)

    def _obey_seek(self) -> None:
        start = self._control.take_seek()
        if start is None:
            return
        if not self._control.paused:
            self._reporter.notice("seek_refused", "Pause before going to another place.")
            return
        try:
            self._retrier.until_done(lambda: self._cursor.go_to(start))
        except LogError as error:
            self._reporter.notice("seek_refused", str(error))
        except CheckpointMovedError as moved:
            self._stand_by(moved)

    def _stand_by(self, moved: CheckpointMovedError) -> None:
        """Leave the log to the other ingester for a moment, then look where it stands."""
        self._reporter.notice("raced", str(moved), keep=not self._raced)
        self._raced = True
        self._retrier.rest(str(moved), STANDBY_SECONDS)
        self._retrier.until_done(self._cursor.load)
