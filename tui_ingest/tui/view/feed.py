"""From the session's thread to the screen: a status that is pulled, not a stream of messages.

Of lines, a screenful that is new since the last look, and how many records were left out.
"""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from tui_ingest.ingest.events import (
    BatchApplied,
    DeadLetterResolved,
    Event,
    FailureSuperseded,
    Noticed,
    Outcome,
    Recalled,
    RecordSetAside,
    Severity,
    State,
    StateChanged,
    severity_of,
)
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.view.lines import (
    KEPT_LINES,
    ElidedLine,
    Line,
    MarkerLine,
    RecordLine,
    ordinary_outcome,
    record_line,
    short,
)
from tui_ingest.words.terminal_safe import terminal_safe

SCREENFUL = 40  # ordinary records shown per look; more could not be read anyway

# States that are told in the log pane. Running and caught up alternate all day, and a wait has
# its own notice.
_TOLD = {
    State.STOPPED_ON_ERROR: Severity.ERROR,
    State.NO_FILE_YET: Severity.WARNING,
    State.FINISHED: Severity.INFO,
    State.STOPPED: Severity.INFO,
}


class LineSampler:
    """Collects lines in the session's thread at a cost that does not grow with the batch.

    Failures and markers are always kept. Of the ordinary records the latest are, and of the rest
    the number.
    """

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._ordinary = 0  # lines of records that did not fail

    def add(self, line: Line) -> None:
        """Add one line that must be shown."""
        self._lines.append(line)
        self._trim()

    def leave_out(self, records: int) -> None:
        """Count records that nobody has seen."""
        if records:
            self._lines.append(ElidedLine(records))

    def add_batch(
        self, entries: Sequence[Entry], unusual: Mapping[int, Outcome]
    ) -> list[RecordLine]:
        """Add a batch; return the lines of the records that failed."""
        failed = [index for index, what in unusual.items() if what is Outcome.FAILED]
        surplus = len(entries) - len(failed) - SCREENFUL
        lines = []
        start = 0
        for index in sorted(failed):
            surplus = self._add_run(entries, unusual, range(start, index), surplus)
            line = record_line(entries[index], Outcome.FAILED)
            self._lines.append(line)
            lines.append(line)
            start = index + 1
        self._add_run(entries, unusual, range(start, len(entries)), surplus)
        self._trim()
        return lines

    def drain(self) -> list[Line]:
        """Return what was collected, and begin again."""
        lines = _compressed(self._lines, self._ordinary - SCREENFUL)
        self._lines = deque()
        self._ordinary = 0
        return lines

    def _add_run(
        self, entries: Sequence[Entry], unusual: Mapping[int, Outcome], run: range, surplus: int
    ) -> int:
        """Add records that did not fail, but the first `surplus`; return what remains of it."""
        left_out = max(0, min(surplus, len(run)))
        if left_out:
            self._lines.append(ElidedLine(left_out))
        for index in run[left_out:]:
            entry = entries[index]
            outcome = unusual.get(index) or ordinary_outcome(entry)
            self._lines.append(record_line(entry, outcome))
        self._ordinary += len(run) - left_out
        return surplus - left_out

    def _trim(self) -> None:
        """Keep a bound while nobody looks: the screen may be stuck, the session is not."""
        if self._ordinary > 8 * SCREENFUL or len(self._lines) > 2 * KEPT_LINES:
            lines = _compressed(self._lines, self._ordinary - SCREENFUL)
            self._lines = deque(lines, maxlen=2 * KEPT_LINES)
            self._ordinary = min(self._ordinary, SCREENFUL)


