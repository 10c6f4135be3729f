"""What a dry run knows of the batches that it has undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import assert_never

from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.exact.parents import arrivals
from tui_ingest.ingest.reasons import Failure, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.records import Operation, Record


class DryRunMemory:
    """Remembers which rows earlier batches would have left, in a few dozen bytes for each.

    A dry run undoes every batch, so that a child in the next one does not find its parent, nor a
    deletion its row. Other consequences of earlier batches (a unique value that was taken or
    given back) are not known here.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._here: set[int] = set()  # hashes of row keys

    def excuses(self, failure: Failure) -> bool:
        """Tell whether the parent that is missing would be here."""
        return failure.waiting_for is not None and hash(failure.waiting_for) in self._here

    def take(self, record: Record, outcomes: Mapping[str, Outcome]) -> Mapping[str, Outcome]:
        """Learn from an applied record; return what would have become of it."""
        objects = [
            serialized
            for serialized in record.objects
            if outcomes.get(label_of(serialized)) is not Outcome.SKIPPED  # nobody wrote those
        ]
        keys = {hash(key) for key in self._keys(objects)}
        match record.operation:
            case Operation.SAVE:
                self._here |= keys
                return outcomes
            case Operation.DELETE:
                found = self._with_deleted(objects, outcomes)
                self._here -= keys
                return found
            case Operation.DIGEST:
                return outcomes
            case unknown:
                assert_never(unknown)

    def _with_deleted(
        self, objects: Sequence[dict[str, object]], outcomes: Mapping[str, Outcome]
    ) -> Mapping[str, Outcome]:
        was_here = {
            label_of(serialized)
            for serialized in objects
            if any(hash(key) in self._here for key in self._keys([serialized]))
        }
        return {
            label: Outcome.DELETED if found is Outcome.MISSING and label in was_here else found
            for label, found in outcomes.items()
        }

    def _keys(self, objects: Sequence[dict[str, object]]) -> Iterable[RowKey]:
        keys = row_keys(self._target, objects)
        yield from keys.values()
        for index in keys:
            yield from arrivals(objects[index])
