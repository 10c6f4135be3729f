"""What was applied before anybody looked: the last records, and open failures."""

from __future__ import annotations

import time

from tui_ingest.ingest import checkpoints, deadletters
from tui_ingest.ingest.deadletters.contents import original_entry
from tui_ingest.ingest.events import OpenLetter, Recalled
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Log

RECALLED_RECORDS = 100
RECALLED_LETTERS = 100


def recall(target: Target, log: Log) -> Recalled | None:
    """Return the last records before the checkpoint of a log and its open dead letters.

    None if there are none. `log` is asked, and not moved.
    """
    file = target.rows(ProcessedFile).filter(file_path=log.path).first()
    if file is None:
        return None
    position = checkpoints.position_of(file)
    recent = log.recent(position, RECALLED_RECORDS) if position else ()
    letters = _open_letters(target, file)
    known = {entry.location.place for entry in recent}
    older = [original_entry(letter) for place, letter in letters.items() if place not in known]
    entries = [*older, *recent]
    if not entries:
        return None
    found = {}
    for index, entry in enumerate(entries):
        letter = letters.get(entry.location.place)
        if letter is not None:
            found[index] = open_letter(letter)
    return Recalled(at=time.time(), entries=entries, letters=found)


def open_letter(letter: DeadLetter) -> OpenLetter:
    """Return what is told of a dead letter."""
    return OpenLetter(id=letter.pk, reason=letter.reason, error=first_line(letter.error))


def _open_letters(target: Target, file: ProcessedFile) -> dict[tuple[str, int], DeadLetter]:
    """Return the latest open dead letters by their place, oldest first."""
    rows = deadletters.search(target, file, status=DeadLetter.Status.OPEN).order_by("-pk")
    latest = list(rows[:RECALLED_LETTERS])
    return {letter.location.place: letter for letter in reversed(latest)}
