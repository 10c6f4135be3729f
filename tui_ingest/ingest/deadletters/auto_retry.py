"""Dead letters that come back by themselves: children whose parent has arrived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui_ingest.ingest.deadletters.retrying import Retry, retry_all
from tui_ingest.ingest.deadletters.superseding import refresh_rows
from tui_ingest.ingest.deadletters.waiting import no_longer_waiting, waiting_for
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.records import Record


class AutoRetry:
    """Retries what waits for a parent, each in its own transaction, in log order.

    The retries are made as their results are taken: whoever stops taking leaves the rest to the
    next start.
    """

    def __init__(self, target: Target, file: ProcessedFile) -> None:
        self._file = file
        self._target = target

    def at_start(self) -> Iterator[Retry]:
        """Retry the orphans whose parent has come from elsewhere meanwhile."""
        refresh_rows(self._target, self._file)
        return self._retry(no_longer_waiting(self._target, self._file))

    def after(self, applied: Sequence[Record]) -> Iterator[Retry]:
        """Retry the orphans whose parents these records brought."""
        return self._retry(waiting_for(self._target, self._file, applied))

    def _retry(self, letters: Iterable[int]) -> Iterator[Retry]:
        return retry_all(self._target, letters)
