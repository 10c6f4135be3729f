"""The lines kept for the log pane, and which of them the filter lets through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tui_ingest.ingest.events import Outcome
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.view.filtering import Filter, Vocabulary, is_time
from tui_ingest.tui.view.lines import (
    KEPT_LINES,
    ElidedLine,
    Line,
    MarkerLine,
    RecordLine,
    is_failed,
    next_failure,
    place_of_time,
)

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


class LineBuffer:
    """The latest lines, at most `limit`, oldest first.

    Lines are addressed by their place among those that the filter lets through.

    Attributes:
        came: records that the filter let through when they came, shown one by one or counted.
        dropped: shown lines that had to go, from the beginning of those shown.
            Both only grow: a pane compares them with what they were when it was drawn.
    """

    def __init__(self, limit: int = KEPT_LINES) -> None:
        self._limit = limit
        self._all: list[Line] = []
        self._shown: list[Line] = self._all
        self.filter: Filter[Line] = Filter()
        self.came = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._shown)

    def __getitem__(self, index: int) -> Line:
        return self._shown[index]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._shown)

    @property
    def kept(self) -> int:
        """How many lines are kept, shown or not."""
        return len(self._all)

    def extend(self, lines: Sequence[Line]) -> None:
        """Add lines; drop the oldest ones above the limit."""
        self.came += sum(map(_records, self._matching(lines)))
        self._all.extend(lines)
        surplus = max(0, len(self._all) - self._limit)
        if self._shown is self._all:
            del self._all[:surplus]
            self.dropped += surplus
            return
        # By identity: a line that matched when it came need not match any more.
        gone = set(map(id, self._all[:surplus]))
        dropped = sum(id(line) in gone for line in self._shown[:surplus])
        del self._all[:surplus]
        self._shown.extend(self._matching(lines))
        del self._shown[:dropped]
        self.dropped += dropped

    def apply(self, typed: str) -> None:
        """Show only what a filter lets through."""
        self.filter = Filter.parse(typed, VOCABULARY)
        self._shown = list(self._matching(self._all)) if self.filter else self._all

    def _matching(self, lines: Sequence[Line]) -> Iterator[Line]:
        """Yield what is shown of these; what was left out tells nothing that could match."""
        if not self.filter:
            yield from lines
            return
        for line in lines:
            if not isinstance(line, ElidedLine) and self.filter.matches(line):
                yield line

    def index_of(self, line: Line) -> int | None:
        """Return where a line is shown, if it is."""
        try:
            return self._shown.index(line)
        except ValueError:
            return None

    def failed_at(self, location: RecordLocation) -> RecordLine | None:
        """Return the latest line of a record that failed there."""
        latest_first = filter(is_failed, reversed(self._all))
        return next((line for line in latest_first if line.location == location), None)

    def failures(self) -> list[RecordLine]:
        """Return the lines of records that failed, shown or not, oldest first."""
        return [*filter(is_failed, self._all)]

    def next_failure(self, start: int, direction: int) -> int | None:
        """Return the nearest failed record after (1) or before (-1) a place."""
        return next_failure(self._shown, start, direction)

    def place_of_time(self, time: float) -> int | None:
        """Return the first shown line of a time or later, if these lines reach that far."""
        return place_of_time(self._shown, time)


def _records(line: Line) -> int:
    return line.records if isinstance(line, ElidedLine) else 1
