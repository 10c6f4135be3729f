"""Where a session stands, put together from its events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from tui_ingest.ingest.events import (
    BatchApplied,
    DeadLetterResolved,
    Event,
    Noticed,
    Progressed,
    RecordSetAside,
    SessionStarted,
    State,
    StateChanged,
)
from tui_ingest.ingest.wording import duration, plural, size
from tui_ingest.oplog.log import Backlog, NoticeKind

RATE_SECONDS = 10.0  # over which the rate is averaged


class Standing:
    """The last known facts about a session; `take` every event to keep them so."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.state = State.STARTING
        self.reason = ""
        self.attempt = 0
        self.retry_at: float | None = None  # seconds since the epoch
        self.position = 0  # bytes of the generation being read
        self.backlog = Backlog(exists=False)
        self.records = 0  # applied or set aside by this session
        self.dead_letters = 0  # open ones
        self.gaps = 0
        self.last_record_time: float | None = None  # seconds since the epoch
        self._clock = clock
        self._recent: deque[tuple[float, int]] = deque([(clock(), 0)])  # time, records until then

    def take(self, event: Event) -> None:
        """Learn from an event."""
        match event:
            case SessionStarted():
                self.position = event.position.offset
                self.dead_letters = event.dead_letters
                self.gaps = event.gaps
                self.last_record_time = event.last_record_time
            case StateChanged():
                self.state, self.reason = event.state, event.reason
                self.attempt, self.retry_at = event.attempt, event.retry_at
            case BatchApplied():
                self._applied(event)
            case RecordSetAside():
                self.dead_letters += 1
            case DeadLetterResolved():
                self.dead_letters = max(0, self.dead_letters - 1)
            case Noticed(kind=NoticeKind.GAP):
                self.gaps += 1
            case Progressed():
                self.backlog = event.backlog
                self.position = event.position.offset

    def _applied(self, event: BatchApplied) -> None:
        self.position = event.position.offset
        self.records += len(event.entries)
        if event.last_record_time is not None:
            self.last_record_time = event.last_record_time
        self._recent.append((event.at, self.records))

    @property
    def rate(self) -> float:
        """Records per second over the last seconds."""
        now = self._clock()
        while len(self._recent) > 1 and self._recent[1][0] < now - RATE_SECONDS:
            self._recent.popleft()
        since, records = self._recent[0]
        return (self.records - records) / max(now - since, 0.1)

    @property
    def share(self) -> float:
        """How much of the generation is done, from 0 to 1."""
        size_ = max(self.backlog.generation_size, self.position)
        return self.position / size_ if size_ else 0.0

    @property
    def percent(self) -> str:
        """The share, rounded down: 100 % is the end and nothing before it."""
        return f"{int(self.share * 100)}%"

    @property
    def word(self) -> str:
        """The state and nothing about it."""
        return self.state.replace("_", " ").upper()

    @property
    def title(self) -> str:
        """The state in words, with what an operator must know about it."""
        word = self.word
        if self.state is State.WAITING and self.retry_at is not None:
            seconds = max(0.0, self.retry_at - self._clock())
            attempt = f"attempt {self.attempt}, " if self.attempt else ""  # standing by is none
            return f"{word}: {self.reason.rstrip('.')}; {attempt}next in {seconds:.0f} s"
        return f"{word}: {self.reason}" if self.reason else word

    def figures(self) -> list[str]:
        """Return position, rate, lag and losses, each as a few words."""
        size_ = max(self.backlog.generation_size, self.position)
        return [
            f"position {self.position} of {size_}",
            f"{self.rate:,.0f}/s",
            *self._lag(),
            *self._losses(),
        ]

    def _lag(self) -> list[str]:
        if not self.backlog.remaining_bytes:
            return []
        behind = size(self.backlog.remaining_bytes)
        if self.last_record_time is not None:
            behind += f" and {duration(max(0.0, self._clock() - self.last_record_time))}"
        older = self.backlog.older_generations
        return [f"{behind} behind", *([f"{plural(older, 'older file')} to go"] if older else [])]

    def _losses(self) -> list[str]:
        losses = [plural(self.dead_letters, "dead letter")] if self.dead_letters else []
        return [*losses, plural(self.gaps, "gap")] if self.gaps else losses
