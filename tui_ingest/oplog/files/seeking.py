"""Places in a log that an operator names, and the lines at them. Nothing here moves a reader."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Callable, Iterator

from tui_ingest.oplog.files.discovery import discover
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.lines import (
    CHUNK_BYTES,
    KEPT_BYTES,
    ContentChangedError,
    Line,
    LineReader,
    line_of,
)
from tui_ingest.oplog.files.listing import LogFiles
from tui_ingest.oplog.files.positions import Place, leave, move_to
from tui_ingest.oplog.files.snapshots import Point, Snapshot
from tui_ingest.oplog.log import (
    Entry,
    FromByte,
    FromPosition,
    FromTime,
    LogError,
    LogUnavailableError,
    Position,
    StartPoint,
)
from tui_ingest.oplog.parsing import parse_line, parse_torn, timestamp_of
from tui_ingest.oplog.records import RecordLocation

RECENT_BYTES = 256 * 1024  # looked through for the lines before a position
LONG_BYTES = 64 * RECENT_BYTES  # looked through if a line is longer than that
_LINES = 1000  # looked at together

Parse = Callable[[bytes, RecordLocation], list[Entry]]


def layout(files: LogFiles) -> list[tuple[str, int]]:
    """Return the generations that are there, oldest first, each with its bytes, unpacked."""
    try:
        with discover(files, all_or_none=False) as snapshot:
            return [(found.identity, found.known_size) for found in snapshot.generations]
    except LogError:
        return []


def ahead_of(files: LogFiles, position: Position) -> Callable[[Entry], bool]:
    """Return what tells whether an entry comes after a position; none does in files that went."""
    ranks: dict[str, int] = {}
    reached = (0, 0)
    with contextlib.suppress(LogError), discover(files, all_or_none=False) as snapshot:
        ranks = {found.identity: rank for rank, found in enumerate(snapshot.generations)}
        reached = snapshot.point(position) or reached

    def is_ahead(entry: Entry) -> bool:
        return (ranks.get(entry.location.generation, -1), entry.location.start) >= reached

    return is_ahead


def locate(files: LogFiles, start: StartPoint) -> Position:
    """Return the position that an operator means.

    Raises:
        LogError: there is no such place.
        LogUnavailableError: the log cannot be read now.
    """
    with _looking_at(files) as snapshot:
        if isinstance(start, FromTime):
            return _at_time(snapshot, start.timestamp)
        if isinstance(start, FromPosition):
            return _at_byte_of_active(files, snapshot, start.offset)
        if isinstance(start, FromByte):
            return _at_byte_of(files, snapshot, start)
        return _position(snapshot, 0, 0)


def count(files: LogFiles, start: Position, end: Position) -> int | None:
    """Return how many lines lie from one position to another, negative if `end` comes first.

    None if one of them is not in the log any more.

    Raises:
        LogUnavailableError: the log cannot be read now.
    """
    with _looking_at(files) as snapshot:
        first, last = snapshot.point(start), snapshot.point(end)
        if first is None or last is None:
            return None
        if last < first:
            return -_lines_between(snapshot, last, first)
        return _lines_between(snapshot, first, last)


def line_at(files: LogFiles, location: RecordLocation) -> bytes | None:
    """Return a line without its terminator; None if it is not in the log any more."""
    with contextlib.suppress(LogError), discover(files) as snapshot:
        for generation in snapshot.generations:
            if generation.identity == location.generation:
                return generation.read_at(location.start, location.length).rstrip(b"\r\n")
    return None


def recent(files: LogFiles, position: Position, most: int, since: Position | None) -> list[Entry]:
    """Return what up to `most` lines before a position hold, oldest first.

    All of one generation, and none that are longer than LONG_BYTES.

    Args:
        since: none from before this place, and only of the position's generation; else of one
            before, if it has none before there.
    """
    after = since.offset if since and since.generation == position.generation else 0
    with contextlib.suppress(LogError), discover(files) as snapshot:
        newest_first = reversed(snapshot.generations)
        for generation in itertools.dropwhile(
            lambda found: found.identity != position.generation, newest_first
        ):
            is_own = generation.identity == position.generation
            end = position.offset if is_own else generation.known_size
            if (is_own or not since) and (lines := _last_lines(generation, end)):
                return [
                    entry
                    for line, parse in lines[-most:]
                    if line.start >= after
                    for entry in parse(
                        line.raw, RecordLocation(generation.identity, line.start, line.length)
                    )
                ]
    return []


def _last_lines(generation: Generation, end: int) -> list[tuple[Line, Parse]]:
    """Return the lines up to a byte at which one begins, or the file ends."""
    for size in (RECENT_BYTES, LONG_BYTES):
        begin = max(0, end - size)
        found = [*_split(generation.read_at(begin, end - begin), begin)]
        if found or not begin:
            break
    return found


def _split(data: bytes, begin: int) -> Iterator[tuple[Line, Parse]]:
    """Yield the lines of a piece of a file; the first of it may be the end of one."""
    start = begin
    for content in io.BytesIO(data):
        line = line_of(start, content, max_line_bytes=LONG_BYTES)
        if line is not None and (start > begin or not begin):
            yield line, parse_line if content.endswith(b"\n") else parse_torn
        start += len(content)


@contextlib.contextmanager
def _looking_at(files: LogFiles) -> Iterator[Snapshot]:
    try:
        with discover(files) as snapshot:
            yield snapshot
    except ContentChangedError as error:
        raise LogUnavailableError(
            f"{files.path} was written over while it was looked at."
        ) from error


def _lines_between(snapshot: Snapshot, first: Point, last: Point) -> int:
    total = 0
    for index, generation in enumerate(snapshot.generations[first[0] : last[0] + 1], first[0]):
        for line in _lines(generation, first[1] if index == first[0] else 0):
            if (index, line.start) >= last:
                break
            total += 1
    return total


def _at_time(snapshot: Snapshot, timestamp: float) -> Position:
    """Return the place of the first record that is not older, or the end of the log.

    Every line is looked at: where clocks are set, times in a log are not in order.
    """
    for index, generation in enumerate(snapshot.generations):
        for line in _lines(generation, 0):
            time = timestamp_of(line.raw)
            if time is not None and time >= timestamp:
                return _position(snapshot, index, line.start)
    last = len(snapshot.generations) - 1
    return _position(
        snapshot, last, _after_last_line(snapshot.generations[last]) if last >= 0 else 0
    )


def _at_byte_of(files: LogFiles, snapshot: Snapshot, start: FromByte) -> Position:
    """Return the place of the first line of a generation at or after a byte."""
    for generation in snapshot.generations:
        if generation.identity == start.generation:
            return _at_byte(snapshot, generation, min(start.offset, generation.size))
    raise LogError(f"{files.path} has no file any more in which that place is.")


def _at_byte_of_active(files: LogFiles, snapshot: Snapshot, offset: int) -> Position:
    """Return the place of the first line of the active file at or after a byte."""
    active = snapshot.active
    size = active.size if active is not None else 0
    if offset > size:
        raise LogError(f"{files.path} has {size:,} bytes; there is no position {offset:,} in it.")
    if active is None or not active.identity:
        return _position(snapshot, len(snapshot.generations), 0)
    return _at_byte(snapshot, active, offset)


def _at_byte(snapshot: Snapshot, generation: Generation, offset: int) -> Position:
    place = offset
    while place and generation.read_at(place - 1, 1) != b"\n":
        chunk = generation.read_at(place, CHUNK_BYTES)
        newline = chunk.find(b"\n")
        if not chunk:  # within a line that has no end yet
            place = _after_last_line(generation)
            break
        place += newline + 1 if newline >= 0 else len(chunk)
    return _position(snapshot, snapshot.generations.index(generation), place)


def _position(snapshot: Snapshot, index: int, offset: int) -> Position:
    """Return a position with all generations before it taken as read.

    The generation after the last one is the one that will come.
    """
    position = Position()
    if 0 <= index < len(snapshot.generations):
        current = snapshot.generations[index]
        position = move_to(position, current, offset, current.tail_digest(offset))
    if index > 0:
        left = snapshot.generations[index - 1]
        position = leave(position, [Place(left.identity, left.size, left.tail_digest(left.size))])
    return position


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
