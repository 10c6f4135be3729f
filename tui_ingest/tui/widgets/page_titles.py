"""The titles of pages in one line, and which of them is open."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

GAP = 2  # cells


class PageTitles(Widget):
    """One widget; Textual's tabs are one for each, and take as long to open as all else together.

    Args:
        titles: in their order; the first is open.
    """

    DEFAULT_CSS = "PageTitles { height: 1; margin: 0 1 1 1; color: $text-quiet; }"

    page: reactive[int] = reactive(0, init=False)

    class Turned(Message):
        """Another page is open."""

        def __init__(self, page: int) -> None:
            super().__init__()
            self.page = page

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self._titles = titles

    def validate_page(self, page: int) -> int:
        """After the last comes the first."""
        return page % len(self._titles)

    def watch_page(self, page: int) -> None:
        self.post_message(self.Turned(page))

    def render(self) -> Content:
        pieces = [
            Content.styled(title, "$text-accent bold reverse")
            if page == self.page
            else Content(title)
            for page, title in enumerate(self._titles)
        ]
        line = Content(" " * GAP).join(pieces)
        return line[self._left :]

    @property
    def _left(self) -> int:
        """The first cell that is seen: no further than it takes to see the title that is open."""
        return max(0, self._ends[min(self.page + 1, len(self._titles) - 1)] - self.size.width)

    @property
    def _ends(self) -> list[int]:
        """The cell after each title."""
        ends, end = [], -GAP
        for title in self._titles:
            end += GAP + len(title)
            ends.append(end)
        return ends

    def on_click(self, event: events.Click) -> None:
        x = event.x + self._left
        clicked = (
            page for page, end in enumerate(self._ends) if end - len(self._titles[page]) <= x < end
        )
        self.page = next(clicked, self.page)
