"""From what an operator calls a log to the reader of it: knows every kind, and the settings."""

from __future__ import annotations

import os

from tui_ingest.conf import Settings, get_settings
from tui_ingest.oplog.addresses import is_stream
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import Log


def open_log(
    address: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    poll_seconds: float | None = None,
) -> Log:
    """Return the log at an address. Nothing is read, and nothing needs to exist yet.

    Args:
        address: the path of the file that the source appends to, or `nats://host/STREAM/subject`.
        settings: `TUI_INGEST`, if not the project's: how long a record may be, where else rotated
            files are, how to be let in by a broker.
        poll_seconds: look for changes this often instead of being told by the system.

    Raises:
        LogError: the address is none.
    """
    settings = settings or get_settings()
    if is_stream(address):
        from tui_ingest.streams.addresses import Access
        from tui_ingest.streams.reading import StreamLog

        return StreamLog(
            str(address),
            access=Access.of(settings.nats),
            max_record_bytes=settings.max_record_bytes,
            poll_seconds=poll_seconds,
        )
    return FileLog(
        address,
        max_record_bytes=settings.max_record_bytes,
        poll_seconds=poll_seconds,
        olddir=settings.olddir,
    )


def logs_at(pattern: str) -> list[str]:
    """Return the addresses of the logs that a pattern of streams names now.

    Args:
        pattern: `nats://host:4222/OPLOG/oplog.>`.

    Raises:
        LogUnavailableError: the broker cannot be asked now.
        LogError: it never can.
    """
    from tui_ingest.streams.addresses import Access
    from tui_ingest.streams.broker import logs_at

    return logs_at(pattern, Access.of(get_settings().nats))
