"""The log as its only writer has it: a file, synced and rotated by size, or a stream on brokers."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_ingest.oplog.parsing import is_record
from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.streams.addresses import Access
from tui_ingest.streams.sink import StreamSink

_MICROSECONDS = 1_000_000  # of a second: as exact as a line is
_TAIL_BYTES = 64 * 1024  # read at once to find the end of the last whole line


def open_log(log: Path | str, settings: RecorderSettings) -> LogFile | StreamSink:
    """Return the writer of the log at a path, or at the address of a stream.

    Both have the same methods. Who is let in by brokers is said by the environment.
    """
    if isinstance(log, str):
        return StreamSink(log, Access.of({}))
    return LogFile(
        log, max_bytes=settings.max_bytes, backups=settings.backups, fsync=settings.fsync
    )


def line_times() -> Iterator[float]:
    """Yield times of lines, in seconds since the epoch: no two lines of a log have the same."""
    last = 0  # microseconds since the epoch
    while True:
        last = max(round(time.time() * _MICROSECONDS), last + 1)
        yield last / _MICROSECONDS


class LogFile:
    """A log on disk. One process at a time may have it open, see `locking`.

    Args:
        max_bytes: a file that would grow beyond is rotated first; 0: never.
        backups: older files to keep, as `LOG.1` (the newest) to `LOG.N`.
        fsync: have every append survive a power cut.
    """

    def __init__(self, path: Path, *, max_bytes: int, backups: int, fsync: bool) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._fsync = fsync
        self._lines: deque[bytes] = deque()  # to be written
        self._piece: list[bytes] = []  # lines that are being written
        self._done = 0  # bytes of these that the file has
        self._is_doubtful = False  # whether the system still knows that these are to be synced
        self._descriptor: int | None = None
        self._end = 0  # of the file, in bytes, as this process has left it

    def append(self, lines: Sequence[bytes]) -> None:
        """Append lines; on disk when this returns.

        Raises:
            OSError: it cannot be written now. Call `resume` until that succeeds.
        """
        self._lines += lines
        self.resume()

    def resume(self) -> bool:
        """Write what an append that failed left over; return True.

        The rest of a line that was cut off by a full disk follows where it ended: nobody ever sees
        bytes that change. In another file, or one that somebody has emptied, it begins anew.

        Raises:
            OSError: it still cannot be written.
        """
        while self._piece or self._lines:
            descriptor = self._open()
            if not self._piece:
                self._piece = self._next_piece()
            if not self._piece:
                self._rotate()
                continue
            self._write(descriptor, b"".join(self._piece))
            self._piece, self._done = [], 0
        return True

    def abandon(self) -> None:
        """Let go of the file, and of what could not be written."""
        self.close()
        self._lines.clear()

    def _next_piece(self) -> list[bytes]:
        """Return as many lines as the file takes; none if it is full."""
        piece: list[bytes] = []
        size = self._end
        while self._lines:
            grown = size + len(self._lines[0])
            if self._max_bytes and size and grown > self._max_bytes:
                break
            size = grown
            piece.append(self._lines.popleft())
        return piece

    def _write(self, descriptor: int, piece: bytes) -> None:
        while self._done < len(piece):
            written = os.write(descriptor, piece[self._done :])
            self._done += written
            self._end += written
        if not self._fsync:
            return
        if self._is_doubtful:
            self._write_again(piece)
        self._is_doubtful = True
        os.fsync(descriptor)
        self._is_doubtful = False

    def _write_again(self, piece: bytes) -> None:
        """Write a piece once more to its place.

        A system that could not sync it has forgotten that it is to be: asked once more, it says
        that all is well, and the disk has nothing.
        """
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)  # it would append otherwise
        try:
            start, done = self._end - len(piece), 0
            while done < len(piece):
                done += os.pwrite(descriptor, piece[done:], start + done)
        finally:
            os.close(descriptor)

    def _rotate(self) -> None:
        self.close()
        for number in range(self._backups - 1, -1, -1):
            older = self._backup(number)
            if older.exists():
                older.replace(self._backup(number + 1))
        if not self._backups:
            self.path.unlink()

    def close(self) -> None:
        """Let go of the file; what was being written is to be written anew."""
        self._lines.extendleft(reversed(self._piece))
        self._piece, self._done, self._is_doubtful = [], 0, False
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _backup(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path

    def _open(self) -> int:
        if self._descriptor is not None and self._is_as_left(self._descriptor):
            return self._descriptor
        self.close()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            _mend(descriptor)
            if self._fsync:
                _sync_folder(self.path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor, self._end = descriptor, os.fstat(descriptor).st_size
        return descriptor

    def _is_as_left(self, descriptor: int) -> bool:
        """Tell whether nobody else has moved, removed or emptied it."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        own = os.fstat(descriptor)
        is_there = (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)
        return is_there and found.st_size == self._end


def _mend(descriptor: int) -> None:
    """End the file with a whole line: a writer may have been killed in the middle of one.

    What it was writing is still pending, and will be written anew.
    """
    size = os.fstat(descriptor).st_size
    start, tail = size, b""
    while start and b"\n" not in tail:
        length = min(_TAIL_BYTES, start)
        start -= length
        tail = os.pread(descriptor, length, start) + tail
    torn = tail[tail.rfind(b"\n") + 1 :]
    if not torn:
        return
    if is_record(torn):
        os.write(descriptor, b"\n")
    else:
        os.ftruncate(descriptor, size - len(torn))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
