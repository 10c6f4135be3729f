"""One row over time, the oldest record above, the row as it is now below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len

from tui_ingest.ingest.history import Change, RowNow, Step, telling
from tui_ingest.ingest.inspecting import FieldComparison
from tui_ingest.oplog.records import Operation
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.history import HistorySoFar
from tui_ingest.tui.widgets.rows import Piece, RowsView
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

TIME_CELLS = 20
OPERATION_CELLS = 7
NAME_CELLS = 20
_INDENT = "   "


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of the list: a record, a field of it, or what is to be said at the end."""

    step: Step | None = None  # what the line is about, if it is a record
    change: Change | None = None
    text: str = ""  # inert
    tone: str = ""

    @property
    def whole(self) -> str:
        """All that the line says, however narrow the screen is."""
        if self.change is not None:
            return telling.change(self.change)
        if self.step is not None:
            fate = telling.fate(self.step)
            return f"{telling.effect(self.step)}{f' · {fate}' if fate else ''}"
        return " ".join(self.text.split())


class HistoryView(RowsView):
    """The records of a row and what each changed; a cursor at the end stays at the end."""

    def __init__(self) -> None:
        super().__init__(id="history")
        self._so_far = HistorySoFar()
        self._lines: list[HistoryLine] = []
        self._shows_models = False

    def show(self, so_far: HistorySoFar) -> None:
        """Show what was found by now."""
        before, self._so_far = self._so_far, so_far
        if _is_same(before, so_far):
            return
        at_end = self.cursor >= len(self._lines) - 1
        self._shows_models = len(so_far.subjects) > 1
        self._lines = [*_lines(so_far)]
        self.rows_changed()
        if at_end:
            self.action_last()

    @property
    def current(self) -> HistoryLine | None:
        """The line under the cursor."""
        return self._lines[self.cursor] if self._lines else None

    def row_count(self) -> int:
        return len(self._lines)

    def nothing(self) -> str:
        return terminal_safe(self._so_far.error) or "no record yet"

    def row(self, index: int, width: int) -> Iterable[Piece]:
        line = self._lines[index]
        if line.change is not None:
            return _change(line.change, width)
        if line.step is not None:
            return self._record(line.step, width)
        return [(formats.fit(line.text, width), line.tone)]

    def _record(self, step: Step, width: int) -> Iterator[Piece]:
        record, fate = step.record, telling.fate(step)
        is_delete = record.operation is Operation.DELETE
        yield _time(record.timestamp), "rows--quiet"
        operation = f"{record.operation.value:<{OPERATION_CELLS}}"
        yield operation, "rows--warning" if is_delete else ""
        rest = width - TIME_CELLS - OPERATION_CELLS
        effect = telling.effect(step)
        if self._shows_models:
            effect = f"{terminal_safe(step.label)} {effect}"
        effect = formats.fit(effect, min(cell_len(effect), rest))
        yield effect, "rows--quiet" if step.is_ahead else ""
        if fate:
            yield formats.fit(f"  {fate}", max(0, rest - cell_len(effect))), _tone(step)


def _lines(so_far: HistorySoFar) -> Iterator[HistoryLine]:
    if so_far.begins_at is not None:
        begins = f"{_time(so_far.begins_at)}the log begins: what was before is not in it"
        yield HistoryLine(text=begins, tone="rows--quiet")
    if so_far.dropped:
        text = f"… {plural(so_far.dropped, 'earlier record')}, not shown"
        yield HistoryLine(text=text, tone="rows--quiet")
    for step in so_far.steps:
        yield HistoryLine(step=step)
        for change in step.changes:
            yield HistoryLine(step=step, change=change)
    for row in so_far.rows:
        yield from _now(row, several=len(so_far.rows) > 1)
    for lack in so_far.lacks:
        yield HistoryLine(text=f"incomplete: {terminal_safe(lack)}", tone="rows--warning")
    for note in so_far.notes:
        yield HistoryLine(text=terminal_safe(note), tone="rows--quiet")


def _now(row: RowNow, *, several: bool) -> Iterator[HistoryLine]:
    label = f"{terminal_safe(row.label)} " if several else ""
    tone = "rows--bad" if row.differs else "rows--accent"
    yield HistoryLine(text=f"{'now':<{TIME_CELLS}}{label}{terminal_safe(row.says)}", tone=tone)
    for field in row.fields:
        if row.is_here and row.differs and not field.same:
            yield HistoryLine(text=_difference(field), tone="rows--bad")


def _time(timestamp: float) -> str:
    """Return a time without its zone, for which the title has more room."""
    return f"{formats.date_and_time(timestamp)[: TIME_CELLS - 1]:<{TIME_CELLS}}"


def _difference(field: FieldComparison) -> str:
    logged = "–" if field.logged is None else terminal_safe(field.logged)
    here = "–" if field.here is None else terminal_safe(field.here)
    return f"{_INDENT}{formats.fit(terminal_safe(field.name), NAME_CELLS)} {logged} ≠ {here} here"


def _change(change: Change, width: int) -> Iterator[Piece]:
    name = formats.fit(terminal_safe(change.name), NAME_CELLS)
    yield f"{_INDENT}{name} ", "rows--quiet"
    rest = max(0, width - len(_INDENT) - NAME_CELLS - 1)
    if change.is_new:
        yield formats.fit(telling.value(change.after), rest), ""
        return
    before = telling.value(change.before)
    half = max(1, (rest - 3) // 2)
    before = formats.shorten_middle(before, half)
    after = formats.shorten_middle(telling.value(change.after), rest - cell_len(before) - 3)
    yield f"{before} → ", "rows--quiet"
    yield formats.fit(after, max(0, rest - cell_len(before) - 3)), "rows--warning"


def _tone(step: Step) -> str:
    if step.letter is not None and step.letter.is_open:
        return "rows--bad"
    return "rows--quiet"


def _is_same(one: HistorySoFar, other: HistorySoFar) -> bool:
    """Tell whether two states differ in how far the search is alone."""
    said = [(found.error, found.rows, found.lacks, found.notes) for found in (one, other)]
    return one.steps is other.steps and said[0] == said[1]
