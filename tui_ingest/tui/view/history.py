"""The history of one row for a screen: which row is meant, and what was found of it so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters.reading import effective_entry
from tui_ingest.ingest.history import (
    HistoryError,
    RowNow,
    Step,
    Subject,
    Tracing,
    subject_named,
    subject_of,
)
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Record, RecordLocation
from tui_ingest.tui.view.database import Lookup
from tui_ingest.tui.view.lines import RecordLine, whole_of
from tui_ingest.tui.view.log_view import LogAccess
from tui_ingest.words.record_text import entry_of

MOST_STEPS = 10_000  # that are kept for the screen: the latest ones

# Says which row is meant, and its parents' rows; in a thread that may use the database.
FindSubjects = Callable[[Target], list[Subject]]


def of_line(
    line: RecordLine, read_again: Callable[[RecordLocation], bytes | None], *, pk: str = ""
) -> FindSubjects:
    """Return what finds the row of a line of the log pane.

    Args:
        read_again: returns a line from the log, if it is still there.
        pk: of which object, if the record has several; otherwise the first is meant.
    """

    def find(target: Target) -> list[Subject]:
        entry = entry_of(whole_of(line, read_again) or line.raw)
        if not isinstance(entry, Record) and line.labels and line.pk:  # only its beginning is left
            return subject_named(target, line.labels[0], line.pk)
        return _of_entry(target, entry, pk)

    return find


def of_raw(raw: bytes) -> FindSubjects:
    """Return what finds the row of a record's first object."""
    return lambda target: _of_entry(target, entry_of(raw))


def of_letter(dead_letter: int) -> FindSubjects:
    """Return what finds the row of a dead letter's first object."""
    return lambda target: _of_entry(target, effective_entry(deadletters.get(target, dead_letter)))


def named(label: str, key: str) -> FindSubjects:
    """Return what finds the row with a key."""
    return lambda target: subject_named(target, label, key)


def _of_entry(target: Target, entry: Entry, pk: str = "") -> list[Subject]:
    if not isinstance(entry, Record) or not entry.objects:
        raise HistoryError("This line is no record: it names no row.")
    meant = (item for item in entry.objects if pk and str(item.get("pk")) == pk)
    return subject_of(target, next(meant, entry.objects[0]))


@dataclass(frozen=True, kw_only=True)
class HistorySoFar:
    """What a look-up has found by now."""

    subjects: Sequence[Subject] = ()  # empty until it is known which row is meant
    dropped: int = 0  # records before those that are kept
    steps: Sequence[Step] = ()  # oldest first
    done: int = 0  # bytes of the log
    total: int = 0
    begins_at: float | None = None  # of the log, in seconds since the epoch
    lacks: Sequence[str] = ()
    notes: Sequence[str] = ()
    rows: Sequence[RowNow] = ()
    error: str = ""  # why there is no history
    is_over: bool = False


class HistoryLookup(Lookup[HistorySoFar]):
    """Looks a history up.

    Args:
        access: the log and its database.
        find: which row.
    """

    def __init__(self, access: LogAccess, find: FindSubjects) -> None:
        super().__init__(HistorySoFar())
        self._access = access
        self._find = find
        self._steps: list[Step] = []
        self._dropped = 0

    def failed(self, why: str) -> HistorySoFar:
        return HistorySoFar(error=why, is_over=True)

    def look_up(self) -> None:
        access = self._access
        subjects = self._find(access.target)
        with closing(access.open_log()) as log:
            tracing = Tracing(access.target, log, subjects)
            if access.dry_run:
                tracing.lacks.append(
                    "This is a dry run: what it applied is undone, and the row is as it was before."
                )
            with closing(tracing.run()) as found:
                for steps in found:
                    self._keep(steps)
                    self.publish(self._state(tracing))
                    if self.is_stopped:
                        share = tracing.done * 100 // max(1, tracing.total)
                        tracing.lacks.append(f"The search was stopped at {share} %.")
                        break
            self.publish(self._state(tracing, rows=tracing.now(), is_over=True))

    def _keep(self, steps: Sequence[Step]) -> None:
        if steps:
            kept = [*self._steps, *steps]
            surplus = max(0, len(kept) - MOST_STEPS)
            self._steps, self._dropped = kept[surplus:], self._dropped + surplus

    def _state(
        self, tracing: Tracing, *, rows: Sequence[RowNow] = (), is_over: bool = False
    ) -> HistorySoFar:
        return HistorySoFar(
            subjects=tracing.subjects,
            dropped=self._dropped,
            steps=self._steps,
            done=tracing.done,
            total=tracing.total,
            begins_at=tracing.begins_at,
            lacks=tuple(tracing.lacks),
            notes=tuple(tracing.notes),
            rows=rows,
            is_over=is_over,
        )
