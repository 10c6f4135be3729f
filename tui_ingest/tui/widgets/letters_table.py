"""The dead letters in columns, and what is behind them: a line for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.letters import (
    NOTHING_TO_ASK,
    OF_ALL_LOGS,
    REHEARSED,
    VOCABULARY,
    Cause,
    Letter,
)
from tui_ingest.tui.view.lines import without_subject
from tui_ingest.tui.widgets.list_view import Column, ListView, OfAllLogs, with_log
from tui_ingest.tui.widgets.rows import Piece

_CELLS = {"id": 7, "status": 13, "reason": 15, "model": 46, "tries": 6, "last try": 19}
_ATTRIBUTES = {"tries": "attempts"}  # where a column is called otherwise
_SIGNS = {"open": "✗", "applied": "✓", "superseded": "↷", "discarded": "–", REHEARSED: "✗"}
NARROW = 100  # cells below which the status is a sign and the last columns are left out
SIGN_CELLS = 2
SUBJECT_CELLS = 20  # that the column of models has, however short they are
# Of causes.
LETTERS_CELLS, REASON_CELLS, MODEL_CELLS = 9, 17, 30


class LettersTable(ListView[Letter]):
    """One line for each dead letter that the filter lets through."""

    COLUMNS: ClassVar = [
        Column(name="id", by=lambda letter: letter.id),
        Column(name="status"),
        Column(name="reason", by=lambda letter: letter.reason),
        Column(name="model", by=lambda letter: (letter.model, letter.key)),
        Column(name="tries", by=lambda letter: letter.attempts, falling=True),
        Column(name="last try", by=lambda letter: letter.time, falling=True),
        Column(name="error"),
    ]
    VOCABULARY: ClassVar = VOCABULARY

    def __init__(self) -> None:
        super().__init__(id="letters")
        self._longest = 0  # characters of a subject
        self._all_are_open = False
        self.marked: set[int] = set()  # ids
        self.set_reactive(LettersTable.sort_column, "id")

    def rows_changed(self) -> None:
        self._longest = max(map(_length, self.shown), default=0)
        self._all_are_open = all(letter.status == "open" for letter in self.shown)
        super().rows_changed()

    def show(self, rows: Sequence[Letter]) -> None:
        self.marked.intersection_update(letter.id for letter in rows)
        super().show(rows)

    def toggle_mark(self) -> None:
        """Mark the letter under the cursor, or no longer, and go on to the next."""
        if (letter := self.current) is not None:
            self.marked.symmetric_difference_update({letter.id})
            self.action_move(1)
            self.refresh()

    def clear_marks(self) -> None:
        """Mark none any more."""
        self.marked.clear()
        self.refresh()

    def identity(self, row: Letter) -> int:
        return row.id

    def widths(self, width: int) -> dict[str, int]:
        cells = dict(_CELLS)
        if width < NARROW:
            del cells["last try"], cells["tries"]
        if width < NARROW or self._all_are_open:  # as the title says
            cells["status"] = SIGN_CELLS
        cells["model"] = min(max(SUBJECT_CELLS, self._longest + 2), width * 2 // 5, cells["model"])
        return {**cells, "error": max(10, width - sum(cells.values()))}

    def cell(self, column: str, row: Letter, cells: int) -> Piece:
        text, tone = _text(column, row, cells), _tone(column, row)
        if column == "id" and row.id in self.marked:
            text, tone = f"●{text}", "rows--accent"
        return formats.fit(text, cells - 1) + " ", tone


class AllLettersTable(OfAllLogs, LettersTable):
    """Those of all logs."""

    COLUMNS: ClassVar = with_log(LettersTable.COLUMNS)
    VOCABULARY: ClassVar = OF_ALL_LOGS


def _text(column: str, letter: Letter, cells: int) -> str:
    match column:
        case "status":
            sign = _SIGNS.get(letter.status, "?")
            text = sign if cells == SIGN_CELLS else f"{sign} {letter.status}"
        case "log":
            text = formats.shorten_start(letter.log, cells - 1)
        case "model":
            text = formats.subject(*_subject(letter), cells - 1)
        case "last try":
            text = formats.day_and_time(letter.time)
        case "error":
            text = without_subject(letter.error, letter.model, letter.key)
        case "id" if letter.line is not None:
            text = "–"
        case _:
            text = str(getattr(letter, _ATTRIBUTES.get(column, column)))
    return text


def _subject(letter: Letter) -> tuple[str, str]:
    """Return what a letter is about: of a line that names nothing, where it stands."""
    if not letter.model:
        return f"line at {letter.position:,}", ""
    return f"{letter.operation} {letter.model}".strip(), letter.key


def _length(letter: Letter) -> int:
    """Return about how many cells its subject takes; asked of thousands at each key press."""
    return len(letter.operation) + len(letter.model) + len(letter.key) + 2


def _tone(column: str, letter: Letter) -> str:
    if not letter.open and letter.line is None:
        return "rows--quiet"
    return {"reason": "rows--bad", "id": "rows--quiet"}.get(column, "")


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
        return {
            "letters": LETTERS_CELLS,
            "reason": REASON_CELLS,
            "model": model,
            "error": max(10, width - model - LETTERS_CELLS - REASON_CELLS),
        }

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
