"""From what an operator calls a log to the reader of it."""

from __future__ import annotations

import os

from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import MAX_RECORD_BYTES, Log


def open_log(
    address: str | os.PathLike[str],
    *,
    max_record_bytes: int = MAX_RECORD_BYTES,
    poll_seconds: float | None = None,
    olddir: str | os.PathLike[str] | None = None,
) -> Log:
    """Return the log at an address. Nothing is read, and nothing needs to exist yet.

    Args:
        address: the path of the file that the source appends to.
        max_record_bytes: a longer record becomes a `Malformed` entry with its first bytes.
        poll_seconds: look for changes this often instead of being told by the system.
        olddir: where rotated files are, too (logrotate's setting); relative to the log's folder.
    """
    return FileLog(
        address, max_record_bytes=max_record_bytes, poll_seconds=poll_seconds, olddir=olddir
    )
