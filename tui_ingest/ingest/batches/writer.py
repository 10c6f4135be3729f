"""One batch, one transaction: rows, totals, dead letters and checkpoint, or nothing.

What fails in a way that another attempt would repeat becomes a dead letter, and the entries around
it go through. What may pass by itself (a locked database, a lost connection) is left to the caller.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import IntegrityError, transaction

from tui_ingest.ingest import checkpoints, deadletters, totals
from tui_ingest.ingest.batches import witnesses
from tui_ingest.ingest.batches.attempts import (
    Attempt,
    BatchResult,
    CommitRefusedError,
    Limits,
    Look,
    RunRefusedError,
)
from tui_ingest.ingest.batches.blame import ConstraintBlame
from tui_ingest.ingest.batches.dry_run import DryRunMemory
from tui_ingest.ingest.batches.passes import BatchPass
from tui_ingest.ingest.exact.failures import explain
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.fast.applying import FastPath
from tui_ingest.ingest.reasons import Reason, forget_frames
from tui_ingest.ingest.receivers import Receivers
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.verify import Verifier
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.log import Batch
from tui_ingest.oplog.records import Record
from tui_ingest.recorder import suspended

logger = logging.getLogger(__name__)


# After bad records were found, this many batches are expected to have more of the kind: what finds
# them early costs a little, and being undone costs a batch.
WARY_BATCHES = 50


class BatchWriter:
    """Writes the batches of one log to one database."""

    def __init__(
        self,
        target: Target,
        file: ProcessedFile,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = file
        self._target = target
        self._memory = DryRunMemory(target) if target.dry_run else None
        self._clock = clock
        # What is to be undone is nothing to tell a receiver of: it may send a mail.
        self._replayer = Replayer(target, receivers=Receivers(()) if target.dry_run else None)
        # A dry run knows of the batches it has undone record by record.
        self._fast = None if target.dry_run else FastPath.to(target, self._replayer.counters)
        # It has not the rows of the batches that it has undone.
        self._verifier = None if target.dry_run else Verifier(target, file)
        self._blame = ConstraintBlame(target)
        self._wary = 0  # batches to look through for missing parents
        self._careful = 0  # batches to write with savepoints
        self._lending = 0  # batches to look through for exchanged unique values

    def write(self, batch: Batch, limits: Limits, *, failures_in_a_row: int = 0) -> BatchResult:
        """Apply the entries of a batch, or the first of them, and move the checkpoint past those.

        Args:
            failures_in_a_row: permanent failures that count, just before this batch.

        Raises:
            CheckpointMovedError: another ingester was here; nothing was written.
            Exception: a transient failure (`is_transient`); nothing was written.
        """
        attempt = Attempt(
            batch=batch,
            size=len(batch.entries),
            limits=limits,
            look=self._look(),
            is_careful=self._careful > 0,
            lends=self._lending > 0,
        )
        while True:
            try:
                written = self._transaction(
                    attempt, BatchResult(failures_in_a_row=failures_in_a_row)
                )
            except CommitRefusedError as refused:
                self._narrow(attempt, refused)
                forget_frames(refused)
            except RunRefusedError:
                attempt.is_careful = True
            else:
                self._accept(written)
                self._learn(attempt, written)
                return written

    def _narrow(self, attempt: Attempt, refused: CommitRefusedError) -> None:
        """Learn from a refused commit, outside of a transaction.

        The records whose parents are missing are found by looking; for anything else the batch
        is halved, until the one that is left is to blame.

        Raises:
            Exception: what the database refused, where no record is left to blame.
        """
        if refused.blamed:
            attempt.blamed.update(refused.blamed)
        elif attempt.look < Look.AFTER:
            attempt.look = Look(attempt.look + 1)
        elif attempt.size > 1:
            attempt.size //= 2
        elif 0 not in attempt.blamed and isinstance(record := attempt.entries[0], Record):
            attempt.blamed[0] = explain(self._target, refused.cause, record)
        else:  # nothing of it is applied: the dead letter is refused, or the checkpoint
            raise refused.cause

    def _look(self) -> Look:
        if self._memory is not None:  # it never commits, and would not be told
            return Look.AFTER
        return Look.AHEAD if self._wary else Look.NONE

    def _learn(self, attempt: Attempt, written: BatchResult) -> None:
        reasons = {failure.reason for failure in written.failures.values()}
        self._wary = WARY_BATCHES if Reason.MISSING_PARENT in reasons else max(0, self._wary - 1)
        self._careful = WARY_BATCHES if attempt.was_refused else max(0, self._careful - 1)
        self._lending = WARY_BATCHES if attempt.has_lent else max(0, self._lending - 1)

    def _accept(self, written: BatchResult) -> None:
        if self._memory is not None:
            self._memory.learn(written)
        elif written.position is not None:
            checkpoints.accept(
                self._file, written.position, last_record_time=written.last_record_time
            )
            self._file.witnesses = written.witnesses

    def _transaction(self, attempt: Attempt, written: BatchResult) -> BatchResult:
        committed: list[bool] = []
        try:
            with self._target.atomic(durable=True), suspended(self._target.database):
                # The project's own on_commit hooks run after this one, and may fail: the rows
                # are there all the same.
                transaction.on_commit(lambda: committed.append(True), using=self._target.database)
                self._replayer.counters.forget()  # those of an attempt that was undone
                if self._memory is not None:
                    checkpoints.lend(self._target, self._file)
                checkpoints.claim(self._target, self._file, attempt.batch.position)
                checkpoints.note_repeats(self._target, self._file, attempt.batch.notices)
                execution = BatchPass(
                    self._target,
                    self._file,
                    attempt,
                    written,
                    replayer=self._replayer,
                    fast=self._fast,
                    blame=self._blame,
                    verifier=self._verifier,
                    clock=self._clock,
                )
                execution.run()
                if execution.is_to_be_looked_through:
                    self._look_for_orphans(written)
                self._settle(attempt.batch, written)
                if written.position is None or self._memory is not None:
                    transaction.set_rollback(True, using=self._target.database)
        except Exception as error:
            if committed:
                logger.exception("A hook of the project failed after a batch was committed.")
            elif isinstance(error, IntegrityError):
                # What refuses a record is caught where that is tried: this came at the end.
                raise CommitRefusedError(error) from error
            else:
                raise
        return written

    def _look_for_orphans(self, written: BatchResult) -> None:
        """Blame the applied records that left a row without its parent, or with another's value."""
        applied = {
            index: record
            for index in sorted(written.outcomes)
            if isinstance(record := written.entries[index], Record)
        }
        blamed = self._blame.find_clashes(applied)
        blamed |= {
            index: failure
            for index, failure in self._blame.find(applied).items()
            if not (self._memory is not None and self._memory.excuses(failure))
        }
        if blamed:
            raise CommitRefusedError(IntegrityError("missing parents"), blamed)

    def _settle(self, batch: Batch, written: BatchResult) -> None:
        """Account for the entries in the same transaction."""
        if not written.entries and written.refusal is not None:
            return
        self._keep_letters(written)
        totals.add(self._target, self._file, written.counts())
        self._replayer.counters.move()
        written.notices = checkpoints.note_news(self._target, self._file, batch)
        records = (entry for entry in reversed(written.entries) if isinstance(entry, Record))
        last = next(records, None)
        written.last_record_time = last.timestamp if last else None
        written.position = batch.position_after(len(written.entries))
        written.witnesses = witnesses.after(self._target, self._file.witnesses, written)
        checkpoints.correct(
            self._target,
            self._file,
            written.position,
            last_record_time=written.last_record_time,
            witnesses=written.witnesses,
        )

    def _keep_letters(self, written: BatchResult) -> None:
        """Keep the failures, and close the dead letters that applied records made obsolete."""
        if indexes := sorted(written.failures):
            failed = [(written.entries[index], written.failures[index]) for index in indexes]
            letters = deadletters.keep(self._target, self._file, failed)
            written.letters = dict(zip(indexes, letters, strict=True))
        written.touching = deadletters.touching(self._target, self._file, written.applied())
        written.superseded = deadletters.supersede(self._target, self._file, written.touching)
