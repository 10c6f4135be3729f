"""How often a part of the screen is drawn anew while it changes all the time."""

from __future__ import annotations

import time

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

BYTES_OF_A_CELL = 4.0  # about what a terminal is sent for it, colours included
STEADY_BYTES_PER_SECOND = 2_000  # that the terminal is sent of a steady one while it changes


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


class Steady(Widget):
    """Looked at several times a second, and drawn only when it looks different.

    Subclasses say in `content` what is drawn.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.throttle = Throttle(STEADY_BYTES_PER_SECOND)
        self._drawn: Content | None = None

    def content(self) -> Content:
        """Return what is to be seen now."""
        raise NotImplementedError

    def look(self) -> None:
        """Draw what has changed."""
        if self.throttle.is_resting:
            return
        if self._drawn is None or not self._drawn.is_same(self.content()):
            self.refresh()
            self.throttle.drew(self.size)

    def render(self) -> Content:
        self._drawn = self.content()
        return self._drawn
