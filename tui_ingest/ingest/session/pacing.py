"""How much to take at once, and how long to wait before another try."""

from __future__ import annotations

import random
from collections.abc import Callable


class BatchSizer:
    """Small batches while following, large ones in a backlog, none longer than a fixed time."""

    SMALLEST = 64  # records
    LARGEST = 20_000

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds  # that a batch should take
        self._size = self.SMALLEST

    @property
    def records(self) -> int:
        """How many records to read next."""
        return self._size

    def took(self, records: int, seconds: float) -> None:
        """Learn from a batch that was written."""
        if records * 2 < self._size and seconds < self._seconds:
            return  # the log had no more: nothing to learn about larger batches
        affordable = int(records * self._seconds / max(seconds, 1e-6))
        # Doubling at the most: one lucky batch is no promise for the next.
        self._size = max(self.SMALLEST, min(affordable, 2 * self._size, self.LARGEST))


class Backoff:
    """Exponential, capped and jittered, so that waiting clients do not return in step."""

    FIRST = 0.5  # seconds

    def __init__(self, cap: float, jitter: Callable[[], float] = random.random) -> None:
        self._cap = cap  # seconds
        self._jitter = jitter
        self.attempt = 0

    def next(self) -> float:
        """Count another failure and return how long to wait, in seconds."""
        # Far past the cap the power itself would overflow.
        delay = min(self._cap, self.FIRST * 2.0 ** min(self.attempt, 32))
        self.attempt += 1
        return delay * (0.75 + 0.25 * self._jitter())

    def reset(self) -> None:
        """Begin again after a success."""
        self.attempt = 0
