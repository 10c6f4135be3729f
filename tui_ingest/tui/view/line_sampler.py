"""What is new since the screen looked last: a screenful, and how much was left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from tui_ingest.ingest.events import Outcome
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Operation, Record
from tui_ingest.tui.view.lines import ElidedLine, Line, RecordLine, record_line

SCREENFUL = 40  # ordinary records shown per look; more could not be read anyway
KEPT_LINES = 10_000  # lines that any part of the console keeps


class LineSampler:
    """Collects lines in the session's thread at a cost that does not grow with the batch.

    Failures and markers are always kept. Of the ordinary records the latest are, and of the rest
    the number.
    """

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._ordinary = 0  # lines of records that did not fail

    def add(self, line: Line) -> None:
        """Add one line that must be shown."""
        self._lines.append(line)
        self._trim()

    def leave_out(self, records: int) -> None:
        """Count records that nobody has seen."""
        if records:
            self._lines.append(ElidedLine(records))

    def add_batch(
        self, entries: Sequence[Entry], unusual: Mapping[int, Outcome]
    ) -> list[RecordLine]:
        """Add a batch; return the lines of the records that failed."""
        failed = [index for index, what in unusual.items() if what is Outcome.FAILED]
        surplus = len(entries) - len(failed) - SCREENFUL
        lines = []
        start = 0
        for index in sorted(failed):
            surplus = self._add_run(entries, unusual, range(start, index), surplus)
            line = record_line(entries[index], Outcome.FAILED)
            self._lines.append(line)
            lines.append(line)
            start = index + 1
        self._add_run(entries, unusual, range(start, len(entries)), surplus)
        self._trim()
        return lines

    def drain(self) -> list[Line]:
        """Return what was collected, and begin again."""
        lines = _compressed(self._lines, self._ordinary - SCREENFUL)
        self._lines = deque()
        self._ordinary = 0
        return lines

    def _add_run(
        self, entries: Sequence[Entry], unusual: Mapping[int, Outcome], run: range, surplus: int
    ) -> int:
        """Add records that did not fail, but the first `surplus`; return what remains of it."""
        left_out = max(0, min(surplus, len(run)))
        if left_out:
            self._lines.append(ElidedLine(left_out))
        for index in run[left_out:]:
            entry = entries[index]
            outcome = unusual.get(index) or ordinary_outcome(entry)
            self._lines.append(record_line(entry, outcome))
        self._ordinary += len(run) - left_out
        return surplus - left_out

    def _trim(self) -> None:
        """Keep a bound while nobody looks: the screen may be stuck, the session is not."""
        if self._ordinary > 8 * SCREENFUL or len(self._lines) > 2 * KEPT_LINES:
            lines = _compressed(self._lines, self._ordinary - SCREENFUL)
            self._lines = deque(lines, maxlen=2 * KEPT_LINES)
            self._ordinary = min(self._ordinary, SCREENFUL)


def ordinary_outcome(entry: Entry) -> Outcome:
    """Return what becomes of a record if nothing is said about it."""
    deleted = isinstance(entry, Record) and entry.operation is Operation.DELETE
    return Outcome.DELETED if deleted else Outcome.SAVED


def _compressed(lines: deque[Line], surplus: int) -> list[Line]:
    """Return the lines with the oldest `surplus` ordinary records merged into elided ones."""
    result: list[Line] = []
    elided = 0
    for line in lines:
        if isinstance(line, ElidedLine):
            elided += line.records
        elif surplus > 0 and isinstance(line, RecordLine) and line.outcome is not Outcome.FAILED:
            elided += 1
            surplus -= 1
        else:
            if elided:
                result.append(ElidedLine(elided))
                elided = 0
            result.append(line)
    if elided:
        result.append(ElidedLine(elided))
    return result
