"""The bytes of one file of the log, unpacked if need be, whose descriptor comes and goes.

A handler that keeps all its files, one an hour, has more of them after six weeks than a process may
open by default, and a service may be given few.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from tui_ingest.oplog.files.archives import Archive, pread_all
from tui_ingest.oplog.log import LogError, LogUnavailableError

_OTHERS = 256  # descriptors for the rest of the process
_FEWEST = 24  # for the files of one log: those that are kept, and some to look at the others
_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)


class MovedError(LogUnavailableError):
    """A file that was not held open is not where it was."""


class Content:
    """A file that is read by byte range. Held open, it stays readable when renamed or removed.

    Attributes:
        path: where it was seen last.
        compressed: offsets count unpacked bytes.
        file_id: device and inode.
        mtime: when it was changed last, in seconds since the epoch.
        seen_size: bytes, when it was opened first, or when it was looked at since.
    """

    def __init__(self, path: Path, *, compression: str, pool: DescriptorPool) -> None:
        """Open a file for reading.

        Args:
            path: of the file.
            compression: the end of a compressed file's name, or "".
            pool: which may close it and have it opened again.

        Raises:
            FileNotFoundError: it is gone.
            LogUnavailableError: it cannot be read now.
            LogError: it is not a file.
        """
        self.path = path
        self.compressed = bool(compression)
        self.seen_size = 0
        self._compression = compression
        self._pool = pool
        self._file: BinaryIO | None = None
        self._archive: Archive | None = None
        self._known_damage = ""  # while it is closed
        status = self._open()
        self.file_id = (status.st_dev, status.st_ino)
        self.mtime = status.st_mtime

    @property
    def size(self) -> int:
        """Bytes in it, now; unpacked. For a compressed file the first call reads it all."""
        if self._archive is None:
            return self.known_size
        with self._reading():
            return self._archive.size

    @property
    def known_size(self) -> int:
        """Bytes in it, now; for a compressed file those that its end speaks of, if it does.

        As long as it is not open, what was seen last.
        """
        if self._file is None:
            return self.seen_size
        if self._archive is None:
            return self._status(self._file).st_size
        with self._reading():
            return self._archive.announced_size

    @property
    def is_open(self) -> bool:
        """Whether it is held open now."""
        return self._file is not None

    @property
    def damage(self) -> str:
        """Why no more of a compressed file can be unpacked; "" if nothing is known to be wrong."""
        return self._archive.damage if self._archive is not None else self._known_damage

    def is_damaged(self) -> bool:
        """Tell the same for certain, which may need all of it to be unpacked."""
        if not self.compressed:
            return False
        self.open()
        return self.size >= 0 and bool(self.damage)

    def is_removed(self) -> bool:
        """Tell whether no name leads to the file any more."""
        return self._status(self.open()).st_nlink == 0

    def ends_at(self, offset: int) -> bool:
        """Tell whether a damaged file says that it held no more than was read already."""
        self.open()
        with self._reading():
            return self._archive is not None and self._archive.said_size == offset

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from a byte offset; fewer only at the end.

        Raises:
            LogUnavailableError: the disk failed, or a compressed file is not complete yet.
        """
        file = self.open()
        with self._reading():
            if self._archive is not None:
                return self._archive.read_at(offset, length)
            return pread_all(file.fileno(), length, offset)

    # The descriptor

    def open(self) -> BinaryIO:
        """Return the open file; it is opened again if it was suspended.

        Raises:
            MovedError: it is not there any more.
            LogUnavailableError: it cannot be opened now.
        """
        if self._file is None:
            try:
                status = self._open()
            except FileNotFoundError as error:
                raise MovedError(f"{self.path} is not there any more.") from error
            if not self.is_in(status):
                self.suspend()
                raise MovedError(f"{self.path} is another file now.")
        assert self._file is not None  # noqa: S101  # just opened
        self._pool.use(self)
        return self._file

    def is_in(self, status: os.stat_result) -> bool:
        """Tell whether the file that was opened at its path is the one that was there."""
        return (status.st_dev, status.st_ino) == self.file_id

    def suspend(self) -> None:
        """Give back the descriptor for a while."""
        self._known_damage = self.damage
        self.close()

    def close(self) -> None:
        """Give back the descriptor."""
        if self._archive is not None:
            self._archive.close()
        if self._file is not None:
            self._file.close()
        self._file = self._archive = None
        self._pool.remove(self)

    def _open(self) -> os.stat_result:
        file = self._open_file()
        try:
            with self._reading():
                status = os.fstat(file.fileno())
                if self._compression:
                    self._archive = Archive(self.path, self._compression, file)
        except BaseException:
            file.close()
            raise
        self._file = file
        self._pool.add(self)
        return status

    def _open_file(self) -> BinaryIO:
        while True:
            try:
                return _open(self.path)
            except LogUnavailableError as error:
                cause = error.__cause__
                lacks = isinstance(cause, OSError) and cause.errno in _NO_DESCRIPTOR
                if not (lacks and self._pool.suspend_one()):
                    raise

    def _status(self, file: BinaryIO) -> os.stat_result:
        with self._reading():
            return os.fstat(file.fileno())

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LogUnavailableError(f"{self.path} cannot be read: {error.strerror}.") from error


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


class DescriptorPool:
    """Keeps no more files of one log open than there is room for: the last ones that were used.

    The system's limit is raised as far as it allows. One thread uses a pool.
    """

    def __init__(self) -> None:
        self._limit = _FEWEST
        self._open: dict[Content, None] = {}  # the least recently used first
        self._kept: set[Content] = set()

    def make_room(self, files: int) -> None:
        """Have room for so many files twice: some are held while all are looked at again."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * files + _OTHERS
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        unlimited = soft == resource.RLIM_INFINITY
        self._limit = 2 * files if unlimited else max(_FEWEST, soft - _OTHERS)

    def keep(self, files: Collection[Content]) -> None:
        """Hold these open, and let no other stay open whatever happens."""
        self._kept = {*files}
        for file in files:
            with contextlib.suppress(MovedError):  # found again when its turn comes
                file.open()

    def add(self, file: Content) -> None:
        """Take account of a file that was opened; others are closed for it."""
        self._open[file] = None
        while len(self._open) > self._limit and self.suspend_one(file):
            pass

    def use(self, file: Content) -> None:
        """Take account of a file that is used."""
        if file in self._open:
            del self._open[file]
            self._open[file] = None

    def remove(self, file: Content) -> None:
        """Take account of a file that was closed."""
        self._open.pop(file, None)

    def suspend_one(self, opened: Content | None = None) -> bool:
        """Close the file that was not used for longest; tell whether there was one."""
        for file in self._open:
            if file not in self._kept and file is not opened:
                file.suspend()
                return True
        return False
