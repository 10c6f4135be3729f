"""How rotated files are compressed, by the end of their names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, cast

from tui_ingest.oplog.log import LogError


class Unpacker(Protocol):
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


GZIP = ".gz"
_BZIP2 = ".bz2"
_BZIP2_BLOCK_BYTES = 900_000  # the most, but for long runs of one byte
_UNPACKERS: dict[str, Callable[[BinaryIO], Any]] = {
    GZIP: lambda file: gzip.GzipFile(fileobj=file),
    _BZIP2: bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: _zstd().ZstdFile(file),
}
SUFFIXES = tuple(_UNPACKERS)


def unpacker(suffix: str, file: BinaryIO) -> Unpacker:
    """Return what unpacks a file.

    Args:
        suffix: one of `SUFFIXES`.
        file: the packed file; it is not closed with the unpacker.

    Raises:
        LogError: what it needs is not installed.
    """
    return cast(Unpacker, _UNPACKERS[suffix](file))


def is_damage(error: Exception) -> bool:
    """Tell whether an error means the content of a file, and not the disk that it is on."""
    if isinstance(error, OSError):
        return error.errno is None  # made by a library that unpacks
    return isinstance(error, EOFError | zlib.error | lzma.LZMAError) or (
        type(error).__name__ == "ZstdError"  # of a module that may not be there
    )


def sound_bytes(suffix: str, error: Exception, unpacked: int) -> int:
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
