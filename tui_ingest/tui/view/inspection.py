"""Everything the inspector shows of one record, looked up in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from tui_ingest.ingest.deadletters.reading import effective_bytes
from tui_ingest.ingest.events import StoppedOnError
from tui_ingest.ingest.inspecting import RowComparison, compare, effects, outlook
from tui_ingest.ingest.reasons import advice, first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.addresses import is_stream
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Record, RecordLocation
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.lines import RecordLine, short, whole_of
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.words.numbers import plural
from tui_ingest.words.record_text import entry_of, readable
from tui_ingest.words.terminal_safe import terminal_safe


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """A record, the rows it speaks of, and what went wrong. All texts are inert."""

    subject: str  # "SAVE polls.choice 9"
    fate: str  # "applied", "missing_parent · dead letter 12 is open · 2 attempts"
    place: str  # where it stands in the log, and since when
    text: str  # the record, for reading
    rows: tuple[RowComparison, ...]
    error: str = ""
    outlook: str = ""  # what a retry will do, or what to do instead
    traceback: str = ""
    dead_letter: int | None = None  # id, if it is open
    failed: bool = False
    path: str = ""  # of the log it is of, where that was asked of the database


LookUp = Callable[[], Inspection | None]  # to be called in a thread; None if the record is gone


@dataclass(frozen=True, kw_only=True)
class Where:
    """The log that a record is of, and what is read of it."""

    path: str  # "" of several
    reading: str  # the generation; "" where that is not known

    @classmethod
    def of(cls, view: LogView) -> Where:
        """Return what a view is of."""
        return cls(path=view.access.path, reading=view.status.position.generation)

    def of_bytes(self, location: RecordLocation) -> str:
        """Say of what a record's bytes are: of which file, or only of which log."""
        generation = location.generation[:12]
        if is_stream(self.path):  # its messages carry lines of a file that is elsewhere
            return f"the site's file {generation}"
        if self.path and not self.reading:
            return terminal_safe(formats.log_name(self.path))
        is_read = location.generation == self.reading
        return "the file being read" if is_read else f"an older file ({generation})"


def look_up_line(view: LogView, line: RecordLine) -> LookUp:
    """Return how a line of the log is looked up, as its dead letter if it has one."""
    if line.dead_letter is not None:
        return look_up_letter(view, line.dead_letter)
    access = view.access
    return partial(inspect_line, line, access.read_again, access.target, Where.of(view))


def look_up_letter(view: LogView, dead_letter: int) -> LookUp:
    """Return how a dead letter is looked up."""
    return partial(inspect_letter, dead_letter, view.access.target, Where.of(view))


def inspect_line(
    line: RecordLine,
    read_again: Callable[[RecordLocation], bytes | None],
    target: Target,
    where: Where,
) -> Inspection:
    """Look up a line of the log pane that has no dead letter.

    Args:
        read_again: returns a line from the log, if it is still there: only the beginning of a
            long one is kept.
    """
    raw = whole_of(line, read_again) or line.raw
    rows = _compared(target, entry_of(raw))
    return Inspection(
        subject=f"{line.operation} {line.subject} {line.key}".strip(),
        fate=line.note if line.failed else line.outcome.value,
        place=_place(line.location, line.time, where),
        text=readable(raw),
        rows=rows,
        outlook=_applied_again(rows),
        failed=line.failed,
    )


def inspect_stopped(stopped: StoppedOnError, target: Target, where: Where) -> Inspection:
    """Look up the record before which the session stands."""
    entry = entry_of(stopped.raw)
    time = entry.timestamp if isinstance(entry, Record) else None
    subject = " ".join(short(word) for word in (stopped.operation, stopped.model, stopped.pk))
    return Inspection(
        subject=subject.strip(),
        fate=f"{short(stopped.reason)} · the session stands before it",
        place=_place(stopped.location, time, where),
        text=readable(stopped.raw),
        rows=_compared(target, entry),
        error=terminal_safe(stopped.error, lines=True),
        outlook=advice(stopped.reason),
        traceback=terminal_safe(stopped.traceback, lines=True),
        failed=True,
    )


def inspect_letter(dead_letter: int, target: Target, where: Where) -> Inspection | None:
    """Look up a dead letter; None if it is gone."""
    letter = target.rows(DeadLetter).filter(pk=dead_letter).select_related("file").first()
    if letter is None:
        return None
    raw = effective_bytes(letter)
    rows = _compared(target, entry_of(raw))
    time = letter.record_time.timestamp() if letter.record_time else None
    is_open = letter.status == DeadLetter.Status.OPEN
    return Inspection(
        subject=terminal_safe(letter.subject),
        fate=_fate(letter),
        place=_place(letter.location, time, replace(where, path=letter.file.file_path)),
        text=readable(raw),
        rows=rows,
        error=terminal_safe(letter.error, lines=True),
        outlook=outlook(letter, rows),
        traceback=terminal_safe(letter.traceback, lines=True),
        dead_letter=letter.pk if is_open else None,
        failed=is_open,
        path=letter.file.file_path,
    )


def _compared(target: Target, entry: Entry) -> tuple[RowComparison, ...]:
    return tuple(compare(target, entry)) if isinstance(entry, Record) else ()


def _fate(letter: DeadLetter) -> str:
    edited = " · edited" if letter.edited is not None else ""
    tries = plural(letter.attempts, "attempt")
    return terminal_safe(
        f"{letter.reason} · dead letter {letter.pk} is {letter.status}{edited} · {tries}"
    )


def _place(location: RecordLocation, time: float | None, where: Where) -> str:
    """Say where a record stands, and when it was written."""
    when = "the line has no time" if time is None else formats.date_and_time(time)
    return f"bytes {location.start:,} to {location.end:,} of {where.of_bytes(location)} · {when}"


def _applied_again(rows: Sequence[RowComparison]) -> str:
    if failing := next((row for row in rows if row.fails), None):
        return f"Applied once more it fails: {terminal_safe(first_line(failing.effect))}"
    return f"Applied once more it {effects(rows)}." if rows else ""
