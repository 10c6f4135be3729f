"""The loop: read, apply, commit, report; and between two batches, obey.

from tui_ingest.ingest.session import Session
from tui_ingest.oplog.reading import FileLog

ended = Session(FileLog("oplog.log"), report=print, once=True).run()
print(ended.state, ended.error, ended.counts)
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_ingest.conf import Settings, get_settings
from tui_ingest.ingest import checkpoints, deadletters, totals
from tui_ingest.ingest.batching import BatchWriter
from tui_ingest.ingest.checkpoints import CheckpointMovedError
from tui_ingest.ingest.comebacks import Comebacks
from tui_ingest.ingest.control import Control, Decision, StepTo
from tui_ingest.ingest.events import (
    Counts,
    Event,
    SessionEnded,
    SessionStarted,
    State,
)
from tui_ingest.ingest.lookahead import Lookahead
from tui_ingest.ingest.pacing import BatchSizer
from tui_ingest.ingest.patience import Ended, Patience, new_backoff, passes_by_itself
from tui_ingest.ingest.reporting import Reporter, first_line
from tui_ingest.ingest.written import Limits, Refusal, Written
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import (
    Batch,
    Log,
    LogError,
    LogUnavailableError,
    NoticeKind,
    Position,
    StartPoint,
)

BATCH_SECONDS = (
    0.2  # a batch is cut here, so that a pause takes effect within a quarter of a second
)
IDLE_SECONDS = 1.0  # between two looks when nothing wakes the session
SETTLE_SECONDS = 0.25  # without anything new before the session calls itself caught up
SOUGHT = "sought"  # kind of the event that the checkpoint was moved by order
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
        self._database = database
        self._control = control or Control()
        self._start = start
        self._once = once
        self._dry_run = dry_run
        self._interactive = interactive
        self._settings = settings or get_settings()
        self._reporter = Reporter(
            report,
            log,
            database=database,
            silent=dry_run,
            log_payloads=self._settings.log_payloads,
        )
        self._sizer = BatchSizer(BATCH_SECONDS / 2)
        self._patience = Patience(self._control, self._reporter, database=database)
        self._backoff = new_backoff()  # between tries to write; ends with a commit
        self._file: ProcessedFile
        self._writer: BatchWriter
        self._comebacks: Comebacks
        self._position = Position()
        self._lookahead = Lookahead(log, final=once)
        self._busy_at = 0.0  # monotonic seconds
        self._failures_in_a_row = 0
        self._until_failure = False  # stepping to the next failure
        self._leaves_no_trace = False  # a dry run on a log that was not known before
        self._gap_accepted = False  # by resuming after a halt
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

    # Beginning and end

    def _begin(self) -> None:
        path, database = self._log.path, self._database
        known = self._patience.until_done(lambda: checkpoints.is_known(path, database=database))
        self._leaves_no_trace = self._dry_run and not known
        self._patience.until_done(self._load)
        while self._start is not None:
            self._begin_at(self._start)
        if not self._dry_run:
            self._patience.until_done(self._comebacks.at_start)
        self._reporter.progress(self._position, now=True)

    def _begin_at(self, start: StartPoint) -> None:
        try:
            self._patience.until_done(lambda: self._go_to(start))
        except CheckpointMovedError as moved:
            self._stand_by(moved)
        else:
            self._start = None

    def _load(self) -> None:
        """Read the durable state and continue from there, whatever was believed before."""
        self._file = checkpoints.load(self._log.path, database=self._database)
        self._reporter.attach(self._file)
        self._comebacks = Comebacks(
            self._file,
            database=self._database,
            settings=self._settings,
            report=self._reporter.tell,
        )
        self._writer = BatchWriter(
            self._file,
            self._log,
            database=self._database,
            settings=self._settings,
            dry_run=self._dry_run,
        )
        self._lookahead.forget()
        position = checkpoints.position_of(self._file)
        self._position = position or Position()
        self._log.resume(position)
        last = self._file.last_record_time
        self._reporter.tell(
            SessionStarted(
                at=time.time(),
                path=self._log.path,
                database=self._database,
                position=self._position,
                totals=totals.load(self._file, database=self._database),
                dead_letters=deadletters.search(
                    self._file, database=self._database, status=DeadLetter.Status.OPEN
                ).count(),
                gaps=checkpoints.gaps(self._file, database=self._database),
                last_record_time=last.timestamp() if last else None,
            )
        )

    def _end(self, state: State, error: str) -> SessionEnded:
        self._reporter.change_state(state, error)
        if self._leaves_no_trace:
            checkpoints.forget(self._log.path, database=self._database)
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
        if self._control.stopping:
            raise Ended(State.STOPPED)
        self._reporter.beat_if_due()
        self._obey_seek()
        step = self._control.take_step() if self._control.paused else None
        self._until_failure = self._until_failure or step is StepTo.FAILURE
        if self._control.paused and step is None and not self._until_failure:
            self._stay_paused()
            return
        batch = self._next_batch(1 if step is StepTo.RECORD else self._sizer.records)
        if batch is None:
            self._idle()
        elif not self._refuse_gap(batch):
            self._write(batch)

    def _stay_paused(self, reason: str = "") -> None:
        if self._reporter.state is not State.PAUSED:
            self._reporter.change_state(State.PAUSED, reason)
        self._reporter.progress(self._position)
        self._control.wait(IDLE_SECONDS)

    def _idle(self) -> None:
        self._until_failure = False
        backlog = self._reporter.progress(self._position, now=self._once)
        if self._once:
            self._finish(exists=backlog.exists, partial_bytes=backlog.partial_bytes)
        quiet = time.monotonic() - self._busy_at
        if not backlog.exists:
            self._reporter.change_state(State.NO_FILE_YET)
        elif quiet >= SETTLE_SECONDS:
            self._reporter.change_state(State.CAUGHT_UP)
        self._log.wait(IDLE_SECONDS if quiet >= SETTLE_SECONDS else SETTLE_SECONDS - quiet)

    def _finish(self, *, exists: bool, partial_bytes: int) -> None:
        if not exists and self._position == Position():
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
        return self._patience.until_done(lambda: self._lookahead.next(most))

    def _refuse_gap(self, batch: Batch) -> bool:
        """Tell whether the batch has to wait for somebody to accept a loss."""
        gaps = [notice for notice in batch.notices if notice.kind is NoticeKind.GAP]
        if not gaps or self._settings.on_gap != "stop" or self._gap_accepted:
            self._gap_accepted = False
            return False
        if not self._interactive:
            raise Ended(
                State.STOPPED,
                f"{gaps[0].message} Stopped because ON_GAP is 'stop';"
                " set it to 'continue' to go on with what is left.",
            )
        self._halt(f"{gaps[0].message} Resume to go on with what is left.")
        self._gap_accepted = True
        self._lookahead.give_back(batch, taken=0, noticed=False)
        return True

    # Writing

    def _write(self, batch: Batch, *, set_aside: bool = False) -> None:
        self._reporter.change_state(State.RUNNING)
        limits = Limits(
            seconds=BATCH_SECONDS,
            failures=1 if self._until_failure else self._settings.max_consecutive_failures,
            stop_on_error=self._control.stop_on_error and not set_aside,
        )
        before = 0 if self._until_failure else self._failures_in_a_row
        started = time.monotonic()
        try:
            written = self._writer.write(batch, limits, failures_in_a_row=before)
        except CheckpointMovedError as moved:
            self._stand_by(moved)
            return
        except Exception as error:
            if not passes_by_itself(error):
                raise
            self._patience.wait_after(error, self._backoff)
            self._patience.until_done(self._load)
            return
        self._patience.came_back(self._backoff)
        seconds = time.monotonic() - started
        self._sizer.took(len(written.entries), seconds)
        self._busy_at = time.monotonic()
        self._remember(batch, written)
        self._reporter.batch(batch, written, self._position, seconds)
        self._follow_up(written)

    def _remember(self, batch: Batch, written: Written) -> None:
        if written.position is not None:
            self._position = written.position
        self._failures_in_a_row = written.failures_in_a_row
        self._set_aside += len(written.failures)
        totals.merge(self._counts, written.counts())
        self._lookahead.give_back(
            batch, taken=len(written.entries), noticed=written.position is not None
        )

    def _follow_up(self, written: Written) -> None:
        if written.refusal is not None:
            self._stop_on(written.refusal)
        elif self._until_failure and written.failures:
            self._until_failure = False
        elif self._failures_in_a_row >= self._settings.max_consecutive_failures:
            self._break_circuit(written)
        self._reporter.progress(self._position)
        if not self._dry_run:
            applied = written.applied()
            self._patience.until_done(lambda: self._comebacks.after(applied))

    def _stop_on(self, refusal: Refusal) -> None:
        """Stand before the record until somebody decides."""
        self._reporter.refused(refusal)
        where = f"at position {refusal.entry.location.start}: {refusal.failure.reason}"
        reason = f"Stopped on the record {where}: {first_line(refusal.failure.error)}"
        if not self._interactive:
            raise Ended(State.STOPPED_ON_ERROR, reason)
        self._reporter.change_state(State.STOPPED_ON_ERROR, reason)
        while (decision := self._control.take_decision()) is None:
            if self._control.stopping:
                raise Ended(State.STOPPED)
            self._reporter.beat_if_due()
            self._reporter.progress(self._position)
            self._control.wait(IDLE_SECONDS)
        if decision is Decision.SET_ASIDE and (batch := self._next_batch(1)) is not None:
            self._write(batch, set_aside=True)

    def _break_circuit(self, written: Written) -> None:
        """Pause: so many failures in a row are the environment's, not the data's."""
        index = max(written.failures)
        entry, failure = written.entries[index], written.failures[index]
        reason = (
            f"{self._failures_in_a_row:,} records in a row failed, the last one at position"
            f" {entry.location.start} ({failure.reason}: {first_line(failure.error)})."
            " Look for a missing migration or the wrong project, then retry the dead letters."
        )
        self._failures_in_a_row = 0
        if not self._interactive:
            raise Ended(State.STOPPED, reason)
        self._halt(reason)

    def _halt(self, reason: str) -> None:
        """Pause by our own decision, and say why."""
        self._control.pause()
        self._reporter.notice("halted", reason)
        self._reporter.change_state(State.PAUSED, reason)

    # Seeking

    def _obey_seek(self) -> None:
        start = self._control.take_seek()
        if start is None:
            return
        if not self._control.paused:
            self._reporter.notice("seek_refused", "Pause before going to another place.")
            return
        try:
            self._patience.until_done(lambda: self._go_to(start))
        except LogUnavailableError:
            raise
        except LogError as error:
            self._reporter.notice("seek_refused", str(error))
        except CheckpointMovedError as moved:
            self._stand_by(moved)

    def _go_to(self, start: StartPoint) -> None:
        position = self._log.locate(start)
        why = (
            f"Moved from byte {self._position.offset:,} to byte {position.offset:,},"
            " by order of the operator."
        )
        if not self._dry_run:
            checkpoints.move(self._file, position, kind=SOUGHT, why=why, database=self._database)
        self._log.resume(position)
        self._lookahead.forget()
        self._position = position
        self._reporter.notice(SOUGHT, why, keep=False)
        self._reporter.progress(position, now=True)

    def _stand_by(self, moved: CheckpointMovedError) -> None:
        """Leave the log to the other ingester for a moment, then look where it stands."""
        self._reporter.notice("raced", str(moved), keep=not self._raced)
        self._raced = True
        self._patience.rest(str(moved), STANDBY_SECONDS)
        self._patience.until_done(self._load)
