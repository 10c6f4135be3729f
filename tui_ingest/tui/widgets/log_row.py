"""One line of the log pane, laid out for the width there is."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.status import Severity
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.lines import ElidedLine, Line, MarkerLine, RecordLine
from tui_ingest.tui.widgets.rows import Piece
from tui_ingest.words.numbers import plural

WIDE = 84  # cells from which a row shows its offset and a detail at once
OFFSET_CELLS = 11
STAMP_CELLS = 16  # time and operation, with the spaces after them

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
    if width >= WIDE:
        yield from _wide(line, rest)
    elif line.outcome is Outcome.FAILED:
        yield from _narrow_failure(line, rest)
    else:
        yield from _narrow(line, rest)


def _wide(line: RecordLine, rest: int) -> Iterator[Piece]:
    subject = min(52, max(28, rest * 3 // 10))
    yield formats.fit(_subject(line, subject), subject), ""
    yield f" {line.location.start:>{OFFSET_CELLS}} ", "rows--quiet"
    word, style = _outcome(line)
    yield f"{word} ", style
    detail = line.note or line.preview.partition('"fields": ')[2] or line.preview
    room = rest - subject - OFFSET_CELLS - 3 - cell_len(word)
    yield formats.fit(detail, max(0, room)), style if line.failed else "rows--quiet"


def _narrow(line: RecordLine, rest: int) -> Iterator[Piece]:
    word, style = _outcome(line)
    word = f"{word.split()[0]:<2}"
    room = max(8, rest - OFFSET_CELLS - 2 - cell_len(word))
    yield formats.fit(_subject(line, room), room), ""
    yield f" {line.location.start:>{OFFSET_CELLS}} ", "rows--quiet"
    yield word, style


def _narrow_failure(line: RecordLine, rest: int) -> Iterator[Piece]:
    """A failure's reason is worth more than its offset, which the inspector shows."""
    word, style = _outcome(line)
    subject = _subject(line, max(14, rest // 2))
    yield subject, ""
    yield f" {word} ", style
    yield formats.fit(line.note, max(0, rest - cell_len(subject) - 2 - cell_len(word))), style


def _subject(line: RecordLine, width: int) -> str:
    return formats.subject(line.subject, line.pk, width)


def _outcome(line: RecordLine) -> tuple[str, str]:
    if line.outcome is Outcome.FAILED and line.resolution:
        return f"✓ {line.resolution}", "rows--good"
    if line.earlier and line.outcome is not Outcome.FAILED:
        return "· earlier", "rows--quiet"
    return _OUTCOMES[line.outcome]
