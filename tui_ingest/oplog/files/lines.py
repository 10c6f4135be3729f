"""The lines of one generation with their byte ranges, in bounded memory."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from tui_ingest.oplog.files.generations import BOM, TAIL_BYTES, Generation, digest
from tui_ingest.oplog.files.positions import Place
from tui_ingest.oplog.log import LogUnavailableError

CHUNK_BYTES = 64 * 1024  # read at once; more would be mapped and unmapped by every read
MEASURE_BYTES = 1024 * 1024  # a line longer than this is measured before it is read
KEPT_BYTES = 1024  # of a line that is over the limit
_DIGITS = {b"%d" % digit for digit in range(10)}


class ContentChangedError(Exception):
    """The bytes before the place that was reached are not those that were read there."""


class Line(NamedTuple):
    """One line. Blank lines are not lines, and NULs before a line are not part of it."""

    start: int  # bytes from the start of the generation
    length: int  # bytes, terminator included
    raw: bytes  # without the terminator; of a line over the limit only the first bytes
    whole: bool  # raw is all of it


def line_of(start: int, content: bytes, *, max_line_bytes: int) -> Line | None:
    """Return the line that some bytes of a generation are; None if it is blank.

    Args:
        start: where the bytes begin, from the start of the generation.
        content: up to a terminator, that included.
        max_line_bytes: of a longer line only the first bytes are kept.
    """
    stripped = content.removeprefix(BOM) if start == 0 else content
    stripped = stripped.lstrip(b"\0")
    raw = stripped.rstrip(b"\r\n")
    if not raw or raw.isspace():
        return None
    length = len(stripped)
    start += len(content) - length
    if length <= max_line_bytes:
        return Line(start, length, raw, whole=True)
    return Line(start, length, raw[:KEPT_BYTES], whole=False)


class Trail(NamedTuple):
    """Bytes that were read, and what they are evidence of, whatever the file holds by now."""

    generation: Generation
    start: int  # offset of the first of the bytes
    content: bytearray  # may grow, but never changes

    def place(self, offset: int) -> Place:
        """Return an offset within the bytes, with its evidence."""
        return Place(self.generation.identity, offset, self._digest(offset))

    def _digest(self, offset: int) -> str:
        end = offset - self.start
        if end < min(offset, TAIL_BYTES):  # before or within a line too long to be remembered
            return self.generation.tail_digest(offset)
        return digest(bytes(self.content[max(0, end - TAIL_BYTES) : end]))


class LineReader:
    """Reads on from an offset, as far as lines are complete.

    `offset` is the place up to which lines were taken. What lies between it and the end of what
    was read is buffered or, once it is long, merely measured.
    """

    def __init__(self, generation: Generation, offset: int, *, max_line_bytes: int) -> None:
        self.generation = generation
        self.offset = offset
        self._began = offset
        self._max_line_bytes = max_line_bytes
        self._measured = 0  # bytes of a long line from `offset` on that were read and dropped
        self._measured_tail = b""  # the last of those
        self._buffer = b""  # what follows those
        # What was taken last and the bytes before it. Positions are confirmed from here, because
        # by then the file may hold something else.
        self._history = bytearray(generation.tail(offset))

    @property
    def partial_bytes(self) -> int:
        """Bytes of a line that has no end yet, as far as they were read."""
        end = self._buffer.rfind(b"\n") + 1
        return len(self._buffer) - end if end else self._bytes_ahead

    @property
    def _bytes_ahead(self) -> int:
        """Bytes after the lines taken, as far as they were read."""
        return self._measured + len(self._buffer)

    @property
    def lost_an_end(self) -> bool:
        """Whether it is in a damaged file of which not everything had been read before."""
        generation = self.generation
        was_read = self.offset == self._began and generation.ends_at(self.offset)
        return bool(generation.damage) and not was_read

    @property
    def has_more(self) -> bool:
        """Whether a line may be complete that was not taken."""
        return self.generation.size > self.offset + self._bytes_ahead or b"\n" in self._buffer

    def take(self, *, max_lines: int, max_bytes: int) -> list[Line]:
        """Return the next complete lines; none if there is none yet.

        Raises:
            ContentChangedError: the file was truncated or written over.
            LogUnavailableError: it cannot be read now.
        """
        lines: list[Line] = []
        enough = self.offset + max_bytes
        self._history = self._history[-TAIL_BYTES:]  # another one: a `Trail` may have the old
        try:
            while True:
                self._split(lines, max_lines, enough)
                if lines and (len(lines) >= max_lines or self.offset >= enough):
                    break
                if not self._read_on():
                    break
        except (ContentChangedError, LogUnavailableError):
            if not lines:
                raise
            # Those are good; the next call will meet the same trouble.
        return lines

    def peek_rest(self) -> Line | None:
        """Return the unterminated last line, as far as it was read; None if there is none."""
        return self._line_up_to(len(self._buffer)) if self._bytes_ahead else None

    def take_rest(self) -> Line | None:
        """Return the same, and stand behind it. What is added to it later is another line."""
        line = self.peek_rest()
        self._move(len(self._buffer))
        return line

    @property
    def trail(self) -> Trail:
        """The lines taken last, as evidence for the offsets within them."""
        return Trail(self.generation, self.offset - len(self._history), self._history)

    @property
    def place(self) -> Place:
        """How far lines were taken, with its evidence."""
        return self.trail.place(self.offset)

    def follow(self, copy: Generation) -> None:
        """Go on in another file with the same content."""
        self.generation.close()
        self.generation = copy

    def _split(self, lines: list[Line], max_lines: int, enough: int) -> None:
        """Take the lines that end in the buffer."""
        if self._measured:
            self._split_long(lines)
        if self._measured or self._split_plain(lines, max_lines, enough):
            return
        buffer, at, start = self._buffer, 0, self.offset
        while len(lines) < max_lines and (start < enough or not lines):
            end = buffer.find(b"\n", at) + 1
            if not end:
                break
            if line := self._line(start, buffer[at:end]):
                lines.append(line)
            start += end - at
            at = end
        self._move(at)

    def _split_plain(self, lines: list[Line], max_lines: int, enough: int) -> bool:
        """Take all lines that end in the buffer by a few calls, if there is nothing to strip."""
        end = self._buffer.rfind(b"\n")
        raws = self._buffer[: max(end, 0)].split(b"\n")
        lengths = [len(raw) + 1 for raw in raws]
        if (
            len(lines) + len(raws) > max_lines
            or self.offset + end >= enough
            or max(lengths) > self._max_line_bytes
            or not {raw[:1] for raw in raws} <= _DIGITS
            or b"\r" in {raw[-1:] for raw in raws}
        ):
            return False
        starts = itertools.accumulate(lengths, initial=self.offset)
        lines += map(Line._make, zip(starts, lengths, raws, itertools.repeat(True)))
        self._move(end + 1)
        return True

    def _split_long(self, lines: list[Line]) -> None:
        """Take the line that was measured so far, if it ends in the buffer."""
        end = self._buffer.find(b"\n") + 1
        if end:
            line = self._line_up_to(end)
            self._move(end)
            if line is not None:
                lines.append(line)

    def _line_up_to(self, end: int) -> Line | None:
        """Return the line that ends with the first `end` bytes of the buffer; None if blank."""
        start, length = self.offset, self._measured + end
        if not self._measured:
            return self._line(start, self._buffer[:end])
        if length > self._max_line_bytes:
            head = self.generation.read_at(start, KEPT_BYTES)
            return Line(start, length, head, whole=False)
        content = self.generation.read_at(start, length)
        if len(content) < length:
            raise ContentChangedError
        return self._line(start, content)

    def _move(self, end: int) -> None:
        """Stand behind the first `end` bytes of the buffer."""
        if self._measured:  # the history does not reach back over it
            self._history = bytearray(self._measured_tail)
        self._history += memoryview(self._buffer)[:end]
        self.offset += self._measured + end
        self._buffer = self._buffer[end:]
        self._measured, self._measured_tail = 0, b""

    def _line(self, start: int, content: bytes) -> Line | None:
        return line_of(start, content, max_line_bytes=self._max_line_bytes)

    def _read_on(self) -> bool:
        """Read the next bytes; tell whether there were any."""
        if not self._measured:
            self._move(len(self._buffer) - len(self._buffer.lstrip(b"\0")))
        if self._bytes_ahead > MEASURE_BYTES:
            self._measured += len(self._buffer)
            self._measured_tail = self._known_tail()
            self._buffer = b""
        known = b"" if self.generation.compressed else self._known_tail()
        end = self.offset + self._bytes_ahead
        # The bytes before are read again together with the new ones and compared: a file that was
        # truncated and has grown past this place since would be read from its middle.
        found = self._read_after(end, known)
        if found is None and (found := self._read_after(end, known)) is None:
            raise ContentChangedError  # said twice
        self._buffer += found
        return bool(found)

    def _read_after(self, end: int, known: bytes) -> bytes | None:
        """Return the next bytes; None if those before them are not the known ones."""
        found = self.generation.read_at(end - len(known), len(known) + CHUNK_BYTES)
        if not found.startswith(known) or (not end and self.generation.is_rewritten()):
            return None
        return found[len(known) :]

    def _known_tail(self) -> bytes:
        if len(self._buffer) >= TAIL_BYTES:
            return self._buffer[-TAIL_BYTES:]
        before = self._measured_tail or bytes(self._history[-TAIL_BYTES:])
        return (before + self._buffer)[-TAIL_BYTES:]
