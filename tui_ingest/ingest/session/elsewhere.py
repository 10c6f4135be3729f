"""Dead letters that wait for rows which something else may bring: another log, an admin, a view."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tui_ingest.ingest.deadletters import AutoRetry, Retry

REST_SECONDS = 10.0  # between two rounds over all that wait
PART = 50  # of them, looked at together: a record that comes never waits for longer


class Elsewhere:
    """Looks at the dead letters that wait, part by part, when the session has nothing else to do.

    Nobody tells a session what others write, so it asks. What was applied to no effect is left to
    those who are told why, until the next start: it would fail every time.
    """

    def __init__(self) -> None:
        self._after = 0  # the last dead letter that was looked at in this round
        self._rests_until = 0.0  # monotonic seconds
        self._in_vain: set[int] = set()

    @property
    def is_due(self) -> bool:
        """Whether it is time to look at the next part."""
        return time.monotonic() >= self._rests_until

    def next_part(self, letters: AutoRetry) -> Iterator[Retry]:
        """Retry those of the next part whose rows have come."""
        part = letters.waiting(after=self._after, most=PART)
        self._after = part[-1] if len(part) == PART else 0
        if not self._after:
            self._rests_until = time.monotonic() + REST_SECONDS
        for result in letters.look_again(set(part) - self._in_vain):
            if not result.applied:
                self._in_vain.add(result.dead_letter)
            yield result
