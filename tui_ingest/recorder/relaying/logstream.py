"""The log as a stream: what the relay writes to a file otherwise."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tui_ingest.oplog.log import LogError
from tui_ingest.oplog.records import Operation, line_of
from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.recorder.relaying.logfile import LineClock, LogFile
from tui_ingest.streams.addresses import Access
from tui_ingest.streams.sink import StreamSink


def open_log(log: Path | str, settings: RecorderSettings) -> LogFile | LogStream:
    """Return the writer of the log at a path, or at the address of a stream."""
    if isinstance(log, str):
        return LogStream(log)
    return LogFile(
        log, max_bytes=settings.max_bytes, backups=settings.backups, fsync=settings.fsync
    )


class LogStream:
    """A log on brokers, with the methods of `LogFile`.

    Args:
        address: `nats://host:4222/STREAM/subject`; who is let in is said by the environment.
    """

    def __init__(self, address: str, *, clock: Callable[[], float] = time.time) -> None:
        self._sink = StreamSink(address, Access.of({}))
        self._clock = LineClock(clock)

    def append(self, records: Iterable[tuple[Operation, str]]) -> int:
        """Append records and return the number of bytes; every broker has them then.

        Raises:
            OSError: it cannot be done now. Call `resume` until that succeeds.
        """
        lines = [line_of(self._clock.next(), operation, text) for operation, text in records]
        with _as_os_errors():
            self._sink.append(lines)
        return sum(map(len, lines))

    def resume(self) -> bool:
        """Append what an append that failed left over; see `StreamSink.resume`.

        Raises:
            OSError: it still cannot be done.
        """
        with _as_os_errors():
            return self._sink.resume()

    def abandon(self) -> None:
        """Let go of the brokers, and of what could not be appended."""
        self._sink.abandon()

    def close(self) -> None:
        """Let go of the brokers."""
        self._sink.close()


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """Have trouble with brokers be waited out as trouble with a disk is."""
    try:
        yield
    except LogError as error:
        raise OSError(str(error)) from error
