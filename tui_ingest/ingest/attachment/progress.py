"""What a session elsewhere has applied: before the first look, and between two."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest import checkpoints, deadletters, totals
from tui_ingest.ingest.deadletters.reading import original_entry
from tui_ingest.ingest.events import BatchApplied, Counts, OpenLetter, Outcome, Recalled
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import COLUMNS
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Entry, Log, Position

RECALLED_RECORDS = 100
RECALLED_LETTERS = 100
SEEN_RECORDS = 200  # that are read again for the screen, of each look


def recall(target: Target, log: Log) -> Recalled | None:
    """Return the last records before the checkpoint of a log and its open dead letters.

    None if there are none. `log` is asked, and not moved.
    """
    file = target.rows(ProcessedFile).filter(file_path=log.path).first()
    if file is None:
        return None
    position = checkpoints.position_of(file)
    recent = log.recent(position, RECALLED_RECORDS) if position else ()
    rows = deadletters.search(target, file, status=DeadLetter.Status.OPEN).order_by("-pk")
    latest = list(rows[:RECALLED_LETTERS])
    letters = {letter.location.place: letter for letter in reversed(latest)}
    entries = _with_failures(recent, letters.values())
    found = {
        index: OpenLetter(id=letter.pk, reason=letter.reason, error=first_line(letter.error))
        for index, entry in enumerate(entries)
        if (letter := letters.get(entry.location.place)) is not None
    }
    return Recalled(at=time.time(), entries=entries, letters=found) if entries else None


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
        entries: list[Entry] = []
        if self.position != before:
            new = self._log.recent(self.position, SEEN_RECORDS, since=before)
            entries = _with_failures(new, failed)
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
            # One that names two models counts as two.
            unseen=max(0, sum(one.records for one in moved.values()) - len(entries)),
        )


def _with_failures(recent: Sequence[Entry], failed: Collection[DeadLetter]) -> list[Entry]:
    """Return the last entries that were applied; failures among them in any case."""
    known = {entry.location.place for entry in recent}
    older = [original_entry(letter) for letter in failed if letter.location.place not in known]
    return [*older, *recent]


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
