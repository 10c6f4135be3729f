"""The first line of every screen: which project, database and log, and the state."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.wording import Phrase
from tui_ingest.words.terminal_safe import terminal_safe

NAME = "tui-ingest"


class TopLine(Widget):
    """One line that says the same at every width, with the least important cut first."""

    DEFAULT_CSS = """
    TopLine { height: 1; padding: 0 1; background: $panel; color: $foreground; }
    """

    badge: reactive[Phrase] = reactive(Phrase(""))

    def __init__(self, *, project: str, path: str) -> None:
        super().__init__()
        self._project = project
        self._path = terminal_safe(formats.from_here(path))

    def render(self) -> Content:
        badge = formats.fit(self.badge.text, min(cell_len(self.badge.text), self.size.width))
        room = self.size.width - cell_len(badge) - 2
        if room < len(NAME) + 14:  # not even the log's name has room
            return Content.assemble((badge, self._badge_style))
        left = f"{NAME}  {self._project}"
        path_room = max(12, room - cell_len(left) - 2)
        path = formats.shorten_start(self._path, path_room)
        left = formats.fit(left, max(len(NAME), min(cell_len(left), room - cell_len(path) - 2)))
        gap = max(2, self.size.width - cell_len(left) - cell_len(path) - cell_len(badge)) - 2
        before = min(gap // 2, 8) or 1
        return Content.assemble(
            (left[: len(NAME)], "bold $text-accent"),
            left[len(NAME) :],
            " " * (before + 1),
            (path, "bold"),
            " " * (gap - before + 1),
            (badge, self._badge_style),
        )

    @property
    def _badge_style(self) -> str:
        return f"{self.badge.tone} reverse" if self.badge.tone else "bold"
