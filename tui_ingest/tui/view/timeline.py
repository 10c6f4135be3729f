"""The log from its first byte to its last, and what is marked on it, as cells of one line."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, ProcessedFile
from tui_ingest.oplog.log import FromByte, NoticeKind, Position
from tui_ingest.tui.view.letters import MOST_LETTERS
from tui_ingest.tui.view.log_view import LogAccess


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A log's files, and where in them something happened.

    Bytes are counted from the first one of the oldest file that is there.
    """

    files: int = 0
    total: int = 0  # bytes of all files, unpacked
    starts: dict[str, int] = field(default_factory=dict)  # of each generation, in bytes
    failures: Sequence[tuple[int, int]] = ()  # a byte, and the open dead letter whose line it is
    gaps: Sequence[int] = ()  # bytes before which something is missing

    def byte(self, generation: str, offset: int) -> int | None:
        """Return where a place of a generation is; None if that is not there any more."""
        start = self.starts.get(generation)
        return None if start is None else start + offset

    def grown_to(self, position: Position) -> Timeline:
        """Return it with what a session has read that was written since it was looked up."""
        here = self.byte(position.generation, position.offset)
        return self if here is None or here <= self.total else replace(self, total=here)

    def place(self, byte: int) -> FromByte | None:
        """Return a byte as a place in the log; None in a log that is empty."""
        before = [(start, name) for name, start in self.starts.items() if start <= byte]
        if not before:
            return None
        start, generation = max(before)
        return FromByte(generation, byte - start)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A part of the log that is as wide as a character."""

    start: int  # bytes
    letters: tuple[int, ...] = ()  # open dead letters in it
    gaps: int = 0
    is_here: bool = False  # the session stands in it
    is_done: bool = False  # the session has left it

    @property
    def is_marked(self) -> bool:
        """Whether there is more in it than bytes."""
        return bool(self.letters or self.gaps or self.is_here)


def load(access: LogAccess) -> Timeline:
    """Look a timeline up. In a thread that may use the database.

    Raises:
        Error: the database cannot be asked now.
    """
    with closing(access.open_log()) as log:
        layout = log.layout()
    if not layout:
        return Timeline()
    ends = [*itertools.accumulate(size for _, size in layout)]
    starts = dict(zip((identity for identity, _ in layout), [0, *ends], strict=False))
    found = Timeline(files=len(layout), total=ends[-1], starts=starts)
    file = access.target.rows(ProcessedFile).filter(file_path=access.path).first()
    return found if file is None else _marked(found, access.target, file)


def _marked(timeline: Timeline, target: Target, file: ProcessedFile) -> Timeline:
    letters = deadletters.search(target, file, status=DeadLetter.Status.OPEN)
    lines = letters.values_list("pk", "generation", "position")[:MOST_LETTERS]
    failures = [(timeline.byte(generation, start), key) for key, generation, start in lines]
    events = target.rows(LogEvent).filter(file=file, kind=NoticeKind.GAP).exclude(position=None)
    places = events.values_list("generation", "position")
    gaps = [timeline.byte(generation, start or 0) for generation, start in places]
    return replace(
        timeline,
        failures=[(byte, letter) for byte, letter in failures if byte is not None],
        gaps=[byte for byte in gaps if byte is not None],
    )


def cells(timeline: Timeline, position: Position, width: int) -> list[Cell]:
    """Return the log in so many cells; none of a log that is empty, or in no cells."""
    total = timeline.total
    if not total or width < 1:
        return []
    begins = position == Position()  # nothing was read yet
    here = 0 if begins else timeline.byte(position.generation, position.offset)
    letters: list[list[int]] = [[] for _ in range(width)]
    gaps = [0] * width
    for byte, letter in timeline.failures:
        letters[_cell(byte, total, width)].append(letter)
    for byte in timeline.gaps:
        gaps[_cell(byte, total, width)] += 1
    stands = -1 if here is None else _cell(here, total, width)
    return [
        Cell(
            start=min(-(-number * total // width), total - 1),
            letters=tuple(letters[number]),
            gaps=gaps[number],
            is_here=number == stands,
            is_done=number < stands,
        )
        for number in range(width)
    ]


def _cell(byte: int, total: int, width: int) -> int:
    """Return in which cell a byte is; the log's end is in the last one."""
    return min(byte * width // total, width - 1)
