"""Trouble that lasts: said once, again when it changes or comes back, and else ever more seldom."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

FIRST_SECONDS = 60.0  # before the same is said again; twice as long each time
MOST_SECONDS = 3600.0
MOST_RETURNS = 5  # that are said at once; then it is said once a minute that it comes and goes
FORGOTTEN_SECONDS = 600.0  # after which the same trouble is another one
_MOST_REASONS = 20  # that are remembered


@dataclass
class _Known:
    """One kind of trouble."""

    since: float  # seconds since the epoch, as the next three
    last: float
    said: float
    pause: float  # seconds, before it is said again
    times: int = 1
    returns: int = 0  # after it was over


class Troubles:
    """What was said of trouble, so that it is not said over and over.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}  # by its reason, the one that was met last is the last
        self._is_told = False  # of what goes on now
        self._is_over = False

    def again(self, reason: str) -> str | None:
        """Take note of trouble; return what is to be said after its reason.

        None if it is not worth a word, "" if it is new, else how often it was met and since when.
        """
        now = self._clock()
        is_back, self._is_over = self._is_over, False
        known = self._known.pop(reason, None)
        if known is None or now - known.last > FORGOTTEN_SECONDS:
            self._known[reason] = _Known(since=now, last=now, said=now, pause=FIRST_SECONDS)
            while len(self._known) > _MOST_REASONS:
                del self._known[next(iter(self._known))]
            self._is_told = True
            return ""
        self._known[reason] = known
        known.last, known.times = now, known.times + 1
        if is_back:
            known.returns, known.pause = known.returns + 1, FIRST_SECONDS
        is_news = is_back and known.returns <= MOST_RETURNS
        if not is_news and now - known.said < known.pause:
            return None
        known.said = now
        if not is_back:
            known.pause = min(2 * known.pause, MOST_SECONDS)
        self._is_told = True
        since = datetime.fromtimestamp(known.since).astimezone()
        return f"{known.times:,} times since {since:%Y-%m-%d %H:%M:%S}"

    def over(self) -> bool:
        """Take note that it is over; tell whether that is worth a word: it was said to be there."""
        is_told, self._is_told, self._is_over = self._is_told, False, True
        return is_told
