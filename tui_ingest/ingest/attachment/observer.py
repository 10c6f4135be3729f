"""Another session's work, reported as if it were done here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass

from django.db.models import QuerySet

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest import checkpoints, deadletters, leases, orders, verdicts
from tui_ingest.ingest.attachment.order_post import OrderPost
from tui_ingest.ingest.attachment.progress import Progress, recall
from tui_ingest.ingest.deadletters import Retry
from tui_ingest.ingest.events import (
    Attached,
    Event,
    EventKind,
    ModelVerified,
    Noticed,
    OrdersTaken,
    Progressed,
    State,
    StateChanged,
    StoppedOnError,
    Verified,
)
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.reasons import Failure, first_line
from tui_ingest.ingest.session.cursor import started
from tui_ingest.ingest.session.idle import newest
from tui_ingest.ingest.session.publisher import set_aside, stopped_before
from tui_ingest.ingest.status import state_of
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, Order, ProcessedFile
from tui_ingest.oplog.log import Backlog, Entry, Log, LogError, Position
from tui_ingest.oplog.records import Malformed, MalformedReason, RecordLocation

LOOK_SECONDS = 0.4  # between two looks at the database


@dataclass(eq=False)
class Observer:
    """Looks at the database, and where it can at the files, and reports what has changed.

    Args:
        log: another reader of the log; the caller closes it.
        post: orders, from any thread.
        report: called with every event, in the thread of `run`.
        by: who gives the orders, for people.
    """

    log: Log
    target: Target
    post: OrderPost
    report: Callable[[Event], None]
    _: KW_ONLY
    by: str

    def __post_init__(self) -> None:
        self._progress = Progress(self.target, self.log)
        self._began = False
        self._runs_on: str | None = None
        self._told: tuple[State, str] | None = None
        self._orders: OrdersTaken | None = None
        self._verdicts: Mapping[str, Verified] = {}  # by model label
        self._last_event = 0  # key of a `LogEvent`
        self._letters: set[int] = set()  # open ones
        self._given: list[int] = []  # orders that wait for an answer
        self._out_of_reach = False

    def run(self) -> None:
        """Look until the post says that it is enough."""
        while not self.post.stopping and not self.post.taking_over:
            try:
                self._look()
            except Exception as error:
                if not is_of_the_database(error):
                    raise
                self.target.connection.close()
                self._change_state(State.WAITING, f"database: {first_line(error)}")
            self.post.wait(LOOK_SECONDS)

    def _look(self) -> None:
        file = self.target.rows(ProcessedFile).filter(file_path=self.log.path).first()
        if file is None:
            self._change_state(State.NOT_RUNNING, "No session has read this log yet.")
            return
        self._give_orders(file)
        if not self._began or self._progress.went_back(file):
            self._begin(file)
        self._tell_owner_and_state(file)
        self._tell_orders(file)
        self._tell_work(file)
        self._tell_verdicts(file)
        self._tell_events(file)

    def _begin(self, file: ProcessedFile) -> None:
        self._progress.begin(file)
        self._letters = self._open_letters(file)
        self._verdicts = verdicts.load(self.target, file)
        self.report(started(self.target, file, self._progress.position, again=self._began))
        self._runs_on = None  # to be told again
        if not self._began:
            last = self._events(file).order_by("-pk").values_list("pk", flat=True).first()
            self._last_event = last or 0
            if recalled := recall(self.target, self.log):
                self.report(recalled)
        self._began = True
        self._look_at_files(file)

    def _tell_owner_and_state(self, file: ProcessedFile) -> None:
        holder = leases.holder(self.target, file.file_path)
        state = state_of(file, holder)
        runs_on = str(holder.owner) if holder and state is not State.NOT_RUNNING else ""
        if runs_on != self._runs_on:
            self._runs_on = runs_on
            self.report(Attached(at=time.time(), runs_on=runs_on))
        self._change_state(state, file.state_reason if runs_on else "", file)

    def _change_state(self, state: State, reason: str, file: ProcessedFile | None = None) -> None:
        if (state, reason) == self._told:
            return
        self._told = state, reason
        if state is State.STOPPED_ON_ERROR and file is not None:
            self.report(self._stopped_before(self._progress.position, file.state_reason))
        self.report(StateChanged(at=time.time(), state=state, reason=reason))

    def _tell_orders(self, file: ProcessedFile) -> None:
        taken = OrdersTaken(
            at=0.0,
            paused=bool(file.paused_by) or self._told == (State.PAUSED, file.state_reason),
            stop_on_error=bool(file.stop_on_error_by),
            paused_by=file.paused_by,
            paused_since=as_timestamp(file.paused_since),
            stop_on_error_by=file.stop_on_error_by,
        )
        if taken != self._orders:
            self._orders = taken
            self.report(taken)

    def _tell_work(self, file: ProcessedFile) -> None:
        still_open = self._open_letters(file)
        new, gone = still_open - self._letters, self._letters - still_open
        self._letters = still_open
        failed = list(newest(self.target, new))
        before = self._progress.position
        if applied := self._progress.since(file, failed):
            self.report(applied)
        for letter in failed:
            self.report(set_aside(letter, error=letter.error))
        for letter in newest(self.target, gone):  # the totals have moved already
            self.report(Retry(dead_letter=letter.pk, status=letter.status).as_event())
        if self._progress.position != before:
            self._look_at_files(file)
        self._tell_backlog(file)

    def _tell_verdicts(self, file: ProcessedFile) -> None:
        before, self._verdicts = self._verdicts, verdicts.load(self.target, file)
        for label, verdict in self._verdicts.items():
            if verdict != before.get(label):
                self.report(ModelVerified(at=time.time(), model=label, verdict=verdict))

    def _tell_events(self, file: ProcessedFile) -> None:
        for event in self._events(file).filter(pk__gt=self._last_event).order_by("pk"):
            self._last_event = event.pk
            self.report(
                Noticed(
                    at=event.time.timestamp(),
                    kind=event.kind,
                    message=event.message,
                    missing_bytes=event.missing_bytes,
                )
            )

    # The files

    def _stopped_before(self, position: Position, why: str) -> StoppedOnError:
        """Return what a session stands before, as far as the files show it.

        Args:
            why: "Stopped on the record at position 396: bad_value: The field votes …"
        """
        reason, _, error = why.partition(": ")[2].partition(": ")
        nowhere = RecordLocation(position.generation, position.offset, 0)
        unknown = Malformed(MalformedReason.BAD_LINE, error, b"", nowhere)
        failure = Failure(reason=reason, error=error)
        return stopped_before(self._entry_at(position) or unknown, failure)

    def _entry_at(self, position: Position) -> Entry | None:
        """Return the entry after a position; the log stays there."""
        try:
            self.log.resume(position)
            batch = self.log.read(max_records=1, max_bytes=1, final=True)
            self.log.resume(position)
        except LogError:
            return None
        return batch.entries[0] if batch and batch.entries else None

    def _look_at_files(self, file: ProcessedFile) -> None:
        """Have the log's reader stand where the session stands."""
        try:
            self.log.resume(checkpoints.position_of(file))
        except LogError:
            self._be_out_of_reach(file)

    def _tell_backlog(self, file: ProcessedFile) -> None:
        backlog = self.log.backlog()
        if not backlog.readable or (not backlog.exists and file.state != State.NO_FILE_YET):
            self._be_out_of_reach(file)
            rest = max(0, file.size - self._progress.position.offset)
            unread = rest if file.unread is None else file.unread
            backlog = Backlog(
                exists=True, readable=False, generation_size=file.size, remaining_bytes=unread
            )
        self.report(Progressed(at=time.time(), backlog=backlog, position=self._progress.position))

    def _be_out_of_reach(self, file: ProcessedFile) -> None:
        if self._out_of_reach:
            return
        self._out_of_reach = True
        where = f" It is on {file.owner_host}." if file.owner_host else ""
        self._notice(
            EventKind.OUT_OF_REACH,
            f"{file.file_path} cannot be read from here.{where} Failures and events are shown;"
            " records are not.",
        )

    # Orders

    def _give_orders(self, file: ProcessedFile) -> None:
        while order := self.post.take():
            kind, argument = order
            self._given.append(orders.give(self.target, file, kind, argument, by=self.by).pk)
        if not self._given:
            return
        for answered in (
            self.target.rows(Order).filter(pk__in=self._given).exclude(status=Order.Status.OPEN)
        ):
            self._given.remove(answered.pk)
            if answered.status == Order.Status.REFUSED:
                name = answered.kind.replace("_", " ")
                self._notice(EventKind.ORDER_REFUSED, f"{name}: {answered.answer}")

    # Rows

    def _events(self, file: ProcessedFile) -> QuerySet[LogEvent]:
        return self.target.rows(LogEvent).filter(file=file)

    def _open_letters(self, file: ProcessedFile) -> set[int]:
        letters = deadletters.search(self.target, file, status=DeadLetter.Status.OPEN)
        return set(letters.order_by().values_list("pk", flat=True))

    def _notice(self, kind: EventKind, message: str) -> None:
        self.report(Noticed(at=time.time(), kind=kind, message=message))
