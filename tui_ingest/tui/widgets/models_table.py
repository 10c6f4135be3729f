"""How many records of each model came out of the log, by what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.cells import cell_len
from textual.reactive import reactive

from tui_ingest.ingest.events import Counts, Verified, VerifiedState
from tui_ingest.ingest.totals import NO_MODEL, in_order, shown
from tui_ingest.ingest.verdicts import in_short
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.view_memory import Facts
from tui_ingest.tui.widgets.list_view import Column, ListView
from tui_ingest.tui.widgets.rows import Piece
from tui_ingest.tui.widgets.throttle import Throttle
from tui_ingest.words.numbers import open_of_failed, plural

COUNTED = ("saved", "deleted", "failed", "missing", "skipped")
# In the order in which they find room; all are in the table when it is wide.
_PRIORITY = ("failed", "saved", "verified", "deleted", "missing", "skipped")
BYTES_PER_SECOND = 4_000  # that the terminal is sent of it while counts change
NAME_CELLS = 12  # that the column of names keeps, whatever the numbers take
_TONES = {"failed": "rows--bad", "missing": "rows--warning"}
_VERDICTS = {
    VerifiedState.EQUAL: "rows--good",
    VerifiedState.DIFFERS: "rows--bad",
    VerifiedState.EXPLAINED: "rows--warning",
    VerifiedState.NOT_COMPARABLE: "rows--quiet",
}

_Row = tuple[str, Counts]


def _counted(name: str) -> Column[_Row]:
    return Column(name=name, by=lambda row: getattr(row[1], name), falling=True, right=True)


class ModelsTable(ListView[_Row]):
    """Counts by model, with their sum, for this session or for the log's whole life."""

    CLOSING = True
    COLUMNS: ClassVar = [
        Column(name="model", by=lambda row: (row[0] == NO_MODEL, row[0])),
        *map(_counted, COUNTED),
        Column(name="verified", right=True),
    ]

    lifetime: reactive[bool] = reactive(True)

    def __init__(self) -> None:
        super().__init__(id="models")
        self._totals: Mapping[str, Counts] = {}
        self._session: Mapping[str, Counts] = {}
        self._verified: Mapping[str, Verified] = {}
        self._told: Mapping[str, str] = {}  # verdicts in words, by label
        self._sum = Counts()
        self._letters = 0  # open ones
        self.throttle = Throttle(BYTES_PER_SECOND)
        self.set_reactive(ModelsTable.sort_column, "model")

    def on_mount(self) -> None:
        self._retitle()

    def show_counts(
        self, totals: Mapping[str, Counts], session: Mapping[str, Counts], letters: int
    ) -> None:
        """Show new counts, if they are new; the cursor stays on its model.

        Args:
            letters: dead letters that are open.
        """
        known = self._totals, self._session, self._letters
        if (totals, session, letters) != known and not self.throttle.is_resting:
            self._totals, self._session, self._letters = totals, session, letters
            self._recount()
            self.throttle.drew(self.size)

    def show_verdicts(self, verified: Mapping[str, Verified], now: float) -> None:
        """Show what DIGESTs have said, if that is new; `now` in seconds since the epoch."""
        told = {label: in_short(verdict, now) for label, verdict in verified.items()}
        if told != self._told:
            self._verified, self._told = verified, told
            self._recount()

    def arrangement(self) -> dict[str, str | bool]:
        return {**super().arrangement(), "lifetime": self.lifetime}

    def restore(self, facts: Facts) -> None:
        super().restore(facts)
        self.lifetime = facts.get("lifetime") is not False

    def watch_lifetime(self) -> None:
        self._recount()

    def _recount(self) -> None:
        counts = self._totals if self.lifetime else self._session
        self._sum = sum(counts.values(), Counts())
        found = {**dict.fromkeys(self._told, Counts()), **counts}
        self.show([(label, found[label]) for label in in_order(found)])
        self._retitle()

    def _retitle(self) -> None:
        """Say how many letters are open, too, where that is another number than failed."""
        failed = self._sum.failed
        told = open_of_failed(self._letters, failed) if failed != self._letters else ""
        self.entitle("Models · lifetime" if self.lifetime else "Models · session", told)

    # Rows

    def identity(self, row: _Row) -> str:
        return row[0]

    def cell(self, column: str, row: _Row, cells: int) -> Piece:
        label, counts = row
        if column == "model":
            return formats.fit(formats.shorten_label(shown(label), cells - 1), cells), ""
        if column == "verified":
            tone = _VERDICTS[self._verified[label].state] if label in self._verified else ""
            return formats.fit(self._told.get(label, ""), cells, align="right"), tone
        number = getattr(counts, column)
        tone = _TONES.get(column, "") if number else "rows--quiet"
        return formats.fit(formats.count(number), cells, align="right"), tone

    def closing(self, width: int) -> Iterable[Piece]:
        for name, cells in self.widths(width).items():
            if name == "model":
                total = self._total_name()
                yield formats.fit(total if cell_len(total) < cells else "total", cells), ""
            else:
                yield self.cell(name, ("total", self._sum), cells)

    def shows_cursor(self, index: int) -> bool:
        return index == self.cursor and self.has_focus

    def widths(self, width: int) -> dict[str, int]:
        numbers: dict[str, int] = {}
        # What counts something has room before what does not.
        for name in sorted(_PRIORITY, key=self._counts_nothing):
            cells = self._cells(name)
            # No name is cut for a column that counts nothing.
            names = self._longest_name() if self._counts_nothing(name) else NAME_CELLS
            if cells and sum(numbers.values()) + cells + names <= width:
                numbers[name] = cells
        room = max(0, width - sum(numbers.values()))
        in_order = (*COUNTED, "verified")
        return {"model": room, **{name: numbers[name] for name in in_order if name in numbers}}

    def _longest_name(self) -> int:
        names = [self._total_name(), *(shown(label) for label, _ in self.shown)]
        return max(NAME_CELLS, *map(cell_len, names)) + 1

    def _total_name(self) -> str:
        models = sum(label != NO_MODEL for label, _ in self.shown)
        return f"{plural(models, 'model')}, total"

    def _counts_nothing(self, name: str) -> bool:
        return name != "verified" and not getattr(self._sum, name)

    def _cells(self, name: str) -> int:
        """Return how wide a column has to be, the space before it included."""
        if name != "verified":
            number = formats.count(getattr(self._sum, name))
            title = len(name) + (name == self.sort_column)  # with the mark of its direction
            return max(title, cell_len(number)) + 1
        return max(map(cell_len, ("verified ", *self._told.values()))) + 1 if self._told else 0
