"""Where a session stands in its log: in the database, in the reader, and in what was read ahead."""

from __future__ import annotations

import time
from dataclasses import replace

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest import checkpoints, deadletters, totals, verdicts
from tui_ingest.ingest.batches.attempts import BatchResult
from tui_ingest.ingest.checkpoints import CheckpointMovedError
from tui_ingest.ingest.events import SessionStarted
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Backlog, Batch, Log, Position, StartPoint

BATCH_BYTES = 16 * 1024 * 1024  # of log, read at once


class LogCursor:
    """Hands out batches, and keeps the checkpoint's row and the reader at one position.

    Attributes:
        position: as committed; in a dry run, as it would have been.
        file: the checkpoint's row, once it was loaded.
    """

    def __init__(self, target: Target, log: Log, *, final: bool) -> None:
        self.position = Position()
        self.file: ProcessedFile
        self._log = log
        self._target = target
        self._final = final  # also take a last line without an end
        self._read: Batch | None = None  # as it came from the log
        self._taken = 0  # entries of it that are applied
        self._loaded = False

    def load(self) -> SessionStarted:
        """Read the durable state and continue from there, whatever was believed before."""
        find = checkpoints.peek if self._target.dry_run else checkpoints.load
        self.file = find(self._target, self._log.path)
        self._go_on_from(checkpoints.position_of(self.file))
        again, self._loaded = self._loaded, True
        return started(self._target, self.file, self.position, again=again)

    def is_current(self) -> bool:
        """Tell whether the stored position is still as it was loaded."""
        stored = checkpoints.peek(self._target, self._log.path)
        return checkpoints.position_of(stored) == checkpoints.position_of(self.file)

    def lost(self) -> CheckpointMovedError:
        """Return what to say when the log is not this session's any more."""
        return checkpoints.lost(self._target, self.file)

    def standing(self) -> SessionStarted:
        """Return what the database has of the log now."""
        stored = checkpoints.peek(self._target, self._log.path)
        return started(self._target, stored, self.position, again=True)

    def go_to(self, start: StartPoint, *, by: str) -> str:
        """Continue from another place, and return in a sentence what was done.

        Args:
            by: who ordered it; "" if that is not known.

        Raises:
            LogError: there is no such place.
            CheckpointMovedError: another ingester was here.
        """
        position = self._log.locate(start)
        why = (
            f"Moved from {self.place} to {self._log.unit} {position.offset:,},"
            f" by order of {by or 'the operator'}."
        )
        if not self._target.dry_run:
            checkpoints.move(self._target, self.file, position, why=why)
        self._go_on_from(position)
        return why

    def _go_on_from(self, position: Position | None) -> None:
        self._read = None
        self._log.resume(position)
        self.position = position or Position()

    @property
    def place(self) -> str:
        """The position, for a person."""
        return f"{self._log.unit} {self.position.offset:,}"

    def next(self, most: int) -> Batch | None:
        """Return up to `most` entries; None when nothing complete is there yet.

        The same ones again, unless they were applied: see `advance`.
        """
        if self._read is None:
            self._read = self._log.read(max_records=most, max_bytes=BATCH_BYTES, final=self._final)
            self._taken = 0
        return self._read and self._read.part(self._taken, self._taken + most)

    def advance(self, written: BatchResult) -> None:
        """Go past what was applied of a batch of `next`; the rest of it comes next."""
        assert self._read is not None  # noqa: S101  # it was written
        self.position = written.position or self.position
        self._taken += len(written.entries)
        if self._taken == len(self._read.entries):
            self._read = None

    def backlog(self) -> Backlog:
        """Return how far the session is behind: what was read ahead is unread to it."""
        unread = self._read.entries[self._taken :] if self._read else ()
        ahead = sum(entry.location.length for entry in unread)
        backlog = self._log.backlog()
        return replace(backlog, remaining_bytes=backlog.remaining_bytes + ahead)


def started(
    target: Target, file: ProcessedFile, position: Position, *, again: bool
) -> SessionStarted:
    """Return what is told of a log whose work begins, or goes on, at a position."""
    return SessionStarted(
        at=time.time(),
        path=file.file_path,
        database=target.database,
        position=position,
        totals=totals.load(target, file),
        dead_letters=deadletters.search(target, file, status=DeadLetter.Status.OPEN).count(),
        gaps=checkpoints.gaps(target, file),
        verified=verdicts.load(target, file),
        last_record_time=as_timestamp(file.last_record_time),
        again=again,
    )
