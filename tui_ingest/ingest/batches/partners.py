"""Failures that say nothing about the environment: later records may mend them.

A thousand rows below two that refer to each other fail in a row if a batch ends between these two;
so do those whose unique values have moved, until their owners' records come. A missing migration
is another thing: what waits for a row that failed for such a reason counts as that row does.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.exact.needs import WAITING_REASONS, changed_by
from tui_ingest.ingest.reasons import Failure, Reason, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Record


class Partners:
    """Knows the rows of records that wait themselves: open dead letters, and those of a batch."""

    def __init__(self, target: Target, file: ProcessedFile) -> None:
        self._target = target
        self._file = file
        self._known: dict[RowKey, bool] = {}  # whether a record that waits has this row

    def look_up(self, failures: Iterable[Failure]) -> None:
        """Ask at once for what `are_awaited` would ask for each of some failures."""
        self._ask({key for failure in failures for key in failure.needs})

    def are_awaited(self, entry: Entry, failure: Failure) -> bool:
        """Tell whether a record waits for rows that are here, or that others have which wait, too.

        To be told of the failed records of a batch in log order.
        """
        if failure.reason not in WAITING_REASONS or not isinstance(entry, Record):
            return False
        self._known.update(dict.fromkeys(changed_by(self._target, entry), True))
        if failure.reason == Reason.UNIQUE_CLASH:
            return bool(failure.needs)
        return self.are_there(failure)

    def are_there(self, failure: Failure) -> bool:
        """Tell whether all rows that a record of the batch waits for are brought by others which
        wait, too: these may need nothing but each other.

        To be told once `are_awaited` was told of all failed records of the batch.
        """
        return bool(failure.needs) and all(map(self._is_known, failure.needs))

    def _is_known(self, key: RowKey) -> bool:
        self._ask({key})
        return self._known[key]

    def _ask(self, keys: set[RowKey]) -> None:
        if unknown := keys - self._known.keys():
            brought = deadletters.brought(self._target, self._file, unknown)
            self._known.update((key, key in brought) for key in unknown)
