"""The log as it is applied: follows, or stands still while somebody reads."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive

from tui_ingest.tui.speaking import key_name
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.line_buffer import LineBuffer
from tui_ingest.tui.view.lines import Line, RecordLine
from tui_ingest.tui.widgets.filtered_rows import FilteredRows
from tui_ingest.tui.widgets.lines_view import log_row
from tui_ingest.tui.widgets.rows import Piece
from tui_ingest.tui.widgets.throttle import Throttle

BYTES_PER_SECOND = 8_000  # that the terminal is sent of it while it follows


class LogPane(FilteredRows):
    """The lines that are kept, with a cursor, and two ways of being looked at.

    Args:
        lines: filled by others; `look` shows what has come.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("end,G", "follow", "Last line, and follow", show=False, id="last"),
    ]

    following: reactive[bool] = reactive(True)
    unseen: reactive[int] = reactive(0, repaint=False)  # records that came while frozen

    def __init__(self, lines: LineBuffer) -> None:
        super().__init__(id="log")
        self.lines = lines
        self._drawn = (lines.came, lines.dropped)
        self._adjusting = False  # scrolling is ours, not the operator's
        self.throttle = Throttle(BYTES_PER_SECOND)

    def on_mount(self) -> None:
        self._retitle()

    # Lines

    def look(self) -> None:
        """Show lines that have come. A frozen view does not move."""
        if self.following and self.throttle.is_resting:
            return
        came, dropped = self._drawn
        self._drawn = (self.lines.came, self.lines.dropped)
        if self.lines.filter:
            self._retitle()
        if self._drawn == (came, dropped):
            return
        if self.following:
            self._go_to_end()
            self.throttle.drew(self.size)
            return
        self.unseen += self.lines.came - came
        self._shift(self.lines.dropped - dropped)
        self.rows_changed()

    @property
    def current(self) -> Line | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if len(self.lines) else None

    @property
    def filter(self) -> Filter[Line]:
        return self.lines.filter

    @property
    def total(self) -> int:
        return self.lines.kept

    def apply_filter(self, typed: str) -> None:
        """Show only the lines that match, and keep the cursor on its line if it does."""
        current = self.current
        self.lines.apply(typed)
        place = None if current is None else self.lines.index_of(current)
        if self.following or place is None:
            self._go_to_end()
        else:
            self.rows_changed()
            self.cursor = place
        self._retitle()

    def go_to_failure(self, direction: int) -> bool:
        """Freeze on the next (1) or previous (-1) failure; on the latest one if following."""
        start = len(self.lines) if self.following else self.cursor
        place = self.lines.next_failure(start, -1 if self.following else direction)
        if place is None:
            return False
        self.following = False
        self.cursor = place
        return True

    @property
    def records(self) -> list[RecordLine]:
        """The records that the filter lets through, one by one."""
        return [line for line in self.lines if isinstance(line, RecordLine)]

    @property
    def time_here(self) -> float | None:
        """When the record at the cursor was written, or the next one that says so before it."""
        places = range(min(self.cursor, len(self.lines) - 1), -1, -1)
        lines = (self.lines[place] for place in places)
        times = (line.time for line in lines if isinstance(line, RecordLine))
        return next((time for time in times if time is not None), None)

    # Following

    def action_follow(self) -> None:
        """Go to the newest line and stay there."""
        self.following = True

    def watch_following(self, following: bool) -> None:
        if following:
            self.unseen = 0
            self._go_to_end()
        else:  # what came while the pane rested was drawn by whatever else drew it
            self._shift(self.lines.dropped - self._drawn[1])
            self._drawn = (self.lines.came, self.lines.dropped)
            self.rows_changed()
        self._retitle()
        self.refresh()

    def watch_unseen(self) -> None:
        self._retitle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self.following and not self._adjusting:
            top = round(new_value)
            self.cursor = max(top, min(self.cursor, top + self.page_rows - 1))

    # The wheel and the scroll bar. Where the view stands tells nothing: it moves by itself when
    # the terminal is resized.

    def on_scroll_to(self) -> None:
        if self.max_scroll_y > 0:
            self.following = False

    on_mouse_scroll_up = on_scroll_up = on_scroll_to

    def action_move(self, rows: int) -> None:
        self.following = False
        super().action_move(rows)

    def action_page(self, direction: int) -> None:
        self.following = False
        super().action_page(direction)

    def action_first(self) -> None:
        self.following = False
        super().action_first()

    def on_resize(self) -> None:
        if self.following:
            self._go_to_end()

    def _go_to_end(self) -> None:
        self._adjusting = True
        # Nobody has to be told of this cursor, which is not shown: one refresh instead of three.
        self.set_reactive(LogPane.cursor, len(self.lines) - 1)
        self.rows_changed()
        self.show_cursor()
        self._adjusting = False

    def _shift(self, rows: int) -> None:
        """Stay on the same lines after some were dropped at the beginning."""
        if rows:
            self._adjusting = True
            self.scroll_to(y=max(0, self.scroll_offset.y - rows), animate=False, force=True)
            self.cursor = max(0, self.cursor - rows)
            self._adjusting = False

    def _retitle(self) -> None:
        parts = ["Log", "following" if self.following else "FROZEN", formats.zone(time.time())]
        if self.lines.filter:
            parts.append(self.filter_told)
        new = f"▼ {self.unseen:,} new ({key_name(self, 'follow')} to follow)" if self.unseen else ""
        self.entitle(" · ".join(parts), new)
        self.set_class(not self.following, "-frozen")

    # Rows

    def row_count(self) -> int:
        return len(self.lines)

    def nothing(self) -> str:
        return super().nothing() or "no record since the console began"

    def row(self, index: int, width: int) -> Iterable[Piece]:
        return log_row(self.lines[index], width)

    def shows_cursor(self, index: int) -> bool:
        return index == self.cursor and not self.following
