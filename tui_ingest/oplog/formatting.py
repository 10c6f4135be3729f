"""A record to the line that stands in the log: the counterpart of `parsing`."""

from __future__ import annotations

from tui_ingest.oplog.records import Operation


def line_of(timestamp: float, operation: Operation, objects: str) -> bytes:
    """Return a record's line, its newline included.

    Args:
        timestamp: seconds since the epoch.
        objects: JSON of the list of Django's serialized objects, on one line.
    """
    return f"{timestamp:.6f} {operation.value} {objects}\n".encode()
