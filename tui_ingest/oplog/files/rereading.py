"""Lines that were read before, once more."""

from __future__ import annotations

from typing import NamedTuple

from tui_ingest.oplog.files.discovery import discover
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.listing import LogFiles
from tui_ingest.oplog.log import LogError, Position
from tui_ingest.oplog.records import RecordLocation

RECENT_BYTES = 256 * 1024  # looked through for the lines before a position
LONG_BYTES = 64 * RECENT_BYTES  # looked through if a line is longer than that


class OldLine(NamedTuple):
    """A line that was read before."""

    location: RecordLocation
    raw: bytes  # without its terminator
    is_torn: bool  # it has none: its generation ends there


def lines_before(files: LogFiles, position: Position, most: int, *, own: bool) -> list[OldLine]:
    """Return up to `most` lines before a position, oldest first.

    All of one generation, and none that are longer than LONG_BYTES.

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
                if lines := _last_lines(generation, end):
                    return lines[-most:]
    except LogError:
        pass
    return []


def _last_lines(generation: Generation, end: int) -> list[OldLine]:
    """Return the lines up to a byte at which one begins, or the file ends."""
    for size in (RECENT_BYTES, LONG_BYTES):
        begin = max(0, end - size)
        lines = _lines(generation.read_at(begin, end - begin), begin, generation.identity)
        if lines or not begin:
            break
    return lines


def _lines(data: bytes, begin: int, generation: str) -> list[OldLine]:
    """Return the lines of a piece of a file; the first of it may be the end of one."""
    found, start = [], begin
    *finished, rest = data.split(b"\n")
    for number, line in enumerate([*finished, rest]):
        is_torn = number == len(finished)
        length = len(line) + (not is_torn)
        raw = line.lstrip(b"\0").rstrip(b"\r")
        if (number or not begin) and raw.strip():
            skipped = len(line) - len(line.lstrip(b"\0"))
            location = RecordLocation(generation, start + skipped, length - skipped)
            found.append(OldLine(location, raw, is_torn))
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
