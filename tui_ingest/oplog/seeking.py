"""Places that an operator names: the start, a byte, a time. Nothing here moves a reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tui_ingest.oplog.discovery import discover
from tui_ingest.oplog.generations import Generation, digest
from tui_ingest.oplog.lines import CHUNK_BYTES, KEPT_BYTES, Line, LineReader
from tui_ingest.oplog.log import FromPosition, FromTime, LogError, Position, StartPoint
from tui_ingest.oplog.parsing import timestamp_of
from tui_ingest.oplog.snapshots import Snapshot

_LINES = 1000  # looked at together

_Place = tuple[int, int]  # index of a generation, and an offset in it


def locate(path: Path, start: StartPoint) -> Position:
    """Return the position that an operator means.

    Raises:
        LogError: there is no such place.
        LogUnavailableError: the log cannot be read now.
    """
    with discover(path) as snapshot:
        if isinstance(start, FromTime):
            return _at_time(snapshot, start.timestamp)
        if isinstance(start, FromPosition):
            return _at_byte(path, snapshot, start.offset)
        return _position(snapshot, 0, 0) if snapshot.generations else Position()


def count(path: Path, start: Position, end: Position) -> int | None:
    """Return how many lines lie from one position to another, negative if `end` comes first.

    None if one of them is not in the log any more.
    """
    with discover(path) as snapshot:
        first, last = _place(snapshot, start), _place(snapshot, end)
        if first is None or last is None:
            return None
        if last < first:
            return -_lines_between(snapshot, last, first)
        return _lines_between(snapshot, first, last)


def _lines_between(snapshot: Snapshot, first: _Place, last: _Place) -> int:
    total = 0
    for index in range(first[0], last[0] + 1):
        begin = first[1] if index == first[0] else 0
        for line in _lines(snapshot.generations[index], begin):
            if index == last[0] and line.start >= last[1]:
                break
            total += 1
    return total


def _place(snapshot: Snapshot, position: Position) -> _Place | None:
    """Return the index of a position's generation and its offset there."""
    if not snapshot.generations:
        return None
    if not position.generation:
        return 0, 0
    found = snapshot.find(position)
    return (snapshot.generations.index(found), position.offset) if found else None


def _at_time(snapshot: Snapshot, timestamp: float) -> Position:
    """Return the place of the first record that is not older, or the end of the log.

    Every line is looked at: where clocks are set, times in a log are not in order.
    """
    for index, generation in enumerate(snapshot.generations):
        for line in _lines(generation, 0):
            time = timestamp_of(line.raw)
            if time is not None and time >= timestamp:
                return _position(snapshot, index, line.start)
    if not snapshot.generations:
        return Position()
    last = snapshot.generations[-1]
    return _position(snapshot, len(snapshot.generations) - 1, _after_last_line(last))


def _at_byte(path: Path, snapshot: Snapshot, offset: int) -> Position:
    """Return the place of the first line of the active file at or after a byte."""
    active = snapshot.active
    size = active.size if active is not None else 0
    if offset > size:
        raise LogError(f"{path} has {size:,} bytes; there is no position {offset:,} in it.")
    if active is None or not active.identity:
        return Position()
    place = offset
    while place and active.read_at(place - 1, 1) != b"\n":
        chunk = active.read_at(place, CHUNK_BYTES)
        newline = chunk.find(b"\n")
        if not chunk:
            place = _after_last_line(active)
            break
        place += newline + 1 if newline >= 0 else len(chunk)
    return _position(snapshot, snapshot.generations.index(active), place)


def _position(snapshot: Snapshot, index: int, offset: int) -> Position:
    """Return a position with all generations before it taken as read."""
    generation = snapshot.generations[index]
    before = snapshot.generations[index - 1] if index else None
    device, inode = generation.file_id
    return Position(
        generation=generation.identity,
        offset=offset,
        tail_digest=digest(generation.tail(offset)),
        size=max(offset, generation.known_size),
        device=device,
        inode=inode,
        left_generation=before.identity if before else "",
        left_offset=before.size if before else 0,
        left_tail_digest=digest(before.tail(before.size)) if before else "",
    )


def _lines(generation: Generation, offset: int) -> Iterator[Line]:
    # Of a longer line only its beginning is kept, and more is not looked at here.
    reader = LineReader(generation, offset, max_line_bytes=KEPT_BYTES)
    while lines := reader.take(max_lines=_LINES, max_bytes=CHUNK_BYTES):
        yield from lines


def _after_last_line(generation: Generation) -> int:
    """Return the offset after the last newline."""
    end = generation.size
    while end:
        begin = max(0, end - CHUNK_BYTES)
        newline = generation.read_at(begin, end - begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0
