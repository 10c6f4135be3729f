"""What is behind the dead letters: a line for each cause."""

from __future__ import annotations

from typing import ClassVar

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.causes import NOTHING_TO_ASK, Cause
from tui_ingest.tui.widgets.list_view import Column, ListView
from tui_ingest.tui.widgets.rows import Piece

_CELLS = {"letters": 9, "reason": 17}
MODEL_CELLS = 30


class CausesTable(ListView[Cause]):
    """Causes, that of the most letters first."""

    COLUMNS: ClassVar = [
        Column(name="letters"),
        Column(name="reason"),
        Column(name="model"),
        Column(name="error"),
    ]
    VOCABULARY: ClassVar = NOTHING_TO_ASK

    def __init__(self) -> None:
        super().__init__(id="causes")

    def identity(self, row: Cause) -> tuple[str, str, str]:
        return row.reason, row.model, row.error

    def widths(self, width: int) -> dict[str, int]:
        model = min(MODEL_CELLS, width // 4)
        return {**_CELLS, "model": model, "error": max(10, width - model - sum(_CELLS.values()))}

    def cell(self, column: str, row: Cause, cells: int) -> Piece:
        match column:
            case "letters":
                return formats.fit(f"{len(row.letters):,}", cells), "rows--bad"
            case "reason":
                text = row.reason
            case "model":
                text = row.model or "–"
            case _:
                text = row.error
        return formats.fit(text, cells - 1) + " ", ""

    def shows_cursor(self, index: int) -> bool:
        return index == self.cursor and self.has_focus
