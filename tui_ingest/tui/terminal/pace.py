"""How much may be under way to a terminal that takes in less than is drawn."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

AT_MOST = 1 << 14  # bytes; a large screen
AT_LEAST = 1 << 10
# What is under way when a key is pressed comes before the answer.
AIM_SECONDS = 0.4
SOON_SECONDS = 0.25
DRIFT = 1.02  # by which the way there may have become longer, at each arrival


class _Piece(NamedTuple):
    sent_at: float  # monotonic seconds
    size: int  # bytes
    under_way: int  # bytes, this included, when it was sent


class Pace:
    """Learns from how long pieces are under way how much to send at a time."""

    def __init__(self) -> None:
        self._pieces: deque[_Piece] = deque()
        self._window = AT_MOST
        self._way_seconds = float("inf")  # that a piece takes if nothing is before it

    @property
    def room(self) -> int:
        """How many bytes may be sent now."""
        return self._window - self._under_way

    @property
    def _under_way(self) -> int:
        return sum(piece.size for piece in self._pieces)

    def sent(self, size: int, at: float) -> None:
        """Take note of a piece."""
        self._pieces.append(_Piece(at, size, self._under_way + size))

    def arrived_but(self, number: int, at: float) -> None:
        """Take note that all but so many pieces, the last ones, are there."""
        while len(self._pieces) > number:
            self._arrived(at)

    def _arrived(self, at: float) -> None:
        piece = self._pieces.popleft()
        seconds = at - piece.sent_at
        self._way_seconds = min(seconds, self._way_seconds * DRIFT)
        late = seconds - self._way_seconds
        fits = 2 * self._window if late < SOON_SECONDS else piece.under_way * AIM_SECONDS / late
        self._window = round(max(AT_LEAST, min(fits, AT_MOST)))

    def overdue(self, seconds: float, at: float) -> bool:
        """Tell whether a piece is under way for longer than this."""
        return bool(self._pieces) and at - self._pieces[0].sent_at > seconds
