"""A dead letter as its page shows it: the record beside the database. All texts are inert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tui_ingest.admin.kept_rows import moment
from tui_ingest.ingest.deadletters.reading import effective_bytes
from tui_ingest.ingest.inspecting import ABSENT, RowComparison, compare, outlook
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Record
from tui_ingest.words.numbers import plural, size
from tui_ingest.words.record_text import editable, entry_of, readable
from tui_ingest.words.terminal_safe import terminal_safe

SHOWN_CHARACTERS = 20_000  # of a record, unless the whole is asked for
LARGE_BYTES = 512 * 1024  # a longer line is neither compared nor edited in a browser
MOST_CHARACTERS = 2_000_000  # of what is edited: Django takes 2.5 MB of a form


@dataclass(frozen=True, kw_only=True)
class FieldBeside:
    """One field, in the record and in the database; None where it is not."""

    name: str
    logged: str | None
    here: str | None
    differs: bool
    is_at_fault: bool  # because of it the record fails


@dataclass(frozen=True, kw_only=True)
class RowBeside:
    """One object of the record, and its row."""

    subject: str
    effect: str  # of applying it now; why it fails, if it does and the dead letter does not say so
    fails: bool
    is_here: bool
    fields: tuple[FieldBeside, ...]
    is_other: bool = False  # not the record's own row: it has a value that must be unique


@dataclass(frozen=True, kw_only=True)
class LetterFacts:
    """What is shown of a dead letter."""

    key: int
    subject: str  # "SAVE polls.choice 9"
    status: str
    is_open: bool
    is_edited: bool
    reason: str
    tries: str  # "2 attempts, the last one 2026-11-30 04:12:01"
    place: str
    error: str
    outlook: str
    rows: tuple[RowBeside, ...]
    record: str
    is_cut: bool  # the record, in `record`
    is_large: bool  # too large for a page
    size: str
    editable: str  # "" if it is too large
    original: str  # what stood in the log, if that was edited
    traceback: str


def facts_of(letter: DeadLetter, target: Target, *, whole: bool) -> LetterFacts:
    """Return what is shown of a dead letter.

    Args:
        whole: all of its record, however long, unless that is too large for a page.
    """
    raw = effective_bytes(letter)
    to_edit = editable(raw) if len(raw) <= LARGE_BYTES else ""
    is_large = not 0 < len(to_edit) <= MOST_CHARACTERS
    rows = [] if is_large else _compared(target, raw)
    text = _beginning(raw)
    if not is_large:
        text = to_edit if whole else readable(raw)[:SHOWN_CHARACTERS]
    return LetterFacts(
        key=letter.pk,
        subject=subject_of(letter),
        status=letter.status,
        is_open=letter.status == DeadLetter.Status.OPEN,
        is_edited=letter.edited is not None,
        reason=terminal_safe(letter.reason),
        tries=f"{plural(letter.attempts, 'attempt')}, the last one {moment(letter.last_attempt)}",
        place=_place(letter),
        error=terminal_safe(letter.error, lines=True),
        outlook=outlook(letter, rows),
        rows=tuple(beside for row in rows for beside in _beside(row, letter)),
        record=text,
        is_cut=text != to_edit,
        is_large=is_large,
        size=size(len(raw)),
        editable="" if is_large else to_edit,
        original="" if letter.edited is None else _beginning(bytes(letter.raw)),
        traceback=terminal_safe(letter.traceback, lines=True),
    )


def subject_of(letter: DeadLetter) -> str:
    """Return what a dead letter is about, for people."""
    return terminal_safe(letter.subject) or "a line that is no record"


def _beginning(raw: bytes) -> str:
    return terminal_safe(raw[:SHOWN_CHARACTERS].decode("utf-8", "backslashreplace"))


def _compared(target: Target, raw: bytes) -> list[RowComparison]:
    entry = entry_of(raw)
    return compare(target, entry) if isinstance(entry, Record) else []


def _place(letter: DeadLetter) -> str:
    end = letter.position + letter.length
    return (
        f"bytes {letter.position:,} to {end:,} of generation"
        f" {terminal_safe(letter.generation[:12])} · {moment(letter.record_time) or 'no time'}"
    )


def _beside(row: RowComparison, letter: DeadLetter) -> Iterator[RowBeside]:
    """Yield an object beside its row, and beside the row that has its unique values."""
    known = row.effect in letter.error
    effect = "" if known else terminal_safe(row.effect, lines=True)
    yield replace(_table(row), effect=effect)
    if row.held_by:
        yield replace(_table(row.held_by), is_other=True)


def _table(row: RowComparison) -> RowBeside:
    return RowBeside(
        subject=terminal_safe(f"{row.label} {row.key}"),
        effect=terminal_safe(row.effect, lines=True),
        fails=row.fails,
        is_here=row.is_here,
        fields=tuple(
            FieldBeside(
                name=terminal_safe(field.name),
                logged=_inert(field.logged),
                here=_inert(field.here),
                differs=row.is_here and not field.same,
                is_at_fault=field.name in row.at_fault,
            )
            for field in row.fields
        ),
    )


def _inert(text: str | None) -> str | None:
    return ABSENT if text is None else terminal_safe(text)
