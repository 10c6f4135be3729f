"""Records that were found in the logs; below them, why they are not all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.log_search import VOCABULARY, Found, SearchSoFar
from tui_ingest.tui.widgets.lines_view import detail_of, outcome_of
from tui_ingest.tui.widgets.list_view import Column, ListView
from tui_ingest.tui.widgets.rows import Piece

OPERATION_CELLS = 7
LOG_CELLS = 30
FATE_CELLS = 12


class FoundTable(ListView[Found]):
    """One line for each record that was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", tooltip="The log, where it stands", id="inspect")
    ]
    COLUMNS: ClassVar = [
        Column(name="time", by=lambda found: found.line.time or 0.0),
        Column(name="log", by=lambda found: found.log),
        Column(name="op", by=lambda found: found.line.operation),
        Column(name="row", by=lambda found: (found.line.subject, found.line.key)),
        Column(name="fate", by=lambda found: found.line.failed, falling=True),
        Column(name="record"),
    ]
    VOCABULARY: ClassVar = VOCABULARY

    def __init__(self) -> None:
        super().__init__(id="found")
        self._so_far = SearchSoFar()

    def show_search(self, so_far: SearchSoFar) -> None:
        """Show what was found by now."""
        self._so_far = so_far
        self.show(so_far.found)

    @property
    def current(self) -> Found | None:
        return self.shown[self.cursor] if self.cursor < len(self.shown) else None

    @property
    def lack(self) -> str:
        """The line under the cursor, if it says what is missing; else ""."""
        place = self.cursor - len(self.shown)
        return self._so_far.lacks[place] if 0 <= place < len(self._so_far.lacks) else ""

    def identity(self, row: Found) -> Found:
        return row

    def row_count(self) -> int:
        return len(self.shown) + len(self._so_far.lacks)

    def nothing(self) -> str:
        if not self._so_far.logs and not self._so_far.is_over:
            return ""
        return "no such record" if self._so_far.is_over else "no such record yet"

    def row(self, index: int, width: int) -> Iterator[Piece]:
        if index < len(self.shown):
            yield from super().row(index, width)
        else:
            lack = self._so_far.lacks[index - len(self.shown)]
            yield formats.fit(f"incomplete: {lack}", width), "rows--warning"

    def widths(self, width: int) -> dict[str, int]:
        names = max((len(found.log) for found in self.shown), default=0)
        log = min(LOG_CELLS, width // 4, max(len("log "), names) + 1)
        rest = width - formats.STAMP_CELLS - log - OPERATION_CELLS - FATE_CELLS
        longest = max(
            (len(one.line.subject) + len(one.line.key) + 2 for one in self.shown), default=0
        )
        row = min(rest, max(16, rest // 3, min(longest, rest * 2 // 3)))
        cells = {"time": formats.STAMP_CELLS, "log": log, "op": OPERATION_CELLS, "row": row}
        cells |= {"fate": FATE_CELLS, "record": rest - row}
        return {name: number for name, number in cells.items() if number > 0}

    def cell(self, column: str, row: Found, cells: int) -> Piece:
        line, fate = row.line, outcome_of(row.line)
        match column:
            case "time":
                return formats.fit(formats.date_and_time(line.time), cells), "rows--quiet"
            case "log":
                return formats.fit(formats.shorten_start(row.log, cells - 1), cells), ""
            case "op":
                text, tone = line.operation or "?", "rows--warning"
                return formats.fit(text, cells), tone if line.operation == "DELETE" else ""
            case "row":
                text = formats.subject(line.subject, line.key, cells - 1)
                return formats.fit(text, cells), ""
            case "fate":
                return formats.fit(fate[0], cells - 1) + " ", fate[1]
            case _:
                tone = fate[1] if line.failed else "rows--quiet"
                return formats.fit(detail_of(line, cells), cells), tone
