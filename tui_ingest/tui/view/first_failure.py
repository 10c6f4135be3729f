"""When a failure is worth a sound: the first one after a quiet time."""

from __future__ import annotations

QUIET_SECONDS = 600.0  # without a record set aside, after which the next one is news


class FirstFailure:
    """Looks at a counter that only grows."""

    def __init__(self) -> None:
        self._seen = 0
        self._at: float | None = None  # when it grew last

    def is_news(self, set_aside: int, now: float) -> bool:
        """Tell whether a record was set aside, and none for a while before.

        Args:
            set_aside: by this session, so far.
            now: seconds, by any clock that does not jump.
        """
        if set_aside <= self._seen:
            return False
        before, self._seen, self._at = self._at, set_aside, now
        return before is None or now - before > QUIET_SECONDS
