"""One file of a rotated log: opened once, known by its content, read by byte range."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from tui_ingest.oplog.files.archives import Archive, pread_all
from tui_ingest.oplog.log import LogError, LogUnavailableError
from tui_ingest.oplog.parsing import record_end, timestamp_of

HEAD_BYTES = 64 * 1024  # of the first line that are looked at; a longer one is cut
TAIL_BYTES = 1024  # before a position, whose digest confirms it
_SKIP_BYTES = 1024 * 1024  # read at once while looking for the first line
_BLANK = b"\0\r\n\t "
BOM = b"\xef\xbb\xbf"


def digest(content: bytes) -> str:
    """Return what stands for a piece of content in a position: 32 hexadecimal digits."""
    return blake2b(content, digest_size=16).hexdigest()


class Generation:
    """An open file of the log. It stays readable when it is renamed or removed.

    Attributes:
        identity: digest of the first line that is not blank, of a record up to the end of its
            JSON; "" as long as there is none, because empty files all look alike.
        first_time: of the first line that has one, in seconds since the epoch; None if it is not
            near the beginning.
        seen_size: bytes, when it was opened, or when it was looked at since.
        damaged_before: names of the files between the generation before and this one of which
            nothing can be read.
    """

    def __init__(self, path: Path, *, compression: str, finished: bool) -> None:
        """Open a file for reading.

        Args:
            path: of the file.
            compression: the end of a compressed file's name; offsets count unpacked bytes.
            finished: nothing more is expected, so that an unterminated first line counts.

        Raises:
            FileNotFoundError: it is gone.
            LogUnavailableError: it cannot be read now.
            LogError: it is not a file.
        """
        self.path = path
        self.compressed = bool(compression)
        self._file = _open(path)
        self._archive: Archive | None = None
        self._finished = finished
        self.damaged_before: Sequence[str] = ()
        try:
            status = os.fstat(self._file.fileno())
            if compression:
                self._archive = Archive(path, compression, self._file)
            start, line = self._first_line()
            self.first_time = timestamp_of(line)
            if line and self.first_time is None:
                self.first_time = self._next_time(start + len(line))
            self.seen_size = self.known_size
        except OSError as error:
            self.close()
            raise self._unreadable(error) from error
        except BaseException:
            self.close()
            raise
        self.file_id = (status.st_dev, status.st_ino)
        self.mtime = status.st_mtime
        self._first = (start, len(line))
        self.identity = digest(line) if line else ""

    def see(self) -> int:
        """Return its size now, and remember it, unless it holds another content by now."""
        size = self.known_size
        if self.damage or (size > self.seen_size and not self.is_rewritten()):
            self.seen_size = size
        return size

    @property
    def unfinished_bytes(self) -> int:
        """Bytes of a first line that had no end yet, when it was opened."""
        return 0 if self.identity else max(0, self.seen_size - self._first[0])

    def is_rewritten(self) -> bool:
        """Tell whether the first line is not where it was any more."""
        return not self.compressed and digest(self.read_at(*self._first)) != self.identity

    def is_removed(self) -> bool:
        """Tell whether no name leads to the file any more."""
        return self._status().st_nlink == 0

    def _first_line(self) -> tuple[int, bytes]:
        """Return where the first line is and as much of it as is looked at.

        Nothing of a line that has no end yet, unless it begins with a complete record.
        """
        start = 0
        while True:
            chunk = self.read_at(start, _SKIP_BYTES if start else HEAD_BYTES)
            content = chunk.removeprefix(BOM).lstrip(_BLANK)
            if content or not chunk:
                break
            start += len(chunk)
        start += len(chunk) - len(content)
        head = self.read_at(start, HEAD_BYTES)
        line, newline, _ = head.partition(b"\n")
        # What follows a record in its line may come later, and be another one: without a newline
        # a record is taken, too, and must not make another file of this one when that comes.
        if end := record_end(line):
            return start, line[:end]
        # Whatever a damaged file begins with, its first line may have been longer.
        finished = self._finished and not self.damage
        complete = newline or finished or len(head) == HEAD_BYTES
        return start, line.rstrip(b"\r") if complete else b""

    def _next_time(self, start: int) -> float | None:
        """Return the time of the first line that has one after what may be left of a record."""
        times = map(timestamp_of, self.read_at(start, HEAD_BYTES).split(b"\n"))
        return next((time for time in times if time is not None), None)

    @property
    def size(self) -> int:
        """Bytes in it, now; unpacked. For a compressed file the first call reads it all."""
        if self._archive is None:
            return self.known_size
        try:
            return self._archive.size
        except OSError as error:
            raise self._unreadable(error) from error

    @property
    def known_size(self) -> int:
        """Bytes in it, now; for a compressed file those that its end speaks of, if it does."""
        if self._archive is None:
            return self._status().st_size
        try:
            return self._archive.announced_size
        except OSError as error:
            raise self._unreadable(error) from error

    @property
    def damage(self) -> str:
        """Why no more of a compressed file can be unpacked; "" if nothing is known to be wrong."""
        return self._archive.damage if self._archive is not None else ""

    def is_damaged(self) -> bool:
        """Tell the same for certain, which may need all of it to be unpacked."""
        return self._archive is not None and self.size >= 0 and bool(self.damage)

    def ends_at(self, offset: int) -> bool:
        """Tell whether a damaged file says that it held no more than was read already."""
        try:
            return self._archive is not None and self._archive.said_size == offset
        except OSError as error:
            raise self._unreadable(error) from error

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from a byte offset; fewer only at the end.

        Raises:
            LogUnavailableError: the disk failed, or a compressed file is not complete yet.
        """
        try:
            if self._archive is not None:
                return self._archive.read_at(offset, length)
            return pread_all(self._file.fileno(), length, offset)
        except OSError as error:
            raise self._unreadable(error) from error

    def tail(self, offset: int) -> bytes:
        """Return the bytes just before an offset by which it is confirmed."""
        start = max(0, offset - TAIL_BYTES)
        return self.read_at(start, offset - start)

    def tail_digest(self, offset: int) -> str:
        """Return the digest of those bytes."""
        return digest(self.tail(offset))

    def confirms(self, offset: int, tail_digest: str) -> bool:
        """Tell whether the content just before an offset is what it was.

        What a damaged file holds there, or that it ends before, speaks against nothing.
        """
        if offset == 0:
            return True
        tail = self.tail(offset)
        if len(tail) == min(offset, TAIL_BYTES) and digest(tail) == tail_digest:
            return True
        return self.is_damaged()

    def close(self) -> None:
        """Give back the descriptor."""
        if self._archive is not None:
            self._archive.close()
        self._file.close()

    def _status(self) -> os.stat_result:
        try:
            return os.fstat(self._file.fileno())
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> LogUnavailableError:
        return LogUnavailableError(f"{self.path} cannot be read: {error.strerror}.")


def _open(path: Path) -> BinaryIO:
    """Open a regular file for reading only; a pipe is refused before it can block."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise LogUnavailableError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
    except OSError as error:
        os.close(descriptor)
        raise LogUnavailableError(f"{path} cannot be read: {error.strerror}.") from error
    if not is_file:
        os.close(descriptor)
        raise LogError(f"{path} is not a regular file. Name the file that the writer appends to.")
    return os.fdopen(descriptor, "rb", buffering=0)
