"""The dead letters in columns, sorted and filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from textual import events
from textual.reactive import reactive

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.letters import Letter
from tui_ingest.tui.widgets.rows import Piece, RowsView

_SORTS: Mapping[str, Callable[[Letter], object]] = {
    "id": lambda letter: letter.id,
    "reason": lambda letter: letter.reason,
    "model": lambda letter: (letter.model, letter.key),
    "tries": lambda letter: -letter.attempts,
    "last try": lambda letter: -letter.time,
}
_CELLS = {"id": 7, "status": 13, "reason": 15, "model": 46, "tries": 6, "last try": 9}
_SIGNS = {"open": "✗", "applied": "✓", "superseded": "↷", "discarded": "–"}
NARROW = 100  # cells below which the status is a sign and the time of the last try is left out
SIGN_CELLS = 2
SUBJECT_CELLS = 20  # that the column of models has, however short they are


class LettersTable(RowsView):
    """One line for each dead letter that the filter lets through."""

    HEADING = True

    sort_column: reactive[str] = reactive("id")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._all: Sequence[Letter] = ()
        self.shown: list[Letter] = []
        self.wanted = ""  # the filter, as it was typed
        self._longest = 0  # characters of a subject

    def show(self, letters: Sequence[Letter]) -> None:
        """Show other letters; the cursor stays on its own, or near where it was."""
        self._all = letters
        self._arrange()

    def filter(self, text: str) -> None:
        """Show only what matches."""
        self.wanted = text.strip()
        self._arrange()

    @property
    def current(self) -> Letter | None:
        """The letter under the cursor."""
        return self.shown[self.cursor] if self.shown else None

    @property
    def total(self) -> int:
        """How many letters there are, shown or not."""
        return len(self._all)

    def sort_next(self) -> None:
        """Sort by the next column."""
        names = list(_SORTS)
        self.sort_column = names[(names.index(self.sort_column) + 1) % len(names)]

    def watch_sort_column(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        current = self.current
        terms = self.wanted.lower().split()
        self.shown = [letter for letter in self._all if letter.matches(terms)]
        self._longest = max(map(_length, self.shown), default=0)
        self.shown.sort(key=_SORTS[self.sort_column])  # type: ignore[arg-type]
        self.rows_changed()
        ids = [letter.id for letter in self.shown]
        if current is not None and current.id in ids:
            self.cursor = ids.index(current.id)

    # Rows

    def row_count(self) -> int:
        return len(self.shown)

    def heading(self, width: int) -> Iterator[Piece]:
        for name, cells in self._columns(width).items():
            title = f"{name}▾" if name == self.sort_column else name
            yield formats.fit(title if len(title) < cells else "", cells), ""

    def row(self, index: int, width: int) -> Iterator[Piece]:
        letter, columns = self.shown[index], self._columns(width)
        sign = _SIGNS.get(letter.status, "?")
        texts = {
            "id": str(letter.id),
            "status": sign if columns["status"] == SIGN_CELLS else f"{sign} {letter.status}",
            "reason": letter.reason,
            "model": formats.subject(*_subject(letter), columns["model"] - 1),
            "tries": str(letter.attempts),
            "last try": formats.time_of_day(letter.time),
            "error": letter.error,
        }
        for name, cells in columns.items():
            yield formats.fit(texts[name], cells - 1) + " ", _tone(name, letter)

    async def on_click(self, event: events.Click) -> None:
        if event.y == self.gutter.top:
            self._sort_at(event.x - self.gutter.left)
        else:
            await super().on_click(event)

    def _sort_at(self, x: int) -> None:
        edge = 0
        for name, cells in self._columns(self.scrollable_content_region.width).items():
            if edge <= x < edge + cells and name in _SORTS:
                self.sort_column = name
            edge += cells

    def _columns(self, width: int) -> dict[str, int]:
        """Return the columns that have room, in cells, the space after each included."""
        cells = dict(_CELLS)
        if width < NARROW:
            del cells["last try"]
            cells["status"] = SIGN_CELLS
        cells["model"] = min(max(SUBJECT_CELLS, self._longest + 1), width * 2 // 5, cells["model"])
        return {**cells, "error": max(10, width - sum(cells.values()))}


def _subject(letter: Letter) -> tuple[str, str]:
    """Return what a letter is about: of a line that names nothing, where it stands."""
    if not letter.model:
        return f"line at {letter.position:,}", ""
    return f"{letter.operation} {letter.model}".strip(), letter.key


def _length(letter: Letter) -> int:
    """Return about how many cells its subject takes; asked of thousands at each key press."""
    return len(letter.operation) + len(letter.model) + len(letter.key) + 2


def _tone(column: str, letter: Letter) -> str:
    if not letter.open:
        return "rows--quiet"
    return {"reason": "rows--bad", "id": "rows--quiet", "error": ""}.get(column, "")
