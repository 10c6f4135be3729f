"""Field by field: what the record says, and what is in the database now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from textual.content import Content

from tui_ingest.ingest.inspecting import FieldComparison, RowComparison
from tui_ingest.ingest.reasons import first_line
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.lines import without_subject
from tui_ingest.tui.widgets.rows import Piece, RowsView
from tui_ingest.words.terminal_safe import terminal_safe

NAME_CELLS = 18


class _Row(NamedTuple):
    of: RowComparison
    field: FieldComparison | None  # None: the line above the fields of a row

    @property
    def is_at_fault(self) -> bool:
        return self.field is not None and self.field.name in self.of.at_fault

    @property
    def differs(self) -> bool:
        return self.field is not None and self.of.is_here and not self.field.same

    @property
    def sign(self) -> str:
        return "✗" if self.is_at_fault else "≠" if self.differs else " "


class FieldTable(RowsView):
    """The fields of a record's objects; those that are at fault, and those that differ, are marked
    by a sign and a colour. Where another row has an object's unique values, it stands below.
    """

    HEADING = True

    def __init__(self) -> None:
        super().__init__(id="field-table")
        self._lines: list[_Row] = []

    def show(self, rows: Sequence[RowComparison]) -> None:
        """Show other rows, the cursor on the first fault, or else on the first difference."""
        with_holders = [one for row in rows for one in (row, row.held_by) if one]
        self._lines = [_Row(row, field) for row in with_holders for field in (None, *row.fields)]
        self.rows_changed()
        places = range(len(self._lines))
        at_fault = (place for place in places if self._lines[place].is_at_fault)
        different = (place for place in places if self._lines[place].differs)
        self.cursor = next(at_fault, next(different, 1))
        self.post_message(self.CursorMoved(self))

    @property
    def current(self) -> FieldComparison | None:
        """The field under the cursor."""
        return self._lines[self.cursor].field if self._lines else None

    @property
    def current_row(self) -> RowComparison | None:
        """The row that the field under the cursor is of."""
        return self._lines[self.cursor].of if self._lines else None

    def row_count(self) -> int:
        return len(self._lines)

    def heading(self, width: int) -> Iterable[Piece]:
        name, value = _cells(width)
        yield formats.fit("  field", name + 2), ""
        yield formats.fit("in the record", value + 1), ""
        yield formats.fit("in the database now", value), ""

    def row(self, index: int, width: int) -> Iterator[Piece]:
        line = self._lines[index]
        of, field = line
        if field is None:
            effect = without_subject(first_line(of.effect), of.label, of.key)
            what = effect if of.is_here or of.fails else f"not in the database: {effect}"
            tone = "rows--bad" if of.fails else "rows--accent"
            yield formats.fit(terminal_safe(f"{of.label} {of.key} · {what}"), width), tone
            return
        name, value = _cells(width)
        yield f"{line.sign} ", "rows--bad"
        yield formats.fit(terminal_safe(field.name), name), "rows--bad" if line.sign != " " else ""
        for text in (field.logged, field.here):
            shown = "–" if text is None else terminal_safe(text)
            yield formats.fit(shown, value), _tone(line, absent=text is None)
            yield " ", ""


def _tone(line: _Row, *, absent: bool) -> str:
    if absent:
        return "rows--quiet"
    if line.is_at_fault:
        return "rows--bad"
    return "rows--warning" if line.differs else ""


def _cells(width: int) -> tuple[int, int]:
    """Return the width of a name and of a value, in cells."""
    name = min(NAME_CELLS, width // 4)
    return name, max(1, (width - name - 4) // 2)


def both_values(field: FieldComparison | None) -> Content:
    """Return the values of a field in full."""
    if field is None:
        return Content("")
    return Content.assemble(
        ("in the record    ", "$text-muted"),
        terminal_safe("– (not carried)" if field.logged is None else field.logged),
        ("\nin the database  ", "$text-muted"),
        terminal_safe("– (no such row or field)" if field.here is None else field.here),
    )
