"""Lines of the log, laid out for the width there is; and a list of some that stands still."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

from tui_ingest.ingest.events import Outcome, Severity
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.lines import (
    ElidedLine,
    Line,
    MarkerLine,
    RecordLine,
    without_subject,
)
from tui_ingest.tui.widgets.rows import Piece, RowsView
from tui_ingest.words.numbers import plural

WIDE = 84  # cells from which a row has room for the record itself
TINY = 54  # cells below which a row leaves out where the record stands
OFFSET_CELLS = 9  # a GB; what stands further on pushes the rest aside
STAMP_CELLS = 16  # time and operation, with the spaces after them
PREVIEW_CELLS = 30  # that are worth showing some of the record

_TONES = {
    Severity.INFO: "rows--accent",
    Severity.WARNING: "rows--warning",
    Severity.ERROR: "rows--bad",
}
_OUTCOMES = {
    Outcome.SAVED: ("ok", "rows--good"),
    Outcome.DELETED: ("ok", "rows--good"),
    Outcome.MISSING: ("○ was not there", "rows--warning"),
    Outcome.SKIPPED: ("– skipped", "rows--quiet"),
    Outcome.FAILED: ("✗", "rows--bad"),
}


def log_row(line: Line, width: int) -> Iterator[Piece]:
    """Yield the pieces of a row of at most `width` cells."""
    if isinstance(line, ElidedLine):
        yield formats.fit(f"{'…':<9}{plural(line.records, 'more record')}", width), "rows--quiet"
    elif isinstance(line, MarkerLine):
        stamp = f"{formats.time_of_day(line.at)} ── "
        kind = line.kind.replace("_", " ")
        text = f"{kind}: {line.text}" if line.text else kind
        yield stamp, "rows--quiet"
        yield formats.fit(text, width - len(stamp)), _TONES[line.severity]
    else:
        yield from _record_row(line, width)


def _record_row(line: RecordLine, width: int) -> Iterator[Piece]:
    yield f"{formats.time_of_day(line.time)} ", "rows--quiet"
    yield f"{line.operation or '?':<7}", "rows--warning" if line.operation == "DELETE" else ""
    rest = width - STAMP_CELLS
    subject = _subject_cells(width, rest)
    yield formats.fit(formats.subject(line.subject, line.key, subject), subject), ""
    rest -= subject
    if width >= TINY:
        place = f" {line.location.start:>{OFFSET_CELLS}}"
        yield place, "rows--quiet"
        rest -= len(place)
    word, style = outcome_of(line)
    yield formats.fit(f" {word} ", min(rest, cell_len(word) + 2)), style
    rest -= cell_len(word) + 2
    yield formats.fit(detail_of(line, rest), max(0, rest)), style if line.failed else "rows--quiet"


def _subject_cells(width: int, rest: int) -> int:
    """The columns are the same for every line, whatever became of its record."""
    if width >= WIDE:
        return min(52, max(28, rest * 3 // 10))
    return max(8, rest * 2 // 5) if width >= TINY else max(8, rest * 3 // 5)


def detail_of(line: RecordLine, cells: int) -> str:
    """Return why it failed, without what the columns say; or, with room for it, the record."""
    if line.note:
        reason, _, error = line.note.partition(": ")
        label = line.labels[0] if line.labels else ""
        return f"{reason}: {without_subject(error, label, line.pk)}"
    fields = line.preview.partition('"fields": ')[2] or line.preview
    return fields if cells >= PREVIEW_CELLS else ""


def outcome_of(line: RecordLine) -> Piece:
    """Return what became of a record."""
    if line.outcome is Outcome.FAILED and line.resolution:
        return f"✓ {line.resolution}", "rows--good"
    if line.ahead:
        return "· not yet", "rows--quiet"
    if line.earlier and line.outcome is not Outcome.FAILED:
        return "· earlier", "rows--quiet"
    return _OUTCOMES[line.outcome]


class LinesView(RowsView):
    """Records as the log pane shows them."""

    def __init__(self) -> None:
        super().__init__(id="looked-at")
        self.lines: list[RecordLine] = []

    @property
    def current(self) -> RecordLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.lines else None

    def show(self, lines: Sequence[RecordLine]) -> None:
        """Show other lines from the first on."""
        self.lines = list(lines)
        self.rows_changed()
        self.scroll_to(y=0, animate=False, force=True)
        self.cursor = 0
        self.refresh()

    def append(self, lines: Sequence[RecordLine]) -> None:
        """Add lines below; the view does not move."""
        self.lines.extend(lines)
        self.rows_changed()

    def prepend(self, lines: Sequence[RecordLine]) -> None:
        """Add lines above; the view stays on what it shows."""
        top = self.scroll_offset.y
        self.lines[:0] = lines
        self.rows_changed()
        self.cursor += len(lines)
        self.scroll_to(y=top + len(lines), animate=False, force=True)

    def row_count(self) -> int:
        return len(self.lines)

    def nothing(self) -> str:
        return "the log has no record there, or later"

    def row(self, index: int, width: int) -> Iterable[Piece]:
        return log_row(self.lines[index], width)
