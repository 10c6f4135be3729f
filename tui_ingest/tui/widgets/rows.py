"""Rows with a cursor, of which only the visible ones are ever rendered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

Piece = tuple[str, str]  # text that is inert, and the component class that colours it ("" for none)
_Line = tuple[int, str, tuple[Piece, ...]]  # its width, what lies under it, what is in it


class RowsView(ScrollView, can_focus=True):
    """A scrolling list of one-line rows; subclasses say how many there are and what is in one."""

    DEFAULT_CSS = """
    RowsView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .rows--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        & > .rows--heading { text-style: bold; }
        & > .rows--quiet { color: $text-quiet; }
        & > .rows--good { color: $text-success; }
        & > .rows--warning { color: $text-warning; }
        & > .rows--bad { color: $text-error; text-style: bold; }
        & > .rows--accent { color: $text-accent; }
        &:focus > .rows--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"rows--{name}"
        for name in ("cursor", "heading", "quiet", "good", "warning", "bad", "accent")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line up", show=False, id="up"),
        Binding("down,j", "move(1)", "Line down", show=False, id="down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="page_down"),
        Binding("home,g", "first", "First line", show=False, id="first"),
        Binding("end,G", "last", "Last line", show=False, id="last"),
        Binding("enter", "choose", "Inspect", show=False, id="inspect"),
    ]

    HEADING: ClassVar[bool] = False
    CLOSING: ClassVar[bool] = False

    cursor: reactive[int] = reactive(0, repaint=False)  # but for the two rows that it changes

    _base = Style.null()

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._lines_drawn: dict[int, _Line] = {}  # what each line of the widget showed last
        self._titles = ("", "")

    class OfRows(Message):
        """Something has become of the cursor."""

        def __init__(self, view: RowsView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> RowsView:
            return self.view

    class Chosen(OfRows):
        """Enter was pressed on a row, or it was clicked twice."""

    class CursorMoved(OfRows):
        """The cursor stands on another row."""

    # For subclasses

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def row(self, index: int, width: int) -> Iterable[Piece]:
        """What is in a row, in at most `width` cells."""
        raise NotImplementedError

    def heading(self, width: int) -> Iterable[Piece]:
        """What stands above the rows and does not scroll, if HEADING says so."""
        raise NotImplementedError

    def closing(self, width: int) -> Iterable[Piece]:
        """What stands below the rows and does not scroll, if CLOSING says so."""
        raise NotImplementedError

    def nothing(self) -> str:
        """What stands in the place of the first row if there is none."""
        return ""

    # Rendering

    def entitle(self, title: str, subtitle: str = "") -> None:
        """Say on the frame what is shown; only what is new there draws the rows again."""
        if (title, subtitle) != self._titles:
            self._titles = title, subtitle
            self.border_title, self.border_subtitle = Content(title), Content(subtitle)

    def rows_changed(self) -> None:
        """Look again at how many rows there are and what is in them."""
        height = self.row_count() + self.HEADING + self.CLOSING
        if self.show_vertical_scrollbar and height > self.size.height:
            # Setting the size as such lays out the whole screen: half of the screen's work while
            # lines come in. Where the scroll bar stays there is nothing to lay out.
            self.set_reactive(RowsView.virtual_size, Size(self.size.width, height))
            self.vertical_scrollbar.window_virtual_size = height
        else:
            self.virtual_size = Size(self.size.width, height)
        self.cursor = self.validate_cursor(self.cursor)
        self.redraw()

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """A scroll bar that comes late does not know where the view stands by then."""
        if shown:
            self.vertical_scrollbar.position = self.scroll_offset.y

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = self.rich_style  # worked out once for all lines: it is not cheap
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        self._lines_drawn[y] = width, under, pieces = self._line(y)
        return self._strip(pieces, width, under)

    def redraw(self) -> None:
        """Draw what may look different by now."""
        self.refresh()

    def _refresh_line(self, y: int) -> None:
        self.refresh(Region(0, y, self.size.width, 1))

    def _line(self, y: int) -> _Line:
        """Return what a line of the widget shows now."""
        width = self.scrollable_content_region.width
        if self.HEADING and y == 0:
            return width, "rows--heading", tuple(self.heading(width))
        if self.CLOSING and y == min(self.size.height - 1, self.row_count() + self.HEADING):
            return width, "rows--heading", tuple(self.closing(width))
        index = y - self.HEADING + self.scroll_offset.y
        if index >= self.row_count():
            empty = not self.row_count() and index == 0
            return width, "", ((self.nothing() if empty else "", "rows--quiet"),)
        under = "rows--cursor" if self.shows_cursor(index) else ""
        return width, under, tuple(self.row(index, width))

    def shows_cursor(self, index: int) -> bool:
        """Whether the cursor is on a row and to be seen."""
        return index == self.cursor

    def _strip(self, pieces: Iterable[Piece], width: int, under: str) -> Strip:
        base = self._base + self._style(under)
        segments = [
            Segment(text, base if under == "rows--cursor" else base + self._style(name))
            for text, name in pieces
        ]
        length = sum(cell_len(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(width, base)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name) if name else Style.null()

    # The cursor

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        self.show_cursor()
        for index in (before, now):
            self._refresh_line(index + self.HEADING - self.scroll_offset.y)
        self.post_message(self.CursorMoved(self))

    @property
    def page_rows(self) -> int:
        """How many rows are visible at once."""
        return max(1, self.size.height - self.HEADING - self.CLOSING)

    def show_cursor(self) -> None:
        """Scroll no further than it takes to see the cursor."""
        top = self.scroll_offset.y
        wanted = max(self.cursor - self.page_rows + 1, min(top, self.cursor))
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by rows."""
        self.cursor += rows

    def action_page(self, direction: int) -> None:
        """Move the cursor by a page."""
        self.cursor += direction * self.page_rows

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.cursor = self.row_count() - 1

    def action_choose(self) -> None:
        """Say that the row under the cursor was chosen."""
        if self.row_count():
            self.post_message(self.Chosen(self))

    async def on_click(self, event: events.Click) -> None:
        index = event.y - self.gutter.top - self.HEADING + self.scroll_offset.y
        if 0 <= index < self.row_count():
            self.cursor = index
            if event.chain == 2:
                self.action_choose()

    def on_resize(self) -> None:
        self.rows_changed()
