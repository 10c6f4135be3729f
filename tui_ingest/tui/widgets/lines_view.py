"""Lines of the log that stand still: to look at, with a cursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.widgets.log_row import log_row
from tui_ingest.tui.widgets.rows import Piece, RowsView


class LinesView(RowsView):
    """Records as the log pane shows them."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.lines: list[RecordLine] = []

    @property
    def current(self) -> RecordLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.lines else None

    def show(self, lines: Sequence[RecordLine]) -> None:
        """Show other lines from the first on."""
        self.lines = list(lines)
        self.rows_changed()
        self.scroll_to(y=0, animate=False, force=True)
        self.cursor = 0
        self.refresh()

    def append(self, lines: Sequence[RecordLine]) -> None:
        """Add lines below; the view does not move."""
        self.lines.extend(lines)
        self.rows_changed()

    def prepend(self, lines: Sequence[RecordLine]) -> None:
        """Add lines above; the view stays on what it shows."""
        top = self.scroll_offset.y
        self.lines[:0] = lines
        self.rows_changed()
        self.cursor += len(lines)
        self.scroll_to(y=top + len(lines), animate=False, force=True)

    def row_count(self) -> int:
        return len(self.lines)

    def nothing(self) -> str:
        return "the log has no record there, or later"

    def row(self, index: int, width: int) -> Iterable[Piece]:
        return log_row(self.lines[index], width)
