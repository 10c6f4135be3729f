"""A list in columns: sorted by key and by click, filtered, the cursor kept on its row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import events
from textual.reactive import reactive

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.filtering import Filter, Vocabulary
from tui_ingest.tui.view.view_memory import Facts
from tui_ingest.tui.widgets.filtered_rows import FilteredRows
from tui_ingest.tui.widgets.rows import Piece

T = TypeVar("T")

LOG_CELLS = 36  # that a log's name has at most


@dataclass(frozen=True, kw_only=True)
class Column(Generic[T]):
    """What a column is called and how it is sorted."""

    name: str
    by: Callable[[T], Any] | None = None  # what rows are sorted by; None if nobody wants to
    falling: bool = False  # at first: of numbers the highest are looked for
    right: bool = False  # aligned

    def mark(self, *, backwards: bool) -> str:
        """Return the sign of the direction."""
        return "▾" if self.falling is not backwards else "▴"


class ListView(FilteredRows, Generic[T]):
    """One line for each row that the filter lets through.

    A subclass names its columns, says how wide they are, what is in a cell, and what can be
    asked for.
    """

    HEADING = True
    COLUMNS: ClassVar[Sequence[Column[Any]]]
    VOCABULARY: ClassVar[Vocabulary[Any]]

    sort_column: reactive[str] = reactive("")  # "" as they came
    backwards: reactive[bool] = reactive(False)  # the other way than that column begins with

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._all: Sequence[T] = ()
        self.shown: list[T] = []
        self._filter: Filter[T] = Filter()

    # For subclasses

    def identity(self, row: T) -> Hashable:
        """What tells a row from others, also when it was loaded again."""
        raise NotImplementedError

    def widths(self, width: int) -> dict[str, int]:
        """Return the columns that have room, in cells, the space between them included."""
        raise NotImplementedError

    def cell(self, column: str, row: T, cells: int) -> Piece:
        """Return what is in a cell of so many cells."""
        raise NotImplementedError

    # What is shown

    def show(self, rows: Sequence[T]) -> None:
        """Show other rows; the cursor stays on its own, or near where it was."""
        self._all = rows
        self._arrange()

    @property
    def filter(self) -> Filter[T]:
        return self._filter

    def apply_filter(self, typed: str) -> None:
        self._filter = Filter.parse(typed, self.VOCABULARY)
        self._arrange()

    @property
    def current(self) -> T | None:
        """The row under the cursor."""
        return self.shown[self.cursor] if self.shown else None

    @property
    def all(self) -> Sequence[T]:
        """Every row, shown or not."""
        return self._all

    @property
    def total(self) -> int:
        return len(self._all)

    def sort_next(self) -> None:
        """Sort by the next column that is shown."""
        names = [column.name for column in self._sortable()]
        place = names.index(self.sort_column) if self.sort_column in names else -1
        self._sort_by(names[(place + 1) % len(names)])

    def sort_backwards(self) -> None:
        """Turn the direction round."""
        self.backwards = not self.backwards
        self.remember()

    def _sort_by(self, name: str) -> None:
        self.set_reactive(ListView.backwards, False)
        self.sort_column = name
        self.remember()

    def arrangement(self) -> dict[str, str | bool]:
        found = super().arrangement()
        return {**found, "sort": self.sort_column, "backwards": self.backwards}

    def restore(self, facts: Facts) -> None:
        super().restore(facts)
        if facts.get("sort") in {column.name for column in self.COLUMNS if column.by}:
            self.sort_column = str(facts["sort"])
            self.backwards = facts.get("backwards") is True

    def watch_sort_column(self) -> None:
        self._arrange()

    def watch_backwards(self) -> None:
        self._arrange()

    def _sortable(self) -> list[Column[T]]:
        widths = self.widths(self.scrollable_content_region.width)
        return [column for column in self.COLUMNS if column.by and column.name in widths]

    def _arrange(self) -> None:
        current = self.current
        self.shown = [row for row in self._all if self._filter.matches(row)]
        for column in self.COLUMNS:
            if column.name == self.sort_column and column.by is not None:
                self.shown.sort(key=column.by, reverse=column.falling is not self.backwards)
        self.rows_changed()
        if current is not None:
            wanted = self.identity(current)
            places = (place for place, row in enumerate(self.shown) if self.identity(row) == wanted)
            self.cursor = next(places, self.cursor)

    # Rows

    def redraw(self) -> None:
        """Draw the lines that look different: while little changes, that is next to nothing."""
        for y in range(self.size.height):
            if self._lines_drawn.get(y) != self._line(y):
                self._refresh_line(y)

    def row_count(self) -> int:
        return len(self.shown)

    def heading(self, width: int) -> Iterator[Piece]:
        columns = {column.name: column for column in self.COLUMNS}
        for name, cells in self.widths(width).items():
            title = name
            if name == self.sort_column:
                title += columns[name].mark(backwards=self.backwards)
            align = "right" if columns[name].right else "left"
            room = cells if columns[name].right else cells - 1
            fits = cell_len(title) <= room
            yield formats.fit(title if fits else "", cells, align=align), ""

    def row(self, index: int, width: int) -> Iterator[Piece]:
        row = self.shown[index]
        for name, cells in self.widths(width).items():
            yield self.cell(name, row, cells)

    async def on_click(self, event: events.Click) -> None:
        if event.y == self.gutter.top:
            self._sort_at(event.x - self.gutter.left)
        else:
            await super().on_click(event)

    def _sort_at(self, x: int) -> None:
        """Sort by the column that was clicked; the other way if it is sorted by that."""
        edge = 0
        sortable = {column.name for column in self._sortable()}
        for name, cells in self.widths(self.scrollable_content_region.width).items():
            if edge <= x < edge + cells and name in sortable:
                if name == self.sort_column:
                    self.sort_backwards()
                else:
                    self._sort_by(name)
            edge += cells


class OfAllLogs(ListView[Any]):
    """Rows of all logs: the second column says of which each is. Beside the class of one log's."""

    _log_cells = 0  # that the longest name takes

    def rows_changed(self) -> None:
        longest = max((cell_len(row.log) for row in self.shown), default=0)
        self._log_cells = max(len("log "), longest) + 1
        super().rows_changed()

    @property
    def remembered_as(self) -> str:
        return f"all_{self.id}"  # it can be filtered by more than those of one log

    def widths(self, width: int) -> dict[str, int]:
        log = min(LOG_CELLS, width // 4, self._log_cells)
        first, *others = super().widths(width - log).items()
        return dict([first, ("log", log), *others])


def with_log(columns: Sequence[Column[Any]]) -> list[Column[Any]]:
    """Return the columns of one log's rows, with that of the log."""
    return [*columns[:1], Column(name="log", by=lambda row: row.log), *columns[1:]]
