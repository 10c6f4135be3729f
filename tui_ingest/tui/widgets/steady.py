"""Widgets that are looked at several times a second, and drawn only when they look different."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from tui_ingest.tui.widgets.throttle import Throttle

BYTES_PER_SECOND = 2_000  # that the terminal is sent of each while it changes


class Steady(Widget):
    """Sends nothing to the terminal while there is nothing new to be seen.

    Subclasses say in `content` what is drawn.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.throttle = Throttle(BYTES_PER_SECOND)
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
