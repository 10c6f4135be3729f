"""What can be unpacked of a compressed file, which may be damaged, or not be finished yet."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tui_ingest.oplog.log import LogError, LogUnavailableError

SETTLED_SECONDS = 30  # without a change, until nobody is thought to be writing an archive any more
_MOST_MEASURED = 4096  # files whose unpacked size is remembered

_Version = tuple[int, int, int, int]  # of a file: device, inode, bytes, nanoseconds
# What unpacking has found: all archives of a log are looked at whenever one is added.
_measured: dict[_Version, tuple[int, str]] = {}


class _Unpacker(Protocol):
    """A file that is unpacked while it is read, as all of Python's are."""

    def read1(self, size: int) -> bytes:
        """Return up to `size` bytes, those that are unpacked already first."""

    def peek(self, size: int) -> bytes:
        """Return bytes without moving on; b"" only at the end."""

    def seek(self, offset: int) -> int:
        """Go to an offset of what is unpacked."""

    def tell(self) -> int:
        """Return the offset."""

    def close(self) -> None:
        """Forget what was unpacked; the packed file stays open."""


_GZIP = ".gz"
_BZIP2 = ".bz2"
_BZIP2_BLOCK_BYTES = 900_000  # the most, but for long runs of one byte
_UNPACKERS: dict[str, Callable[[BinaryIO], Any]] = {
    _GZIP: lambda file: gzip.GzipFile(fileobj=file),
    _BZIP2: bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: _zstd().ZstdFile(file),
}
SUFFIXES = tuple(_UNPACKERS)


class Archive:
    """The content of a compressed file, up to the place from which on it cannot be unpacked.

    Attributes:
        damage: why there is no more; "" as long as nothing is known to be wrong.

    Args:
        path: of the file, to name it.
        compression: the end of its name.
        file: the file, unbuffered.

    Raises:
        LogUnavailableError: it is empty or damaged, but it may be written just now.
        LogError: nothing here can unpack it.
    """

    def __init__(self, path: Path, compression: str, file: BinaryIO) -> None:
        self._path = path
        self._compression = compression
        self._file = file
        # Closing it leaves the file open.
        self._unpacked: _Unpacker = _UNPACKERS[compression](file)
        status = os.fstat(file.fileno())
        self._version = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        self._size: int | None  # once it was unpacked to its end
        self._size, self.damage = _measured.get(self._version, (None, ""))
        if not status.st_size:  # which no compression makes of anything
            self._give_up(EOFError("it is empty"), 0)
        elif compression != _GZIP:
            _ = self.size  # nothing else says it; nor, of some, what is sound

    @property
    def size(self) -> int:
        """Bytes that can be unpacked. The first call unpacks all of them."""
        while self._size is None:
            try:
                self._unpacked.seek(0)
                while self._step(sys.maxsize):
                    pass
                self._end_at(self._unpacked.tell())
            except Exception as error:
                if not _is_damage(error):
                    raise
                self._give_up(error, self._unpacked.tell())
        return self._size

    @property
    def announced_size(self) -> int:
        """Bytes that can be unpacked or, if that is not known, those that its end speaks of."""
        return self._size if self._size is not None else self.said_size or 0

    @property
    def said_size(self) -> int | None:
        """Bytes that its last four bytes speak of. They say nothing if its end is missing.

        None where a format says nothing there: then the size is known from the start.
        """
        if self._compression != _GZIP:
            return None
        packed = os.fstat(self._file.fileno()).st_size
        return int.from_bytes(pread_all(self._file.fileno(), 4, max(0, packed - 4)), "little")

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` unpacked bytes from an offset; fewer only at the end.

        Raises:
            LogUnavailableError: it is not whole, but it may be written just now.
        """
        while True:
            if self._size is not None:
                length = min(length, self._size - offset)
            if length <= 0:
                return b""
            try:
                return self._unpack(offset, length)
            except Exception as error:
                if not _is_damage(error):
                    raise
                self._give_up(error, self._unpacked.tell())

    def close(self) -> None:
        """Forget what was unpacked; the file stays open."""
        self._unpacked.close()

    def _unpack(self, offset: int, length: int) -> bytes:
        if self._unpacked.tell() > offset:
            self._unpacked.seek(0)
        while before := offset - self._unpacked.tell():
            if not self._step(before):
                return b""
        found = bytearray()
        while len(found) < length and (piece := self._step(length - len(found))):
            found += piece
        return bytes(found)

    def _step(self, most: int) -> bytes:
        """Return the next unpacked bytes, of those that fill one buffer."""
        # Always as many at once, from the start on: a longer step would give nothing of what comes
        # before the damage in it, and whatever is asked for, that place must be the same.
        return self._unpacked.read1(most) if self._unpacked.peek(1) else b""

    def _give_up(self, error: Exception, size: int) -> None:
        """Take it for damaged, unless somebody may still be writing it."""
        changed = os.fstat(self._file.fileno()).st_mtime
        if time.time() - changed < SETTLED_SECONDS:
            raise LogUnavailableError(
                f"{self._path} cannot be unpacked: {error}. It was changed a moment ago and may"
                " not be finished."
            ) from error
        self.damage = str(error)
        self._end_at(_sound_bytes(self._compression, error, size))

    def _end_at(self, size: int) -> None:
        self._size = size
        while len(_measured) >= _MOST_MEASURED:
            del _measured[next(iter(_measured))]
        _measured[self._version] = size, self.damage


def _is_damage(error: Exception) -> bool:
    """Tell whether an error means the content of a file, and not the disk that it is on."""
    if isinstance(error, OSError):
        return error.errno is None  # made by a library that unpacks
    return isinstance(error, EOFError | zlib.error | lzma.LZMAError) or (
        type(error).__name__ == "ZstdError"  # of a module that may not be there
    )


def _sound_bytes(suffix: str, error: Exception, unpacked: int) -> int:
    """Return how many of the bytes that were unpacked before an error are what was packed.

    The checksum of a block of bzip2 is looked at when all of the block was given already.
    """
    if suffix == _BZIP2 and not isinstance(error, EOFError):
        return max(0, unpacked - _BZIP2_BLOCK_BYTES)
    return unpacked


def _zstd() -> Any:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise LogError(
            "The log has files that end in .zst, and nothing here can unpack them. Install what"
            " can: pip install 'tui-ingest[zstd]'."
        ) from error
    return zstd


def pread_all(descriptor: int, length: int, offset: int) -> bytes:
    """Return `length` bytes from an offset, or what there is up to the end of the file.

    A network mount or a signal may give fewer, and the next call the rest: taken for the end of
    the file, they would look like a truncation.
    """
    found = b""
    while len(found) < length and (
        more := os.pread(descriptor, length - len(found), offset + len(found))
    ):
        found += more
    return found
