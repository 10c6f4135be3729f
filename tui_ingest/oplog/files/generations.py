"""One file of a rotated log, known by its content."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from tui_ingest.oplog.files.content import Content, DescriptorPool
from tui_ingest.oplog.parsing import record_end, timestamp_of

HEAD_BYTES = 64 * 1024  # of the first line that are looked at; a longer one is cut
TAIL_BYTES = 1024  # before a position, whose digest confirms it
_SKIP_BYTES = 1024 * 1024  # read at once while looking for the first line
_BLANK = b"\0\r\n\t "
BOM = b"\xef\xbb\xbf"


def digest(content: bytes) -> str:
    """Return what stands for a piece of content in a position: 32 hexadecimal digits."""
    return blake2b(content, digest_size=16).hexdigest()


class Generation(Content):
    """A file of the log, known by its content.

    Attributes:
        identity: digest of the first line that is not blank, of a record up to the end of its
            JSON; "" as long as there is none, because empty files all look alike.
        first_time: of the first line that has one, in seconds since the epoch; None if it is not
            near the beginning.
        is_unique: no other generation begins so, because its first line has a time.
        by_content: `file_id` says nothing, the system gives another number every time.
        damaged_before: names of the files between the generation before and this one of which
            nothing can be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        compression: str,
        finished: bool,
        pool: DescriptorPool,
        by_content: bool = False,
    ) -> None:
        """Open a file for reading.

        Args:
            path: of the file.
            compression: the end of a compressed file's name, or "".
            finished: nothing more is expected, so that an unterminated first line counts.
            pool: which may close it and have it opened again.
            by_content: do not go by the number that the system gives to the file.

        Raises:
            FileNotFoundError: it is gone.
            LogUnavailableError: it cannot be read now.
            LogError: it is not a file.
        """
        super().__init__(path, compression=compression, pool=pool)
        self._finished = finished
        self.by_content = by_content
        self.damaged_before: Sequence[str] = ()
        try:
            start, line = self._first_line()
            self.first_time = timestamp_of(line)
            self.is_unique = self.first_time is not None
            if line and self.first_time is None:
                # That of the first line that has one after what may be left of a record.
                following = self.read_at(start + len(line), HEAD_BYTES).split(b"\n")
                times = map(timestamp_of, following)
                self.first_time = next((time for time in times if time is not None), None)
            self.seen_size = self.known_size
            self._tail_digest = self.tail_digest(self.seen_size) if by_content else ""
        except BaseException:
            self.close()
            raise
        self._first = (start, len(line))
        self.identity = digest(line) if line else ""

    def is_in(self, status: os.stat_result) -> bool:
        """Tell whether the file that was opened at its path is the one that was there."""
        if not self.by_content:
            return super().is_in(status)
        return digest(self.read_at(*self._first)) == (self.identity or digest(b"")) and (
            self.confirms(self.seen_size, self._tail_digest)
        )

    def looks_like(self, other: Generation) -> bool:
        """Tell whether another file has the same content, as far as that is known without all."""
        size = self.known_size
        if self.identity != other.identity or size != other.known_size:
            return False
        return not other.is_open or self.tail(size) == other.tail(size)

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
