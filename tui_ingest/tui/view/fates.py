"""Records that were read again, and what became of each: the database's dead letters tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.tui.view.lines import RecordLine, ordinary_outcome, record_line, short

Place = tuple[str, int]  # generation, and byte at which a line starts


def letters_of(target: Target, path: str, entries: Sequence[Entry]) -> Mapping[Place, DeadLetter]:
    """Return those of some records of a log that failed, by where they stand. In a thread."""
    file = target.rows(ProcessedFile).filter(file_path=path).first()
    if file is None or not entries:
        return {}
    starts = [entry.location.start for entry in entries]
    found = deadletters.search(target, file).filter(
        generation__in={entry.location.generation for entry in entries},
        position__range=(min(starts), max(starts)),
    )
    return {letter.location.place: letter for letter in found.defer("raw")}


def line_of(entry: Entry, letters: Mapping[Place, DeadLetter], *, is_ahead: bool) -> RecordLine:
    """Describe a record and what became of it.

    Args:
        letters: of its log, as far as they are about such records.
        is_ahead: the session has still to come there.
    """
    letter = letters.get(entry.location.place)
    line = record_line(entry, Outcome.FAILED if letter else ordinary_outcome(entry))
    if letter is None:
        line.ahead, line.earlier = is_ahead, not is_ahead
    else:
        line.note = f"{letter.reason}: {short(first_line(letter.error))}"
        line.dead_letter = letter.pk
        line.resolution = "" if letter.status == DeadLetter.Status.OPEN else letter.status
    return line
