"""The protocol through which a session reads: a file log today, a replicated stream tomorrow."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tui_ingest.errors import TuiIngestError
from tui_ingest.oplog.records import Malformed, Record

Entry = Record | Malformed

MAX_RECORD_BYTES = 64 * 1024 * 1024  # of one record, unless the project says otherwise


class LogError(TuiIngestError):
    """The log cannot be read and waiting will not help. The message names the next step."""


class LogUnavailableError(LogError):
    """The log cannot be read now (permissions, a vanished mount). Worth trying again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place in the log, and the evidence by which that place is found again.

    A stream uses `generation` for its own identity and `offset` for its sequence number.
    """

    generation: str = ""  # "" before the first record of the log was seen
    offset: int = 0  # bytes of the (uncompressed) generation that were consumed
    tail_digest: str = ""  # hex digest of the bytes just before `offset`
    size: int = 0  # bytes; the generation's size when last seen
    device: int = 0  # hint only: a device and inode name a file no longer than it lives
    inode: int = 0
    # How far the generations were read that were left last: writers may still add to them after
    # the rollover. The log's own notes; whoever keeps a position keeps them as they are.
    left: str = ""


class NoticeKind(enum.StrEnum):
    """What a reader can find out about the log besides its records. Stored: keep the values."""

    ROTATED = "rotated"  # a generation was finished, the next one begins
    TRUNCATED = "truncated"  # the same file, other content: starts again from 0
    REPLACED = "replaced"  # another file with the same content: goes on at the same offset
    GAP = "gap"  # generations were removed before they were read
    LATE = "late"  # bytes were added to a generation after it was left


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A fact about the log that an operator should know. Committed with the batch it came in."""

    kind: NoticeKind
    message: str  # one sentence for a person
    generation: str
    missing_bytes: int | None = None  # GAP: what is known to be missing; None if nothing is known


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Consecutive entries of one generation, and the position after them."""

    entries: Sequence[Entry]
    position: Position  # where the log stands once every entry has taken effect
    notices: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """How far the reader is behind."""

    exists: bool  # the log has an active file
    readable: bool = True  # or else it was not: what is said here may not be all
    generation_size: int = 0  # bytes of the generation being read, as far as it is written
    remaining_bytes: int = 0  # unread bytes over all generations, complete lines or not
    older_generations: int = 0  # generations to finish before the active file is reached
    # The margin before the next loss: the rotation number of the oldest unread generation and
    # the highest one in use ('27 of 30'). None where the log is not numbered, or nothing waits.
    oldest_rank: int | None = None
    highest_rank: int | None = None
    partial_bytes: int = 0  # bytes of an unterminated last line, left for the writer to finish


@dataclass(frozen=True, slots=True)
class FromStart:
    """The oldest record present."""


@dataclass(frozen=True, slots=True)
class FromPosition:
    """The first record at or after a byte of the active file."""

    offset: int  # bytes


@dataclass(frozen=True, slots=True)
class FromTime:
    """The first record, in log order, whose own time is not before this one."""

    timestamp: float  # seconds since the epoch


StartPoint = FromStart | FromPosition | FromTime


class Log(Protocol):
    """An ordered, growing sequence of entries. One thread uses it; `wake` alone is for others."""

    path: str  # what the operator calls it; the key of its checkpoint

    def resume(self, position: Position | None) -> None:
        """Continue after `position`; None begins with the oldest entry present.

        Called at the start and again whenever an attempt to apply was undone: whatever was read
        ahead is forgotten. What resuming finds (gap, truncation) comes with the next batch.
        """

    def read(self, *, max_records: int, max_bytes: int, final: bool = False) -> Batch | None:
        """Return the next entries, or None when nothing complete is there yet.

        Args:
            max_records: entries; at least one is returned if one is complete.
            max_bytes: stop after the entry that reaches this many bytes.
            final: also take an unterminated last line if it is a complete record (`--once`).

        Raises:
            LogUnavailableError: for now; call again after `wait`.
            LogError: for good.
        """

    def position_after(self, entry: Entry) -> Position:
        """Return the position just after an entry of the batch that was read last."""

    def locate(self, start: StartPoint) -> Position:
        """Return the position that an operator means. Does not move the reader."""

    def count(self, start: Position, end: Position) -> int | None:
        """Return how many lines lie from `start` to `end`, negative if `end` comes first.

        None if one of them is not in the log (any more).
        """

    def backlog(self) -> Backlog:
        """Return how far the reader is behind; never raises for a log that is not there."""

    def wait(self, timeout: float) -> None:  # seconds
        """Return when the log may have changed, when woken, or after `timeout`."""

    def wake(self) -> None:
        """End a `wait` at once. Safe from any thread and from a signal handler."""

    def close(self) -> None:
        """Give back every descriptor and thread."""
