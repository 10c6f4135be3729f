"""How many records of each model came out of the log, by what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive

from tui_ingest.ingest.events import Counts
from tui_ingest.tui.view import formats
from tui_ingest.tui.widgets.list_view import Column, ListView
from tui_ingest.tui.widgets.rows import Piece
from tui_ingest.words.numbers import plural

COUNTED = ("saved", "deleted", "failed", "missing", "skipped")
# In the order in which they find room; all five are in the table when it is wide.
_PRIORITY = ("failed", "saved", "deleted", "missing", "skipped")
NAME_CELLS = 14  # that the column of names keeps, whatever the numbers take
_TONES = {"failed": "rows--bad", "missing": "rows--warning"}

_Row = tuple[str, Counts]


def _counted(name: str) -> Column[_Row]:
    return Column(name=name, by=lambda row: getattr(row[1], name), falling=True, right=True)


class ModelsTable(ListView[_Row]):
    """Counts by model, with their sum, for this session or for the log's whole life."""

    CLOSING = True
    COLUMNS: ClassVar = [Column(name="model", by=lambda row: row[0]), *map(_counted, COUNTED)]

    lifetime: reactive[bool] = reactive(True)

    def __init__(self) -> None:
        super().__init__(id="models")
        self._totals: Mapping[str, Counts] = {}
        self._session: Mapping[str, Counts] = {}
        self._sum = Counts()
        self.set_reactive(ModelsTable.sort_column, "model")

    def on_mount(self) -> None:
        self._retitle()

    def show_counts(self, totals: Mapping[str, Counts], session: Mapping[str, Counts]) -> None:
        """Show new counts, if they are new; the cursor stays on its model."""
        if (totals, session) != (self._totals, self._session):
            self._totals, self._session = totals, session
            self._recount()

    def watch_lifetime(self) -> None:
        self._recount()
        self._retitle()

    def _recount(self) -> None:
        counts = self._totals if self.lifetime else self._session
        self._sum = sum(counts.values(), Counts())
        self.show(sorted(counts.items()))

    def _retitle(self) -> None:
        self.border_title = Content("Models · lifetime" if self.lifetime else "Models · session")

    # Rows

    def identity(self, row: _Row) -> str:
        return row[0]

    def cell(self, column: str, row: _Row, cells: int) -> Piece:
        label, counts = row
        if column == "model":
            return formats.fit(formats.shorten_middle(label, cells - 1), cells), ""
        number = getattr(counts, column)
        tone = _TONES.get(column, "") if number else "rows--quiet"
        return formats.fit(formats.count(number), cells, align="right"), tone

    def closing(self, width: int) -> Iterable[Piece]:
        total = f"{plural(len(self.shown), 'model')}, total", self._sum
        for name, cells in self.widths(width).items():
            yield self.cell(name, total, cells)

    def shows_cursor(self, index: int) -> bool:
        return index == self.cursor and self.has_focus

    def widths(self, width: int) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for name in _PRIORITY:
            number = formats.count(getattr(self._sum, name))
            cells = max(len(name) + 1, cell_len(number)) + 1
            if sum(numbers.values()) + cells + NAME_CELLS <= width:
                numbers[name] = cells
        room = max(0, width - sum(numbers.values()))
        return {"model": room, **{name: numbers[name] for name in COUNTED if name in numbers}}
