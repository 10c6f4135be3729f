"""From the session's thread to the screen: a snapshot that is pulled, not a stream of messages."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tui_ingest.ingest.display import inert
from tui_ingest.ingest.events import (
    BatchApplied,
    Counts,
    DeadLetterResolved,
    Event,
    Noticed,
    Progressed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
    StoppedOnError,
)
from tui_ingest.oplog.log import Backlog, NoticeKind, Position
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.intake import HISTORY, Intake
from tui_ingest.tui.lines import Level, Line, MarkerLine, RecordLine, short

# States that are told in the log pane. Running and caught up alternate all day, and a wait has
# its own notice.
_TOLD = {
    State.STOPPED_ON_ERROR: Level.ERROR,
    State.NO_FILE_YET: Level.WARNING,
    State.FINISHED: Level.INFO,
    State.STOPPED: Level.INFO,
}
_GRAVE_NOTICES = {NoticeKind.GAP: Level.ERROR, NoticeKind.TRUNCATED: Level.WARNING}


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Where the session stands."""

    path: str = ""
    state: State = State.STARTING
    reason: str = ""
    attempt: int = 0  # WAITING: how often it was tried
    retry_at: float | None = None  # WAITING: seconds since the epoch
    position: Position = field(default_factory=Position)
    backlog: Backlog | None = None  # None until it was looked up
    totals: Mapping[str, Counts] = field(default_factory=dict)  # lifetime, by model label
    session: Mapping[str, Counts] = field(default_factory=dict)  # of this session
    records: int = 0  # that this session applied or set aside
    dead_letters: int = 0  # open ones
    gaps: int = 0
    last_record_time: float | None = None  # seconds since the epoch, by the source's clock
    last_error: str = ""
    stopped_on: StoppedOnError | None = None
    ended: SessionEnded | None = None


class Feed:
    """What the session reports, kept for whoever looks.

    `report` runs in the session's thread (and in the threads that repair dead letters); the
    screen calls `take` from its own. The cost of a report does not grow with its batch.
    """

    def __init__(self) -> None:
        # Called once by `report` when something is new and the last look found nothing, so that
        # a single record is on the screen at once.
        self.on_news: Callable[[], None] = _nobody
        self._lock = threading.Lock()
        self._idle = True
        self._snapshot = Snapshot()
        self._totals: dict[str, Counts] = {}
        self._session: dict[str, Counts] = {}
        self._intake = Intake()
        self._unexplained: dict[RecordLocation, RecordLine] = {}
        self._letters: weakref.WeakValueDictionary[int, RecordLine] = weakref.WeakValueDictionary()
        self._last_failed: int | None = None  # the dead letter of the last error
        self._messages: deque[MarkerLine] = deque(maxlen=HISTORY)

    def report(self, event: Event) -> None:
        """Take note of an event."""
        with self._lock:
            self._take_note(event)
            woken, self._idle = self._idle, False
        if woken:
            self.on_news()

    def log(self, message: MarkerLine) -> None:
        """Keep a line of the application's own logging for the list of events."""
        self._messages.append(message)

    @property
    def messages(self) -> list[MarkerLine]:
        """What the application logged while the console runs, oldest first."""
        return list(self._messages)

    def take(self) -> tuple[Snapshot, list[Line]]:
        """Return where the session stands and the lines that are new since the last call."""
        with self._lock:
            lines = self._intake.drain()
            self._idle = not lines
            return (
                replace(self._snapshot, totals=dict(self._totals), session=dict(self._session)),
                lines,
            )

    def _take_note(self, event: Event) -> None:
        match event:
            case BatchApplied():
                self._applied(event)
            case RecordSetAside():
                self._set_aside(event)
            case Progressed():
                self._change(backlog=event.backlog, position=event.position)
            case StateChanged():
                self._state_changed(event)
            case DeadLetterResolved():
                self._resolved(event)
            case Noticed():
                self._noticed(event)
            case StoppedOnError():
                self._change(stopped_on=event)
            case SessionStarted():
                self._started(event)
            case SessionEnded():
                self._change(ended=event)

    def _change(self, **changes: object) -> None:
        self._snapshot = replace(self._snapshot, **changes)  # type: ignore[arg-type]

    def _started(self, event: SessionStarted) -> None:
        self._totals = dict(event.totals)
        self._change(
            path=event.path,
            position=event.position,
            dead_letters=event.dead_letters,
            gaps=event.gaps,
            last_record_time=event.last_record_time,
        )

    def _applied(self, event: BatchApplied) -> None:
        for line in self._intake.add_batch(event.entries, event.unusual):
            self._unexplained[line.location] = line
        _add(self._totals, event.counts)
        _add(self._session, event.counts)
        self._change(
            position=event.position,
            last_record_time=event.last_record_time or self._snapshot.last_record_time,
            records=self._snapshot.records + len(event.entries),
        )

    def _set_aside(self, event: RecordSetAside) -> None:
        error = f"{event.reason}: {short(event.error)}"
        line = self._unexplained.pop(event.location, None)
        if line is not None:
            line.note = error
            line.dead_letter = event.dead_letter
            if event.dead_letter is not None:
                self._letters[event.dead_letter] = line
        self._last_failed = event.dead_letter
        self._change(
            dead_letters=self._snapshot.dead_letters + 1,
            last_error=f"{short(event.model)} {short(event.pk)} {error}".strip(),
        )

    def _resolved(self, event: DeadLetterResolved) -> None:
        line = self._letters.pop(event.dead_letter, None)
        if line is not None:
            line.resolution = event.status
        _add(self._totals, event.counts)
        _add(self._session, event.counts)
        left = max(0, self._snapshot.dead_letters - 1)
        # Nobody should look for an error that is put right.
        is_over = not left or event.dead_letter == self._last_failed
        self._change(dead_letters=left, last_error="" if is_over else self._snapshot.last_error)

    def _state_changed(self, event: StateChanged) -> None:
        stopped = event.state is State.STOPPED_ON_ERROR
        self._change(
            state=event.state,
            reason=inert(event.reason),
            attempt=event.attempt,
            retry_at=event.retry_at,
            stopped_on=self._snapshot.stopped_on if stopped else None,
        )
        if event.state in _TOLD:
            level = (
                Level.ERROR if event.reason and event.state is State.STOPPED else _TOLD[event.state]
            )
            self._mark(event.at, event.state.value, event.reason, level)

    def _noticed(self, event: Noticed) -> None:
        if event.kind == NoticeKind.GAP:
            self._change(gaps=self._snapshot.gaps + 1)
        level = _GRAVE_NOTICES.get(event.kind, Level.INFO)  # type: ignore[call-overload]
        self._mark(event.at, event.kind, event.message, level)

    def _mark(self, at: float, kind: str, text: str, level: Level) -> None:
        self._intake.add(MarkerLine(at=at, kind=short(kind), text=inert(text), level=level))


def _nobody() -> None:
    """Nobody is waiting."""


def _add(totals: dict[str, Counts], changes: Mapping[str, Counts]) -> None:
    for label, change in changes.items():
        totals[label] = totals.get(label, Counts()) + change
