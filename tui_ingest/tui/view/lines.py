"""The lines of the log pane: records, what was left out between them, and what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from tui_ingest.ingest.events import Outcome, Severity
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Operation, Record, RecordLocation
from tui_ingest.words.terminal_safe import terminal_safe

KEPT_LINES = 10_000  # that any part of the console keeps
KEPT_BYTES = 4096  # of a record; 10,000 lines keep at most 40 MiB
PREVIEW_BYTES = 400  # of a record's JSON, to be read and searched in the pane
DESCRIBED_OBJECTS = 20  # of a record, by model and key
TEXT_CHARACTERS = 400  # of a model, a key, an error


@dataclass(slots=True, weakref_slot=True, eq=False)
class RecordLine:
    """One record and what became of it.

    Everything shown is inert and short, however long the record is. `note`, `dead_letter` and
    `resolution` come later than the rest: they are written in the session's thread and only
    read elsewhere.
    """

    time: float | None  # seconds since the epoch, by the source's clock
    operation: str  # "" if the line has none
    labels: tuple[str, ...]  # of the models named, in order
    pks: tuple[str, ...]  # of the first objects
    outcome: Outcome
    location: RecordLocation
    preview: str
    raw: bytes  # the first KEPT_BYTES
    objects: int = 0  # in the record
    note: str = ""  # FAILED: reason and error
    dead_letter: int | None = None  # its id
    resolution: str = ""  # how its dead letter ended
    earlier: bool = False  # before anybody looked
    ahead: bool = False  # the session has still to come there

    @property
    def pk(self) -> str:
        """The key of the first object."""
        return self.pks[0] if self.pks else ""

    @property
    def key(self) -> str:
        """The key of the first object, and how many objects there are besides."""
        return f"{self.pk} and {self.objects - 1} more" if self.objects > 1 else self.pk

    @property
    def whole(self) -> bool:
        """Whether `raw` is the complete line."""
        return len(self.raw) < KEPT_BYTES

    @property
    def failed(self) -> bool:
        """Whether it failed and nobody has put it right yet."""
        return self.outcome is Outcome.FAILED and not self.resolution

    @property
    def subject(self) -> str:
        """The model of the first object."""
        if self.labels:
            return self.labels[0]
        return "no objects" if self.operation else "unreadable line"


@dataclass(frozen=True, slots=True)
class ElidedLine:
    """Records that went by too fast to be shown one by one."""

    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerLine:
    """Something happened to the log or to the session."""

    at: float  # seconds since the epoch, by this machine's clock
    kind: str
    text: str
    severity: Severity
    log: str = ""  # for people, where there are several


Line = RecordLine | ElidedLine | MarkerLine


def record_line(entry: Entry, outcome: Outcome) -> RecordLine:
    """Describe an entry; the time this takes does not depend on its length."""
    kept = entry.raw[:KEPT_BYTES]
    if not isinstance(entry, Record):
        return RecordLine(
            time=None,
            operation="",
            labels=(),
            pks=(),
            outcome=outcome,
            location=entry.location,
            preview=_text(kept[:PREVIEW_BYTES]),
            raw=kept,
        )
    _, _, objects = kept[: PREVIEW_BYTES + 32].partition(b"[")
    return RecordLine(
        time=entry.timestamp,
        operation=entry.operation.value,
        labels=tuple(dict.fromkeys(map(_label, entry.objects[:DESCRIBED_OBJECTS]))),
        pks=tuple(map(_pk, entry.objects[:DESCRIBED_OBJECTS])),
        outcome=outcome,
        location=entry.location,
        preview=_text(objects),
        raw=kept,
        objects=len(entry.objects),
    )


def ordinary_outcome(entry: Entry) -> Outcome:
    """Return what becomes of a record if nothing is said about it."""
    deleted = isinstance(entry, Record) and entry.operation is Operation.DELETE
    return Outcome.DELETED if deleted else Outcome.SAVED


def next_failure(lines: Sequence[Line], start: int, direction: int) -> int | None:
    """Return the nearest failed record after (1) or before (-1) a place."""
    places = range(start + 1, len(lines)) if direction > 0 else range(start - 1, -1, -1)
    failed = (place for place in places if is_failed(lines[place]))
    return next(failed, None)


def is_failed(line: Line) -> TypeGuard[RecordLine]:
    """Tell whether it is a record that failed and that nobody has put right yet."""
    return isinstance(line, RecordLine) and line.failed


def whole_of(
    line: RecordLine, read_again: Callable[[RecordLocation], bytes | None]
) -> bytes | None:
    """Return all of a record's line; None if only its beginning is kept, and no more is there.

    Args:
        read_again: returns a line from the log, if it is still there.
    """
    return line.raw if line.whole else read_again(line.location)


def place_of_time(lines: Sequence[Line], time: float) -> int | None:
    """Return the first line of a time or later; None if these lines do not reach that far, or if
    some that were left out come before it.
    """
    known = [
        (place, line.time)
        for place, line in enumerate(lines)
        if isinstance(line, RecordLine) and line.time is not None
    ]
    if not known or not known[0][1] <= time <= known[-1][1]:
        return None
    place = next(place for place, at in known if at >= time)
    return None if place and isinstance(lines[place - 1], ElidedLine) else place


def short(value: object) -> str:
    """Return a value out of a log as inert text of a bounded length."""
    text = value if isinstance(value, str) else str(value)
    return terminal_safe(text[:TEXT_CHARACTERS])


def without_subject(error: str, label: str, key: str) -> str:
    """Return an error without the model and key that it begins with, for where these stand."""
    for known in (label, key):
        rest = error[len(known) :]
        if known and error.lower().startswith(known.lower()) and rest[:1] in {" ", ":"}:
            error = rest.lstrip(": ")
    return error


def _label(item: Mapping[str, Any]) -> str:
    return short(item.get("model", "?")).lower()


def _pk(item: Mapping[str, Any]) -> str:
    pk = item.get("pk")
    return "" if pk is None else short(pk)


def _text(raw: bytes) -> str:
    return terminal_safe(raw.decode("utf-8", "replace"))
