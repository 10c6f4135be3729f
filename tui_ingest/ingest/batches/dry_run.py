"""What a dry run knows of the batches that it has undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from tui_ingest.ingest.batches.attempts import BatchResult
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.exact.parents import arrivals
from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.reasons import Failure, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.records import Operation, Record, RecordLocation


class DryRunMemory:
    """Remembers which rows earlier batches would have left, in a few dozen bytes for each.

    A dry run undoes every batch, so that a child in the next one does not find its parent, nor a
    deletion its row. Other consequences of earlier batches (a unique value that was taken or
    given back) are not known here.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._here: set[int] = set()  # hashes of row keys
        # The rows that a failure still speaks of, and the failures that speak of a row.
        self._rows: dict[RecordLocation, set[int]] = {}
        self._failures: dict[int, set[RecordLocation]] = {}
        self._closed: set[int] = set()  # ids of dead letters of earlier sessions

    def excuses(self, failure: Failure) -> bool:
        """Tell whether the parent that is missing would be here."""
        return failure.waiting_for is not None and hash(failure.waiting_for) in self._here

    def learn(self, written: BatchResult) -> None:
        """Learn from a batch before it is forgotten; put right what it says of itself."""
        for index in sorted({*written.outcomes, *written.failures}):
            record = written.entries[index]
            if not isinstance(record, Record):  # of no row
                continue
            if index in written.failures:
                self._keep(record)
            else:
                objects = _written(record, written.outcomes[index])
                written.outcomes[index] = self._take(record, objects, written.outcomes[index])
                written.overtaken += self._overtaken_by(objects)
        own = {letter.pk for letter in written.letters.values()}  # undone like everything else
        written.superseded = [
            letter for letter in written.superseded if letter.pk not in own | self._closed
        ]
        self._closed |= {letter.pk for letter in written.superseded}

    def _keep(self, record: Record) -> None:
        """Remember which rows a record is about that failed."""
        rows = {hash(key) for key in row_keys(self._target, record.objects).values()}
        if rows:
            self._rows[record.location] = rows
        for row in rows:
            self._failures.setdefault(row, set()).add(record.location)

    def _overtaken_by(self, objects: Sequence[Serialized]) -> Iterator[RecordLocation]:
        """Yield the failures that speak of no row any more that has nothing newer."""
        if not self._failures:
            return
        for key in row_keys(self._target, objects).values():
            for failure in sorted(self._failures.pop(hash(key), ())):
                self._rows[failure].discard(hash(key))
                if not self._rows[failure]:
                    del self._rows[failure]
                    yield failure

    def _take(
        self, record: Record, objects: Sequence[Serialized], outcomes: Mapping[str, Outcome]
    ) -> Mapping[str, Outcome]:
        """Learn which rows an applied record left; return what would have become of it."""
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
        self, objects: Sequence[Serialized], outcomes: Mapping[str, Outcome]
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

    def _keys(self, objects: Sequence[Serialized]) -> Iterable[RowKey]:
        keys = row_keys(self._target, objects)
        yield from keys.values()
        for index in keys:
            yield from arrivals(objects[index])


def _written(record: Record, outcomes: Mapping[str, Outcome]) -> Sequence[Serialized]:
    """Return the objects of an applied record without those that nobody wrote."""
    return [
        serialized
        for serialized in record.objects
        if outcomes.get(label_of(serialized)) is not Outcome.SKIPPED
    ]
