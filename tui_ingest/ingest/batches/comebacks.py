"""Dead letters that come back by themselves: children whose parent has arrived."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from tui_ingest.conf import Settings
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.events import Counts, DeadLetterResolved, Event
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.records import Record


class Comebacks:
    """Retries what waits for a parent, each in its own transaction, in log order.

    Args:
        before_each: called before each retry, of which there may be thousands. It may raise: then
            the next start takes up the rest.
    """

    def __init__(
        self,
        file: ProcessedFile,
        *,
        database: str,
        settings: Settings,
        report: Callable[[Event], None],
        before_each: Callable[[], None],
    ) -> None:
        self._file = file
        self._database = database
        self._settings = settings
        self._report = report
        self._before_each = before_each

    def at_start(self) -> None:
        """Retry the orphans whose parent has come from elsewhere meanwhile."""
        deadletters.refresh_rows(self._file, database=self._database, settings=self._settings)
        self._retry(deadletters.no_longer_waiting(self._file, database=self._database))

    def after(self, applied: Sequence[Record]) -> None:
        """Retry the orphans whose parents these records brought."""
        self._retry(deadletters.waiting_for(self._file, applied, database=self._database))

    def _retry(self, letters: Iterable[int]) -> None:
        self._before_each()
        for result in deadletters.retry_all(
            list(letters), database=self._database, settings=self._settings
        ):
            if result.applied:
                self._tell(result.dead_letter, result.status, result.counts)
            for superseded in result.superseded:
                self._tell(superseded, DeadLetter.Status.SUPERSEDED, {})
            self._before_each()

    def _tell(self, dead_letter: int, status: str, counts: Mapping[str, Counts]) -> None:
        self._report(
            DeadLetterResolved(
                at=time.time(), dead_letter=dead_letter, status=status, counts=counts
            )
        )
