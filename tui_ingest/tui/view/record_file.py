"""A record as a file, where the clipboard cannot be had."""

from __future__ import annotations

from pathlib import Path

from tui_ingest.oplog.records import RecordLocation


def write_record(raw: bytes, location: RecordLocation, folder: Path) -> Path:
    """Write a line of the log to a new file; return its path. In a thread.

    Raises:
        FileExistsError: it was written before; nothing is overwritten.
        OSError: the file cannot be written.
    """
    path = folder / f"record-{location.generation[:12]}-{location.start}.log"
    with path.open("xb") as file:
        file.write(raw + b"\n")
    return path
