"""Where a session stands, in the words of a line."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from tui_ingest.ingest.events import BatchApplied, Event, State
from tui_ingest.ingest.status import SessionStatus, is_backlog
from tui_ingest.words.numbers import duration, plural, size

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
