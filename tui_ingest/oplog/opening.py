"""From what an operator calls a log to the reader of it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tui_ingest.oplog.addresses import is_stream
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import MAX_RECORD_BYTES, Log


def logs_at(pattern: str, *, access: Mapping[str, str] | None = None) -> list[str]:
    """Return the addresses of the logs that a pattern of streams names now.

    Args:
        pattern: `nats://host:4222/OPLOG/oplog.>`.
        access: as for `open_log`.

    Raises:
        LogUnavailableError: the broker cannot be asked now.
        LogError: it never can.
    """
    from tui_ingest.streams.addresses import Access
    from tui_ingest.streams.discovering import logs_at

    return logs_at(pattern, Access.of(access or {}))


def open_log(
    address: str | os.PathLike[str],
    *,
    max_record_bytes: int = MAX_RECORD_BYTES,
    poll_seconds: float | None = None,
    olddir: str | os.PathLike[str] | None = None,
    access: Mapping[str, str] | None = None,
) -> Log:
    """Return the log at an address. Nothing is read, and nothing needs to exist yet.

    Args:
        address: the path of the file that the source appends to, or `nats://host/STREAM/subject`.
        max_record_bytes: a longer record becomes a `Malformed` entry with its first bytes.
        poll_seconds: look for changes this often instead of being told by the system.
        olddir: where rotated files are, too (logrotate's setting); relative to the log's folder.
        access: how to be let in by a broker, as in `TUI_INGEST["NATS"]`.

    Raises:
        LogError: the address is none.
    """
    if is_stream(address):
        from tui_ingest.streams.addresses import Access
        from tui_ingest.streams.reading import StreamLog

        return StreamLog(
            str(address),
            access=Access.of(access or {}),
            max_record_bytes=max_record_bytes,
            poll_seconds=poll_seconds,
        )
    return FileLog(
        address, max_record_bytes=max_record_bytes, poll_seconds=poll_seconds, olddir=olddir
    )
