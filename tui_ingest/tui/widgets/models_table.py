"""How many records of each model came out of the log, by what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive

from tui_ingest.ingest.events import Counts
from tui_ingest.tui.view import formats
from tui_ingest.tui.widgets.rows import Piece, RowsView
from tui_ingest.words.numbers import plural

COLUMNS = ("saved", "deleted", "failed", "missing", "skipped")
# In the order in which they find room; all five are in the table when it is wide.
_PRIORITY = ("failed", "saved", "deleted", "missing", "skipped")
NAME_CELLS = 14  # that the column of names keeps, whatever the numbers take
_TONES = {"failed": "rows--bad", "missing": "rows--warning"}


class ModelsTable(RowsView):
    """Counts by model, with their sum, for this session or for the log's whole life."""

    HEADING = True
    CLOSING = True

    sort_column: reactive[str] = reactive("model")
    lifetime: reactive[bool] = reactive(True)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._totals: Mapping[str, Counts] = {}
        self._session: Mapping[str, Counts] = {}
        self._rows: list[tuple[str, Counts]] = []
        self._sum = Counts()

    def on_mount(self) -> None:
        self._retitle()

    def show(self, totals: Mapping[str, Counts], session: Mapping[str, Counts]) -> None:
        """Show new counts, if they are new; the cursor stays on its model."""
        if (totals, session) != (self._totals, self._session):
            self._totals, self._session = totals, session
            self._arrange()

    @property
    def model(self) -> str | None:
        """The label of the model under the cursor."""
        return self._rows[self.cursor][0] if self._rows else None

    def sort_next(self) -> None:
        """Sort by the next column that is shown."""
        names = ("model", *self._columns(self.scrollable_content_region.width))
        place = names.index(self.sort_column) if self.sort_column in names else -1
        self.sort_column = names[(place + 1) % len(names)]

    def watch_sort_column(self) -> None:
        self._arrange()

    def watch_lifetime(self) -> None:
        self._arrange()
        self._retitle()

    def _arrange(self) -> None:
        model = self.model
        counts = self._totals if self.lifetime else self._session
        self._rows = sorted(counts.items())
        if self.sort_column != "model":
            self._rows.sort(key=lambda row: -getattr(row[1], self.sort_column))
        self._sum = sum(counts.values(), Counts())
        self.rows_changed()
        labels = [label for label, _ in self._rows]
        if model in labels:
            self.cursor = labels.index(model)

    def _retitle(self) -> None:
        self.border_title = Content("Models · lifetime" if self.lifetime else "Models · session")

    # Rows

    def row_count(self) -> int:
        return len(self._rows)

    def row(self, index: int, width: int) -> Iterable[Piece]:
        label, counts = self._rows[index]
        yield from self._cells(label, counts, width)

    def heading(self, width: int) -> Iterable[Piece]:
        columns = self._columns(width)
        yield self._label_cell("model", width, columns), ""
        for name, cells in columns.items():
            yield formats.fit(self._marked(name), cells, align="right"), ""

    def closing(self, width: int) -> Iterable[Piece]:
        name = f"{plural(len(self._rows), 'model')}, total"
        return self._cells(name, self._sum, width)

    def shows_cursor(self, index: int) -> bool:
        return index == self.cursor and self.has_focus

    def _cells(self, name: str, counts: Counts, width: int) -> Iterable[Piece]:
        columns = self._columns(width)
        yield self._label_cell(name, width, columns), ""
        for column, cells in columns.items():
            number = getattr(counts, column)
            tone = _TONES.get(column, "") if number else "rows--quiet"
            yield formats.fit(formats.count(number), cells, align="right"), tone

    def _label_cell(self, name: str, width: int, columns: Mapping[str, int]) -> str:
        text = self._marked(name) if name == "model" else name
        room = max(0, width - sum(columns.values()))
        return formats.fit(formats.shorten_middle(text, room - 1), room)

    def _marked(self, column: str) -> str:
        return f"{column}▾" if column == self.sort_column else column

    def _columns(self, width: int) -> dict[str, int]:
        """Return the columns that have room, in cells, a space before each included."""
        columns: dict[str, int] = {}
        for name in _PRIORITY:
            number = formats.count(getattr(self._sum, name))
            cells = max(len(name) + 1, cell_len(number)) + 1
            if sum(columns.values()) + cells + NAME_CELLS <= width:
                columns[name] = cells
        return {name: columns[name] for name in COLUMNS if name in columns}

    async def on_click(self, event: events.Click) -> None:
        if event.y == self.gutter.top:
            self._sort_at(event.x - self.gutter.left)
        else:
            await super().on_click(event)

    def _sort_at(self, x: int) -> None:
        width = self.scrollable_content_region.width
        columns = self._columns(width)
        edge = width - sum(columns.values())
        self.sort_column = "model"
        for name, cells in columns.items():
            if x >= edge:
                self.sort_column = name
            edge += cells
