"""The dead letters in columns, sorted and filtered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from textual import events
from textual.reactive import reactive

from tui_ingest.tui import formats
from tui_ingest.tui.letters import Letter
from tui_ingest.tui.widgets.rows import Piece, RowsView

_SORTS: Mapping[str, Callable[[Letter], object]] = {
    "id": lambda letter: letter.id,
    "reason": lambda letter: letter.reason,
    "model": lambda letter: (letter.model, letter.key),
    "tries": lambda letter: -letter.attempts,
    "last try": lambda letter: -letter.time,
}
_CELLS = {"id": 7, "status": 13, "reason": 15, "model": 30, "tries": 6, "last try": 9}
_SIGNS = {"open": "✗", "applied": "✓", "superseded": "↷", "discarded": "–"}
NARROW = 100  # cells below which status and the time of the last try are left out


class LettersTable(RowsView):
    """One line for each dead letter that the filter lets through."""

    HEADING = True

    sort_column: reactive[str] = reactive("id")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self._all: Sequence[Letter] = ()
        self.shown: list[Letter] = []
        self._terms: list[str] = []

    def show(self, letters: Sequence[Letter]) -> None:
        """Show other letters; the cursor stays on its own, or near where it was."""
        self._all = letters
        self._arrange()

    def filter(self, text: str) -> None:
        """Show only what matches."""
        self._terms = text.lower().split()
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
        self.shown = [letter for letter in self._all if letter.matches(self._terms)]
        self.shown.sort(key=_SORTS[self.sort_column])  # type: ignore[arg-type]
        self.rows_changed()
        ids = [letter.id for letter in self.shown]
        if current is not None and current.id in ids:
            self.cursor = ids.index(current.id)

    # Rows

    def row_count(self) -> int:
        return len(self.shown)

    def heading(self, width: int) -> Iterator[Piece]:
        for name, cells in _columns(width).items():
            title = f"{name}▾" if name == self.sort_column else name
            yield formats.fit(title, cells), ""

    def row(self, index: int, width: int) -> Iterator[Piece]:
        letter = self.shown[index]
        texts = {
            "id": str(letter.id),
            "status": f"{_SIGNS.get(letter.status, '?')} {letter.status}",
            "reason": letter.reason,
            "model": f"{letter.operation} {letter.model} {letter.key}".strip(),
            "tries": str(letter.attempts),
            "last try": formats.time_of_day(letter.time),
            "error": letter.error,
        }
        for name, cells in _columns(width).items():
            yield formats.fit(texts[name], cells - 1) + " ", _tone(name, letter)

    async def on_click(self, event: events.Click) -> None:
        if event.y == self.gutter.top:
            self._sort_at(event.x - self.gutter.left)
        else:
            await super().on_click(event)

    def _sort_at(self, x: int) -> None:
        edge = 0
        for name, cells in _columns(self.scrollable_content_region.width).items():
            if edge <= x < edge + cells and name in _SORTS:
                self.sort_column = name
            edge += cells


def _tone(column: str, letter: Letter) -> str:
    if not letter.open:
        return "rows--quiet"
    return {"reason": "rows--bad", "id": "rows--quiet", "error": ""}.get(column, "")


def _columns(width: int) -> dict[str, int]:
    """Return the columns that have room, in cells, the space after each included."""
    left_out = {"status", "last try"} if width < NARROW else set()
    cells = {name: wide for name, wide in _CELLS.items() if name not in left_out}
    return {**cells, "error": max(10, width - sum(cells.values()))}
