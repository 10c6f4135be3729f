"""What is to be said of the row under the cursor, below a list."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class About(Static):
    """As high as what it says; the screen is laid out anew only where that height changes."""

    def __init__(self) -> None:
        super().__init__(id="about")
        self._said = Content()

    def say(self, content: Content) -> None:
        """Say something else."""
        if content.is_same(self._said):
            return
        height, self._said = self._height(), content
        self.update(content, layout=self._height() != height)

    def _height(self) -> int:
        return self._said.get_height({}, self.scrollable_content_region.width or 1)
