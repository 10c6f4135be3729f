"""Where a session stands in its log: in the database, and in the reader."""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_ingest.conf import Settings
from tui_ingest.ingest import checkpoints, deadletters, totals
from tui_ingest.ingest.batches.batching import BatchWriter
from tui_ingest.ingest.batches.comebacks import Comebacks
from tui_ingest.ingest.events import SessionStarted
from tui_ingest.ingest.session.lookahead import Lookahead
from tui_ingest.ingest.session.reporting import Reporter
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Log, Position, StartPoint

SOUGHT = "sought"  # kind of the event that the checkpoint was moved by order


class LogCursor:
    """Keeps the checkpoint's row, the reader and what was read ahead at one position.

    Attributes:
        position: as committed; in a dry run, as it would have been.
        writer: commits batches that were read from here.
        comebacks: retries dead letters of this log.
    """

    def __init__(
        self,
        log: Log,
        lookahead: Lookahead,
        reporter: Reporter,
        *,
        database: str,
        settings: Settings,
        dry_run: bool,
        before_each_comeback: Callable[[], None],
    ) -> None:
        self.position = Position()
        self.writer: BatchWriter
        self.comebacks: Comebacks
        self._file: ProcessedFile
        self._log = log
        self._lookahead = lookahead
        self._reporter = reporter
        self._database = database
        self._settings = settings
        self._dry_run = dry_run
        self._before_each_comeback = before_each_comeback
        self._told = False  # where the session starts
        self._leaves_no_trace = False  # a dry run on a log that was not known before

    def find(self) -> None:
        """Read the durable state for the first time."""
        known = checkpoints.is_known(self._log.path, database=self._database)
        self._leaves_no_trace = self._dry_run and not known
        self.load()

    def load(self) -> None:
        """Read the durable state and continue from there, whatever was believed before."""
        self._file = checkpoints.load(self._log.path, database=self._database)
        self._reporter.attach(self._file)
        self.comebacks = Comebacks(
            self._file,
            database=self._database,
            settings=self._settings,
            report=self._reporter.tell,
            before_each=self._before_each_comeback,
        )
        self.writer = BatchWriter(
            self._file,
            self._log,
            database=self._database,
            settings=self._settings,
            dry_run=self._dry_run,
        )
        stored = checkpoints.position_of(self._file)
        self._lookahead.forget()
        self._log.resume(stored)
        self.position = stored or Position()
        self._tell()

    def _tell(self) -> None:
        last = self._file.last_record_time
        letters = deadletters.search(
            self._file, database=self._database, status=DeadLetter.Status.OPEN
        )
        self._reporter.tell(
            SessionStarted(
                at=time.time(),
                path=self._log.path,
                database=self._database,
                position=self.position,
                totals=totals.load(self._file, database=self._database),
                dead_letters=letters.count(),
                gaps=checkpoints.gaps(self._file, database=self._database),
                last_record_time=last.timestamp() if last else None,
                again=self._told,
            )
        )
        self._told = True

    def go_to(self, start: StartPoint) -> None:
        """Continue from another place.

        Raises:
            LogError: there is no such place.
            CheckpointMovedError: another ingester was here.
        """
        position = self._log.locate(start)
        why = (
            f"Moved from byte {self.position.offset:,} to byte {position.offset:,},"
            " by order of the operator."
        )
        if not self._dry_run:
            checkpoints.move(self._file, position, kind=SOUGHT, why=why, database=self._database)
        self._lookahead.forget()
        self._log.resume(position)
        self.position = position
        self._reporter.notice(SOUGHT, why, keep=False)
        self._reporter.progress(position, now=True)

    def leave(self) -> None:
        """Clean up after the session."""
        if self._leaves_no_trace:
            checkpoints.forget(self._log.path, database=self._database)
