"""What can be unpacked of a compressed file, which may be damaged, or not be finished yet."""

from __future__ import annotations

import gzip
import os
import sys
import time
import zlib
from pathlib import Path
from typing import BinaryIO

from tui_ingest.oplog.log import LogUnavailableError

SETTLED_SECONDS = 30  # without a change, until nobody is thought to be writing an archive any more
_DAMAGES = (gzip.BadGzipFile, EOFError, zlib.error)


def pread_all(descriptor: int, length: int, offset: int) -> bytes:
    """Return `length` bytes from an offset, or what there is up to the end of the file.

    A network mount or a signal may give fewer, and the next call the rest: taken for the end of
    the file, they would look like a truncation.
    """
    found = os.pread(descriptor, length, offset)
    while found and len(found) < length:
        more = os.pread(descriptor, length - len(found), offset + len(found))
        if not more:
            break
        found += more
    return found


class Archive:
    """The content of a gzip file, up to the place from which on it cannot be unpacked.

    Attributes:
        damage: why there is no more; "" as long as nothing is known to be wrong.

    Args:
        path: of the file, to name it.
        file: the file, unbuffered.

    Raises:
        LogUnavailableError: it is empty, but it may be written just now.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._unpacked = gzip.GzipFile(fileobj=file)
        self._size: int | None = None  # once it was unpacked to its end
        self.damage = ""
        if not os.fstat(file.fileno()).st_size:  # which gzip never makes of anything
            self._give_up(EOFError("it is empty"), 0)

    @property
    def size(self) -> int:
        """Bytes that can be unpacked. The first call unpacks all of them."""
        while self._size is None:
            try:
                self._unpacked.seek(0)
                while self._step(sys.maxsize):
                    pass
                self._size = self._unpacked.tell()
            except _DAMAGES as error:
                self._give_up(error, self._unpacked.tell())
        return self._size

    @property
    def announced_size(self) -> int:
        """Bytes that can be unpacked or, if that is not known, those that its end speaks of."""
        if self._size is not None:
            return self._size
        return self.said_size

    @property
    def said_size(self) -> int:
        """Bytes that its last four bytes speak of. They say nothing if its end is missing."""
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
            except _DAMAGES as error:
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
        self.damage, self._size = str(error), size
