"""The protocol through which a session reads: a file log today, a replicated stream tomorrow."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tui_ingest.errors import TuiIngestError
from tui_ingest.oplog.records import Malformed, Record, RecordLocation

Entry = Record | Malformed

MAX_RECORD_BYTES = 64 * 1024 * 1024  # of one record, unless the project says otherwise


class LogError(TuiIngestError):
    """The log cannot be read and waiting will not help. The message names the next step."""


class LogUnavailableError(LogError):
    """The log cannot be read now (permissions, a vanished mount). Worth trying again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """A place in the log, and the evidence by which that place is found again."""

    generation: str = ""  # "" before the first record of the log was seen
    offset: int = 0  # how much of the generation was consumed, in the log's `unit`
    size: int = 0  # how far the generation reached when it was last seen, in the same unit
    # The log's own notes: what was at this place, and what else it has to know. Whoever keeps a
    # position keeps them as they are.
    evidence: str = ""


class NoticeKind(enum.StrEnum):
    """What a reader can find out about the log besides its records. Stored: keep the values."""

    ROTATED = "rotated"  # a generation was finished, the next one begins
    TRUNCATED = "truncated"  # the same file, other content: starts again from 0
    REPLACED = "replaced"  # another file with the same content: goes on at the same offset
    GAP = "gap"  # generations were removed before they were read
    PASSED_OVER = "passed_over"  # files that look like the log's own, and are not read
    REORDERED = "reordered"  # the names of files contradict the times of their records
    LATE = "late"  # bytes were added to a generation after it was left


# What is so as long as the files are what they are: it is news once, whoever reads them again.
SAID_ONCE = frozenset({NoticeKind.REORDERED, NoticeKind.PASSED_OVER})


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A fact about the log that an operator should know. Committed with the batch it came in."""

    kind: NoticeKind
    message: str  # one sentence for a person
    generation: str
    missing_bytes: int | None = None  # GAP: what is known to be missing; None if nothing is known


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Consecutive entries of one generation, and the positions after them."""

    entries: Sequence[Entry]
    position: Position  # where the log stands once every entry has taken effect
    notices: tuple[Notice, ...] = field(default=())
    # The log's way to tell where it stands once one of the entries but the last has taken effect.
    after: Callable[[Entry], Position] = field(repr=False)

    def position_after(self, count: int) -> Position:
        """Return where the log stands once the first `count` entries, 1 or more, took effect."""
        if count == len(self.entries):
            return self.position
        return self.after(self.entries[count - 1])

    def part(self, start: int, end: int) -> Batch:
        """Return some of the entries as a batch. The notices are the first part's."""
        end = min(end, len(self.entries))
        if not start and end == len(self.entries):
            return self
        return Batch(
            entries=self.entries[start:end],
            position=self.position_after(end) if end else self.position,
            notices=() if start else self.notices,
            after=self.after,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """How far the reader is behind."""

    exists: bool  # the log has an active file
    readable: bool = True  # or else it was not: what is said here may not be all
    unit: str = "byte"  # what positions count, in the singular; see `Log.unit`
    generation_size: int = 0  # of the generation being read, as far as it is written, in that unit
    remaining_bytes: int = 0  # unread bytes over all generations, complete lines or not
    older_generations: int = 0  # generations to finish before the active file is reached
    # The margin before the next loss: the rotation number of the oldest unread generation and
    # the highest one in use ('27 of 30'). None where the log is not numbered, or nothing waits.
    oldest_rank: int | None = None
    highest_rank: int | None = None
    partial_bytes: int = 0  # bytes of an unterminated last line, left for the writer to finish
    remaining_messages: int | None = None  # unread ones; None where lines do not come in messages
    # When whoever writes the log was last heard of, in seconds since the epoch, if he says so even
    # while there is nothing to write: then a quiet site does not look late.
    heard_at: float | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a log, which may be rotated at this moment."""
        return self.exists or self.generation_size > 0

    @property
    def applicable_bytes(self) -> int:
        """Unread bytes that could be applied now: an unfinished line is for its writer to end."""
        return max(0, self.remaining_bytes - self.partial_bytes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """A piece of the log that was searched, and how far the search has come with it."""

    entries: Sequence[Entry] = ()  # what was found, oldest first
    ahead: Sequence[Entry] = ()  # found after the position: the session has not read them yet
    done: int  # bytes of all lines that were searched, unpacked
    total: int  # bytes that there are, as far as that is known beforehand
    # Of the log's first record, in seconds since the epoch: what was before is not in the log.
    begins_at: float | None = None
    generations: frozenset[str] | None = None  # that are there; None if that is not known
    lacks: tuple[str, ...] = ()  # what was found out that cannot be searched, a sentence each


@dataclass(frozen=True, slots=True)
class FromStart:
    """The oldest record present."""


@dataclass(frozen=True, slots=True)
class FromPosition:
    """The first record at or after a byte of the active file, or a message of a stream."""

    offset: int  # in the log's `unit`


@dataclass(frozen=True, slots=True)
class FromByte:
    """The first record at or after a byte of any generation, as locations of records name it."""

    generation: str
    offset: int  # bytes


@dataclass(frozen=True, slots=True)
class FromTime:
    """The first record, in log order, whose own time is not before this one."""

    timestamp: float  # seconds since the epoch


StartPoint = FromStart | FromPosition | FromByte | FromTime


class Log(Protocol):
    """An ordered, growing sequence of entries. One thread uses it; `wake` alone is for others."""

    path: str  # what the operator calls it; the key of its checkpoint
    unit: str  # what offsets count, in the singular: "byte"

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

    def line_at(self, location: RecordLocation) -> bytes | None:
        """Return a line without its terminator; None if it is not in the log any more.

        Does not move the reader.
        """

    def recent(
        self, position: Position, most: int, *, since: Position | None = None
    ) -> Sequence[Entry]:
        """Return up to `most` entries just before a position, oldest first.

        Fewer, or none, where they are not to be had: gone, or on another machine. All are of one
        generation: that of the position, or, where that begins, one before. Does not move the
        reader.

        Args:
            since: a place before, of the same generation or another: none from before that.
        """

    def search(
        self, patterns: Sequence[re.Pattern[bytes]], position: Position | None
    ) -> Generator[Searched]:
        """Search all of the log once more, from the oldest line that is there, piece by piece.

        Every line in which one of the patterns is found is parsed; the others are not, which makes
        it fast. A pattern must not reach over the end of a line. Does not move the reader. Whoever
        has enough closes the iterator.

        Args:
            position: of the session, which tells what is ahead of it; None: all is.

        Raises:
            LogUnavailableError: nothing of it can be read now.
            LogError: nothing of it ever can.
        """

    def ahead_of(self, position: Position) -> Callable[[Entry], bool]:
        """Return what tells whether an entry lies after a position, as the log is now.

        Does not move the reader.
        """

    def layout(self) -> Sequence[tuple[str, int]]:
        """Return the generations that are there, oldest first, each with its bytes, unpacked.

        Nothing where positions are not bytes of generations, or the files cannot be looked at now.
        Does not move the reader.
        """

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
