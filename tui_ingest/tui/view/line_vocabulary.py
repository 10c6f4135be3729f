"""What can be asked of a line of the log pane."""

from __future__ import annotations

from collections.abc import Callable

from tui_ingest.ingest.events import Outcome
from tui_ingest.tui.view.filtering import Vocabulary, is_time
from tui_ingest.tui.view.lines import ElidedLine, Line, MarkerLine, RecordLine

_FINE = {Outcome.SAVED, Outcome.DELETED}


def _record(asks: Callable[[RecordLine, str], bool]) -> Callable[[Line, str], bool]:
    """Return a question that only the line of a record can answer."""
    return lambda line, value: isinstance(line, RecordLine) and asks(line, value)


def _fate(asks: Callable[[RecordLine], bool]) -> Callable[[Line], bool]:
    return lambda line: isinstance(line, RecordLine) and asks(line)


def _time(line: Line) -> float | None:
    if isinstance(line, MarkerLine):
        return line.at
    return line.time if isinstance(line, RecordLine) else None


def _text(line: Line) -> str:
    match line:
        case RecordLine():
            about = f"{line.operation} {' '.join(line.labels)} {' '.join(line.pks)}"
            return f"{about} {line.note} {line.preview}"
        case MarkerLine():
            return f"{line.kind} {line.text}"
        case ElidedLine():
            return ""


VOCABULARY: Vocabulary[Line] = Vocabulary(
    text=_text,
    keys={
        "op": _record(lambda line, value: line.operation.lower().startswith(value)),
        "model": _record(lambda line, value: any(value in label for label in line.labels)),
        "pk": _record(lambda line, value: any(pk.lower() == value for pk in line.pks)),
        "reason": _record(lambda line, value: value in line.note.partition(":")[0].lower()),
        "time": lambda line, value: is_time(_time(line), value),
    },
    words={
        "ok": _fate(lambda line: line.outcome in _FINE or bool(line.resolution)),
        "failed": _fate(lambda line: line.failed),
        "missing": _fate(lambda line: line.outcome is Outcome.MISSING),
        "skipped": _fate(lambda line: line.outcome is Outcome.SKIPPED),
    },
)
