"""What is worth a line, where a session stands, and the words of both.

Everything that came out of a log is inert in a line about what happened; a title is not yet.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from tui_ingest.ingest.events import (
    BatchApplied,
    Counts,
    DeadLetterResolved,
    Event,
    EventKind,
    Noticed,
    RecordFailed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StoppedOnError,
)
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.status import SessionStatus, is_backlog
from tui_ingest.ingest.totals import COLUMNS, in_order, shown
from tui_ingest.words.numbers import duration, plural, size
from tui_ingest.words.terminal_safe import terminal_safe

WORD_CHARACTERS = 1_000  # of what a record says of itself; ingest_deadletters shows it all
RATE_SECONDS = 10.0  # over which the rate is averaged


class Standing:
    """The status of a session in words; `take` every event to keep it up to date."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.status = SessionStatus()
        self._clock = clock
        self._recent: deque[tuple[float, int]] = deque([(clock(), 0)])  # time, records until then

    def take(self, event: Event) -> None:
        """Learn from an event."""
        self.status = self.status.after(event)
        if isinstance(event, BatchApplied):
            self._recent.append((event.at, self.status.records))

    @property
    def rate(self) -> float:
        """Records per second over the last seconds."""
        now = self._clock()
        while len(self._recent) > 1 and self._recent[1][0] < now - RATE_SECONDS:
            self._recent.popleft()
        since, records = self._recent[0]
        return (self.status.records - records) / max(now - since, 0.1)

    @property
    def percent(self) -> str:
        """The share, rounded down: 100 % is the end and nothing before it."""
        return f"{int(self.status.share * 100)}%"

    @property
    def word(self) -> str:
        """The state and nothing about it."""
        return self.status.state.replace("_", " ").upper()

    @property
    def title(self) -> str:
        """The state in words, with what an operator must know about it."""
        status, word = self.status, self.word
        if status.state is State.WAITING and status.retry_at is not None:
            seconds = max(0.0, status.retry_at - self._clock())
            attempt = f"attempt {status.attempt}, " if status.attempt else ""  # standing by is none
            return f"{word}: {status.reason.rstrip('.')}; {attempt}next in {seconds:.0f} s"
        return f"{word}: {status.reason}" if status.reason else word

    def figures(self) -> list[str]:
        """Return position, rate, lag and losses, each as a few words."""
        return [
            f"position {self.status.position.offset} of {self.status.size}",
            f"{self.rate:,.0f}/s",
            *self._lag(),
            *self._losses(),
        ]

    def _lag(self) -> list[str]:
        backlog, last_record_time = self.status.backlog, self.status.last_record_time
        if backlog is None or not backlog.remaining_bytes:
            return []
        age = None if last_record_time is None else max(0.0, self._clock() - last_record_time)
        left = size(backlog.remaining_bytes)
        if age is None or is_backlog(age):
            behind = f"{left} left"
        else:
            behind = f"{left} and {duration(age)} behind"
        older = backlog.older_generations
        return [behind, *([f"{plural(older, 'older file')} to go"] if older else [])]

    def _losses(self) -> list[str]:
        letters, gaps = self.status.dead_letters, self.status.gaps
        losses = [f"{plural(letters, 'dead letter')} open"] if letters else []
        return [*losses, plural(gaps, "gap")] if gaps else losses


class LastFailure:
    """Names the record that failed last: where to look when a session could not go on."""

    def __init__(self) -> None:
        self._subject = ""

    def take(self, event: Event) -> None:
        """Learn from an event."""
        if isinstance(event, RecordFailed):
            self._subject = _subject(event)

    def __str__(self) -> str:
        return f"The last record that failed: {self._subject}." if self._subject else ""


def told(event: Event, *, project: str, dry_run: bool) -> Iterator[str]:
    """Yield the lines that an event is worth, whenever it happens; for most there are none.

    Args:
        project: what the operator knows the project by.
    """
    match event:
        case SessionStarted(again=False):
            yield _opening(event, project, dry_run=dry_run)
        case RecordSetAside():
            letter = f"dead letter {event.dead_letter}: " if event.dead_letter is not None else ""
            yield f"set aside: {letter}{_subject(event)}: {event.reason}: {_short(event.error)}"
        case StoppedOnError():
            error = _short(first_line(event.error))
            yield f"stopped before: {_subject(event)}: {event.reason}: {error}"
        case DeadLetterResolved():
            yield f"dead letter {event.dead_letter}: {event.status}"
        case Noticed() if event.kind != EventKind.WAITING:  # the state says so, and counts down
            yield f"{event.kind}: {terminal_safe(event.message)}"
        case SessionEnded():
            yield from _closing(event, dry_run=dry_run)


def _subject(event: RecordFailed) -> str:
    words = [event.operation, event.model, event.pk]
    what = " ".join(_short(word) for word in words if word) or "a line"
    return f"{what} at position {event.location.start}"


def _short(text: str) -> str:
    """Return inert text of a bounded length: a key or a value may be megabytes."""
    cut = len(text) > WORD_CHARACTERS
    return terminal_safe(f"{text[: WORD_CHARACTERS - 1]}…" if cut else text)


def _opening(event: SessionStarted, project: str, *, dry_run: bool) -> str:
    words = [
        terminal_safe(event.path),
        f"from position {event.position.offset}",
        f"in {terminal_safe(project)}, database {terminal_safe(event.database)}",
    ]
    if event.dead_letters:
        words.append(plural(event.dead_letters, "dead letter"))
    if event.gaps:
        words.append(plural(event.gaps, "gap"))
    if dry_run:
        words.append("dry run: nothing will be kept")
    return f"started: {', '.join(words)}"


def _closing(event: SessionEnded, *, dry_run: bool) -> Iterator[str]:
    state = event.state.replace("_", " ")
    end = f"{state}: {terminal_safe(event.error)}" if event.error else state
    words = [plural(event.set_aside, "record") + " set aside"]
    if dry_run:
        words.append("dry run: nothing was kept")
    if sum(counts.failed for counts in event.counts.values()) > event.set_aside:
        words.append("counted for each model that they name")
    yield f"{end} ({', '.join(words)})"
    for label in in_order(event.counts):
        yield f"  {shown(label)}: {_words(event.counts[label])}"


def _words(counts: Counts) -> str:
    return ", ".join(f"{getattr(counts, name):,} {name}" for name in COLUMNS)
