"""Lines that were read before, once more."""

from __future__ import annotations

from tui_ingest.oplog.files.discovery import discover
from tui_ingest.oplog.files.listing import LogFiles
from tui_ingest.oplog.log import LogError, Position
from tui_ingest.oplog.records import RecordLocation

RECENT_BYTES = 256 * 1024  # looked through for the lines before a position


def lines_before(
    files: LogFiles, position: Position, most: int, *, own: bool
) -> list[tuple[RecordLocation, bytes]]:
    """Return up to `most` lines before a position, without their terminators, oldest first.

    All of one generation, and none that are longer than some hundred KiB.

    Args:
        own: only of the position's generation; else of one before, if it has none before there.
    """
    try:
        with discover(files) as snapshot:
            found = False
            for generation in reversed(snapshot.generations):
                is_own = generation.identity == position.generation
                if not is_own and (own or not found):
                    continue
                found = True
                end = position.offset if is_own else generation.known_size
                begin = max(0, end - RECENT_BYTES)
                lines = _lines(generation.read_at(begin, end - begin), begin, generation.identity)
                if lines or begin:
                    return lines[-most:]
    except LogError:
        pass
    return []


def _lines(data: bytes, begin: int, generation: str) -> list[tuple[RecordLocation, bytes]]:
    """Return the complete lines of a piece of a file; the first of it may be the end of one."""
    found, start = [], begin
    for number, line in enumerate(data.split(b"\n")[:-1]):
        length = len(line) + 1
        raw = line.lstrip(b"\0").rstrip(b"\r")
        if (number or not begin) and raw.strip():
            skipped = len(line) - len(line.lstrip(b"\0"))
            location = RecordLocation(generation, start + skipped, length - skipped)
            found.append((location, raw))
        start += length
    return found


def line_at(files: LogFiles, location: RecordLocation) -> bytes | None:
    """Return a line without its terminator; None if it is not in the log any more."""
    try:
        with discover(files) as snapshot:
            for generation in snapshot.generations:
                if generation.identity == location.generation:
                    return generation.read_at(location.start, location.length).rstrip(b"\r\n")
    except LogError:
        return None
    return None
