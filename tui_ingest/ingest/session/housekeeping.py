"""Old rows of a log, removed by its session when it has nothing else to do."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from tui_ingest.ingest import retention
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile

DAY_SECONDS = 24 * 3600.0  # between two rounds


class Housekeeping:
    """Removes a chunk at a time, so that a record that comes never waits for it."""

    def __init__(self, target: Target, *, dry_run: bool) -> None:
        self._target = target
        self._days = None if dry_run else target.settings.prune_after_days
        self._round: Iterator[Counter[str]] | None = None
        self._begun_at: float | None = None  # monotonic seconds

    def work_if_due(self, file: ProcessedFile) -> None:
        """Remove the next chunk of a round, or begin one once a day."""
        if self._days is None:
            return
        now = time.monotonic()
        if self._round is None and (self._begun_at is None or now - self._begun_at > DAY_SECONDS):
            self._begun_at = now
            self._round = retention.prune(self._target, self._days, file)
        if self._round is None:
            return
        try:
            if next(self._round, None) is None:
                self._round = None
        except Exception as error:
            if not is_of_the_database(error):
                raise
            self._round = None  # tomorrow
            self._target.connection.close()
