"""Widgets that are looked at several times a second, and drawn only when they look different."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class Steady(Widget):
    """Sends nothing to the terminal while there is nothing new to be seen.

    Subclasses say in `content` what is drawn.
    """

    _drawn: Content | None = None

    def content(self) -> Content:
        """Return what is to be seen now."""
        raise NotImplementedError

    def look(self) -> None:
        """Draw what has changed."""
        if self._drawn is None or not self._drawn.is_same(self.content()):
            self.refresh()

    def render(self) -> Content:
        self._drawn = self.content()
        return self._drawn
