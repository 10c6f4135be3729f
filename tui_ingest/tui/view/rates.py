"""How fast records are applied, and when the backlog will be gone."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
HISTORY_SECONDS = 600  # of bars; the widest terminal shows fewer
NOW_SECONDS = 3.0  # over which the present rate is averaged
PACE_LOOKS = 60  # that have a bar
PACE_NOW_LOOKS = 3  # over which the present rate of one of many logs is averaged
TREND_SECONDS = 15.0  # over which the backlog is seen to shrink or grow
TREND_NEEDS_SECONDS = 2.0  # before a trend is believed


class RateHistory:
    """Records per second, one bar a second."""

    def __init__(self) -> None:
        self.bars: deque[int] = deque(maxlen=HISTORY_SECONDS)  # records, finished seconds only
        self.peak = 0  # the highest bar of this session
        self._second: int | None = None
        self._at_start = 0  # records when the running second began
        self._recent: deque[tuple[float, int]] = deque()

    def sample(self, now: float, records: int) -> None:
        """Take a look at a counter that only grows, several times a second.

        Args:
            now: seconds, by any clock that does not jump.
            records: applied so far.
        """
        if self._second is None:
            self._second, self._at_start = int(now), records
        while self._second < int(now):
            self._finish_second(records)
            self._second += 1
        self._recent.append((now, records))
        while now - self._recent[0][0] > NOW_SECONDS:
            self._recent.popleft()

    @property
    def now(self) -> float:
        """Records per second over the last three seconds."""
        if len(self._recent) < 2:
            return 0.0
        (start, before), (end, after) = self._recent[0], self._recent[-1]
        return (after - before) / max(end - start, 0.2)

    def _finish_second(self, records: int) -> None:
        bar = records - self._at_start
        self.bars.append(bar)
        self.peak = max(self.peak, bar)
        self._at_start = records


class Pace:
    """Records per second of a log that is looked at every second or so, from outside."""

    def __init__(self) -> None:
        self.bars: deque[int] = deque(maxlen=PACE_LOOKS)  # records per second, between two looks
        self._last: tuple[float, int] | None = None

    def sample(self, now: float, records: int) -> None:
        """Take a look at a counter.

        Args:
            now: seconds, by any clock that does not jump.
            records: applied so far.
        """
        if self._last is not None:
            then, before = self._last
            self.bars.append(max(0, round((records - before) / max(now - then, 0.2))))
        self._last = now, records

    @property
    def now(self) -> int:
        """Records per second over the last few looks."""
        recent = list(self.bars)[-PACE_NOW_LOOKS:]
        return round(sum(recent) / len(recent)) if recent else 0


class Trend:
    """Whether the backlog shrinks, and how long until nothing is left of it."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, float | None]] = deque()

    def sample(self, now: float, remaining: int, last_record_time: float | None = None) -> None:
        """Take a look at what is left.

        Args:
            now: seconds, by any clock that does not jump.
            remaining: bytes.
            last_record_time: of what was applied last, seconds since the epoch.
        """
        self._samples.append((now, remaining, last_record_time))
        while now - self._samples[0][0] > TREND_SECONDS:
            self._samples.popleft()

    @property
    def bytes_per_second(self) -> float | None:
        """How fast the backlog grows; negative if it shrinks; None if it is too early to say."""
        if not self._samples:
            return None
        (start, before, _), (end, after, _) = self._samples[0], self._samples[-1]
        if end - start < TREND_NEEDS_SECONDS:
            return None
        return (after - before) / (end - start)

    @property
    def falls_behind(self) -> bool:
        """Whether the backlog grows, and what is applied gets older meanwhile.

        Of old files that are found or unpacked only now, it grows as well: their records get
        younger by more than the time that goes by.
        """
        speed = self.bytes_per_second
        if speed is None or speed <= 0:
            return False
        (start, _, before), (end, _, after) = self._samples[0], self._samples[-1]
        return before is None or after is None or after - before < end - start

    @property
    def arrow(self) -> str:
        """↓ while the backlog shrinks, ↑ while it grows, → while it does neither."""
        speed = self.bytes_per_second
        if speed is None:
            return ""
        return "↓" if speed < 0 else "↑" if speed > 0 else "→"

    @property
    def seconds_left(self) -> float | None:
        """When the backlog will be gone at this speed; None if it does not shrink."""
        speed = self.bytes_per_second
        if speed is None or speed >= 0:
            return None
        return self._samples[-1][1] / -speed


def sparkline(rates: Sequence[int], width: int, top: int) -> str:
    """Return the last rates as bars, in exactly so many cells.

    Args:
        top: the rate that has the full height.
    """
    shown = list(rates)[-width:] if width > 0 else []
    bars = (BARS[rate * (len(BARS) - 1) // top] if top else BARS[0] for rate in shown)
    return "".join(bars).rjust(width)
