"""What a session elsewhere has applied between two looks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.deadletters.contents import original_entry
from tui_ingest.ingest.events import BatchApplied, Counts, Outcome
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import COLUMNS
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Entry, Log, Position

SEEN_RECORDS = 200  # that are read again for the screen, of each look


class Progress:
    """Follows the checkpoint of a log, and what was counted."""

    def __init__(self, target: Target, log: Log) -> None:
        self.position = Position()
        self.counts: Mapping[str, Counts] = {}
        self._target = target
        self._log = log

    def begin(self, file: ProcessedFile) -> None:
        """Take what there is for the start."""
        self.position = checkpoints.position_of(file) or Position()
        self.counts = totals.load(self._target, file)

    def went_back(self, file: ProcessedFile) -> bool:
        """Tell whether the checkpoint was moved to an earlier place."""
        now = checkpoints.position_of(file) or Position()
        same = now.generation == self.position.generation
        return now.offset < self.position.offset if same else not now.generation

    def since(self, file: ProcessedFile, failed: Sequence[DeadLetter]) -> BatchApplied | None:
        """Return what was done since the last look; None if nothing was.

        Args:
            failed: dead letters that are new.
        """
        before, self.position = self.position, checkpoints.position_of(file) or Position()
        counts, self.counts = self.counts, totals.load(self._target, file)
        moved = _difference(counts, self.counts)
        entries = self._entries(before, failed) if self.position != before else []
        if not moved and not entries:
            return None
        places = {letter.location.place for letter in failed}
        return BatchApplied(
            at=time.time(),
            entries=entries,
            unusual={
                index: Outcome.FAILED
                for index, entry in enumerate(entries)
                if entry.location.place in places
            },
            counts=moved,
            position=self.position,
            last_record_time=as_timestamp(file.last_record_time),
            seconds=0.0,
            unseen=max(0, _records(moved) - len(entries)),
        )

    def _entries(self, before: Position, failed: Sequence[DeadLetter]) -> list[Entry]:
        """Return the last entries that were applied; failures among them in any case."""
        new = self._log.recent(self.position, SEEN_RECORDS, since=before)
        known = {entry.location.place for entry in new}
        older = [original_entry(letter) for letter in failed if letter.location.place not in known]
        return [*older, *new]


def _difference(before: Mapping[str, Counts], after: Mapping[str, Counts]) -> dict[str, Counts]:
    return {
        label: Counts(
            **{
                name: getattr(counts, name) - getattr(before.get(label, Counts()), name)
                for name in COLUMNS
            }
        )
        for label, counts in after.items()
        if counts != before.get(label)
    }


def _records(counts: Mapping[str, Counts]) -> int:
    """Return how many records were counted; one that names two models counts as two."""
    return sum(getattr(one, name) for one in counts.values() for name in COLUMNS)
