"""Batches written to the database, and what that teaches: how large the next one is to be."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tui_ingest.databases.faults import is_statement_timeout
from tui_ingest.ingest import totals
from tui_ingest.ingest.batches import witnesses
from tui_ingest.ingest.batches.attempts import BatchResult, Limits
from tui_ingest.ingest.batches.writer import BatchWriter
from tui_ingest.ingest.events import Counts, EventKind, State
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.session.retrier import Backoff, Retrier
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.oplog.log import Batch

TIMEOUTS = 3  # tries that the database may cancel before the records are tried one by one
BATCH_SECONDS = 0.2  # a batch is cut here: a pause takes effect within a quarter of a second


class BatchSizer:
    """Small batches while following, large ones in a backlog, none longer than a fixed time.

    Attributes:
        records: how many to read next.
    """

    SMALLEST = 64  # records
    LARGEST = 20_000

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds  # that a batch should take
        self.records = self.SMALLEST

    def took(self, records: int, seconds: float) -> None:
        """Learn from a batch that was written."""
        if records * 2 < self.records and seconds < self._seconds:
            return  # the log had no more: nothing to learn about larger batches
        affordable = int(records * self._seconds / max(seconds, 1e-6))
        # Doubling at the most: one lucky batch is no promise for the next.
        self.records = max(self.SMALLEST, min(affordable, 2 * self.records, self.LARGEST))


@dataclass(eq=False)
class Applier:
    """Writes the batches of a cursor, waits where the database is away, and keeps count.

    Attributes:
        counts: of this session, by model label.
        set_aside: records that became dead letters in this session.
        failures_in_a_row: permanent ones, up to now.
        busy_at: when something was applied last, in monotonic seconds.
    """

    target: Target
    cursor: LogCursor
    publisher: Publisher
    retrier: Retrier

    def __post_init__(self) -> None:
        self.counts: dict[str, Counts] = {}
        self.set_aside = 0
        self.failures_in_a_row = 0
        self.busy_at = 0.0
        self._writer: BatchWriter
        self._sizer = BatchSizer(BATCH_SECONDS * 0.75)  # reading takes the rest
        self._timeouts = 0  # tries in a row that the database has cancelled
        self._alone = 0  # entries to be tried one by one
        self._backoff = Backoff()  # between tries to write; ends with a commit

    @property
    def records(self) -> int:
        """How many records to read next."""
        return self._sizer.records

    def load(self) -> None:
        """Read the durable state, as often as it takes, and continue from there."""
        self.retrier.until_done(self._load)

    def _load(self) -> None:
        started = self.cursor.load()
        self._writer = BatchWriter(self.target, self.cursor.file)
        self.publisher.tell(started)
        if not started.again and (missed := witnesses.missed(self.target, self.cursor.file)):
            self.publisher.notice(EventKind.ROWS_GONE, missed)

    def apply(
        self, batch: Batch, *, until_failure: bool, stop_on_error: bool
    ) -> BatchResult | None:
        """Write a batch, or the first entries of it; None if that is to be tried once more.

        Args:
            until_failure: end after the first record that fails.
            stop_on_error: end before it instead.

        Raises:
            CheckpointMovedError: another ingester was here; nothing was written.
        """
        if not self._backoff.attempt and self.publisher.state is not State.RUNNING:
            # Another try is still waiting, until it succeeds. This one may take its time, too.
            self.publisher.progress(self.cursor, now=True)
            self.publisher.change_state(State.RUNNING)
        limits = Limits(
            seconds=BATCH_SECONDS,
            failures=self.target.settings.max_consecutive_failures,
            until_failure=until_failure,
            stop_on_error=stop_on_error,
            # An order to stop cancels statements, too.
            is_timeout_final=(lambda: not self.retrier.is_stopping) if self._alone else None,
        )
        failures_in_a_row = 0 if until_failure else self.failures_in_a_row
        try:
            with write_turn(self.target.connection):
                started = time.monotonic()  # what others took teaches nothing about batches
                written = self._writer.write(batch, limits, failures_in_a_row=failures_in_a_row)
                seconds = time.monotonic() - started
        except Exception as error:
            if not self.retrier.passes_by_itself(error):
                raise  # another ingester was here, or nobody knows what it is
            self._notice_timeout(batch, error)
            self._try_later(error)
            return None
        self.retrier.came_back(self._backoff)
        self._account_for(written, seconds)
        return written

    def _notice_timeout(self, batch: Batch, error: Exception) -> None:
        """A record that always takes too long would keep the log waiting for ever."""
        self._timeouts = self._timeouts + 1 if is_statement_timeout(error) else 0
        if self._timeouts >= TIMEOUTS:
            self._alone = len(batch.entries)

    def _try_later(self, error: Exception) -> None:
        self.retrier.wait_after(error, self._backoff)
        self.load()  # whether the last commit went through is known to the database alone
        self.publisher.progress(self.cursor, now=True)

    def _account_for(self, written: BatchResult, seconds: float) -> None:
        self.cursor.advance(written)
        self._sizer.took(len(written.entries), seconds)
        self._timeouts = 0
        self._alone = max(0, self._alone - len(written.entries))
        self.busy_at = time.monotonic()
        self.failures_in_a_row = written.failures_in_a_row
        self.set_aside += len(written.failures)
        totals.merge(self.counts, written.counts())
        self.publisher.batch(written, self.cursor, seconds)
