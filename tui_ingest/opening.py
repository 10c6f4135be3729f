"""From what an operator calls logs to the reader of each: knows every kind, and the settings."""

from __future__ import annotations

import glob
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_ingest.conf import Settings, get_settings
from tui_ingest.oplog.addresses import is_pattern, is_stream
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import Log, LogError
from tui_ingest.troubles import Troubles

PATTERN_SECONDS = 10.0  # between two looks which logs a pattern names

logger = logging.getLogger(__name__)
_troubles: dict[str, Troubles] = defaultdict(Troubles)  # by pattern


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


def logs_of(named: Iterable[Path | str]) -> Iterator[Path | str]:
    """Yield logs by what they are called, and those that patterns name now."""
    for one in named:
        if not is_pattern(one):
            yield one
        elif isinstance(one, str):
            yield from _streams(one)
        else:
            found = glob.glob(str(one))  # noqa: PTH207  # Path's own takes no absolute one
            for path in sorted(found):
                if os.path.isfile(path):  # noqa: PTH113  # never raises
                    yield Path(path)


def _streams(pattern: str) -> Iterator[str]:
    try:
        yield from logs_at(pattern)
        _troubles[pattern].over()
    except LogError as error:
        count = _troubles[pattern].again(str(error))
        if count is not None:
            how_often = f" ({count})" if count else ""
            logger.warning("%s It is asked every %.0f s%s.", error, PATTERN_SECONDS, how_often)
