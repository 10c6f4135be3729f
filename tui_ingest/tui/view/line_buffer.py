"""The lines kept for the log pane, and which of them the filter lets through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.line_sampler import KEPT_LINES
from tui_ingest.tui.view.line_vocabulary import VOCABULARY
from tui_ingest.tui.view.lines import ElidedLine, Line, RecordLine


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
        for line in reversed(self._all):
            if isinstance(line, RecordLine) and line.failed and line.location == location:
                return line
        return None

    def failures(self) -> list[RecordLine]:
        """Return the lines of records that failed, shown or not, oldest first."""
        return [line for line in self._all if isinstance(line, RecordLine) and line.failed]

    def next_failure(self, start: int, direction: int) -> int | None:
        """Return the nearest failed record after (1) or before (-1) a place."""
        places = range(start + 1, len(self)) if direction > 0 else range(start - 1, -1, -1)
        for place in places:
            line = self._shown[place]
            if isinstance(line, RecordLine) and line.failed:
                return place
        return None


def _records(line: Line) -> int:
    return line.records if isinstance(line, ElidedLine) else 1
