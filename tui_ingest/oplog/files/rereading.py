"""A line that was read before, once more."""

from __future__ import annotations

from tui_ingest.oplog.files.discovery import discover
from tui_ingest.oplog.files.listing import LogFiles
from tui_ingest.oplog.log import LogError
from tui_ingest.oplog.records import RecordLocation


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
