"""How often a part of the screen is drawn anew while it changes all the time."""

from __future__ import annotations

import time

from textual.geometry import Size

BYTES_OF_A_CELL = 4.0  # about what a terminal is sent for it, colours included


class Throttle:
    """Rests after each drawing, the longer the more was sent, so that a slow connection keeps up.

    What changes after a quiet time is drawn at once.

    Args:
        bytes_per_second: that the terminal is sent at the most, in the long run.
    """

    def __init__(self, bytes_per_second: float) -> None:
        self._bytes_per_second = bytes_per_second
        self._until = float("-inf")  # monotonic seconds

    @property
    def is_resting(self) -> bool:
        """Whether it is too early to draw again."""
        return time.monotonic() < self._until

    def drew(self, size: Size) -> None:
        """Rest for as much as was drawn."""
        self._until = time.monotonic() + size.area * BYTES_OF_A_CELL / self._bytes_per_second
