"""A record as a file, where the clipboard cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tui_ingest.oplog.records import RecordLocation
from tui_ingest.tui.view.lines import RecordLine, whole_of


def write_lines(
    lines: Iterable[RecordLine],
    read_again: Callable[[RecordLocation], bytes | None],
    path: Path,
) -> tuple[int, int]:
    """Write lines of the log to a new file, as they stand in it. In a thread.

    Returns:
        How many were written, and how many of them only as far as they are kept, because the log
        has them no more.

    Raises:
        FileExistsError: nothing is overwritten.
        OSError: the file cannot be written.
    """
    written = cut = 0
    with path.open("xb") as file:
        for line in lines:
            whole = whole_of(line, read_again)
            cut += whole is None
            file.write((whole or line.raw) + b"\n")
            written += 1
    return written, cut


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