def _compressed(lines: deque[Line], surplus: int) -> list[Line]:
    """Return the lines with the oldest `surplus` ordinary records merged into elided ones."""
    result: list[Line] = []
    elided = 0
    for line in lines:
        if isinstance(line, ElidedLine):
            elided += line.records
        elif surplus > 0 and isinstance(line, RecordLine) and line.outcome is not Outcome.FAILED:
            elided += 1
            surplus -= 1
        else:
            if elided:
                result.append(ElidedLine(elided))
                elided = 0
            result.append(line)
    if elided:
        result.append(ElidedLine(elided))
    return result


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
        self._status = SessionStatus()
        self._sampler = LineSampler()
        self._unexplained: dict[RecordLocation, RecordLine] = {}
        self._letters: weakref.WeakValueDictionary[int, RecordLine] = weakref.WeakValueDictionary()
        # Those of a dry run, which have no ids.
        self._rehearsed: weakref.WeakValueDictionary[RecordLocation, RecordLine] = (
            weakref.WeakValueDictionary()
        )
        self._messages: deque[MarkerLine] = deque(maxlen=KEPT_LINES)

    def begin_with(self, status: SessionStatus) -> None:
        """Go on from what is known of a session that has reported nothing here."""
        with self._lock:
            self._status = status

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

    @property
    def status(self) -> SessionStatus:
        """Where the session stands, for whoever leaves the lines to the screen."""
        with self._lock:
            return self._status

    def take(self) -> tuple[SessionStatus, list[Line]]:
        """Return where the session stands and the lines that are new since the last call."""
        with self._lock:
            lines = self._sampler.drain()
            self._idle = not lines
            return self._status, lines

    def _take_note(self, event: Event) -> None:
        self._status = self._status.after(event)
        match event:
            case Recalled():
                self._recall(event)
            case BatchApplied():
                self._sampler.leave_out(event.unseen)
                for line in self._sampler.add_batch(event.entries, event.unusual):
                    self._unexplained[line.location] = line
            case RecordSetAside():
                self._explain(event)
            case DeadLetterResolved():
                _resolve(self._letters.pop(event.dead_letter, None), event.status)
            case FailureSuperseded():
                superseded = self._rehearsed.pop(event.location, None)
                _resolve(superseded, DeadLetter.Status.SUPERSEDED)
            case StateChanged() if event.state in _TOLD:
                failed = event.reason and event.state is State.STOPPED
                severity = Severity.ERROR if failed else _TOLD[event.state]
                self._mark(event.at, self._called(event.state), event.reason, severity)
            case Noticed():
                self._mark(event.at, event.kind, event.message, severity_of(event.kind))

    def _called(self, state: State) -> str:
        """Return what a state is called; there was a file if something of it was applied."""
        is_gone = state is State.NO_FILE_YET and self._status.position.offset
        return "file_gone" if is_gone else state.value

    def _recall(self, event: Recalled) -> None:
        """Begin with what was applied before anybody looked."""
        for index, entry in enumerate(event.entries):
            letter = event.letters.get(index)
            line = record_line(entry, Outcome.FAILED if letter else ordinary_outcome(entry))
            line.earlier = True
            if letter is not None:
                line.note = f"{letter.reason}: {short(letter.error)}"
                line.dead_letter = letter.id
                self._letters[letter.id] = line
            self._sampler.add(line)

    def _explain(self, event: RecordSetAside) -> None:
        """Say on the line of a failed record why it failed."""
        line = self._unexplained.pop(event.location, None)
        if line is None:
            return
        line.note = f"{event.reason}: {short(event.error)}"
        line.dead_letter = event.dead_letter
        if event.dead_letter is not None:
            self._letters[event.dead_letter] = line
        else:
            self._rehearsed[event.location] = line

    def _mark(self, at: float, kind: str, text: str, severity: Severity) -> None:
        self._sampler.add(
            MarkerLine(at=at, kind=short(kind), text=terminal_safe(text), severity=severity)
        )


def _resolve(line: RecordLine | None, resolution: str) -> None:
    """Say on the line of a failed record, if it is still kept, what became of it."""
    if line is not None:
        line.resolution = resolution


def _nobody() -> None:
    """Nobody is waiting."""
