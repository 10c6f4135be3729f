"""The lines of one generation with their byte ranges, in bounded memory."""

from __future__ import annotations

from typing import NamedTuple

from tui_ingest.oplog.generations import BOM, TAIL_BYTES, Generation, digest

CHUNK_BYTES = 256 * 1024  # read at once
MEASURE_BYTES = 1024 * 1024  # a line longer than this is measured before it is read
KEPT_BYTES = 1024  # of a line that is over the limit


class ContentChangedError(Exception):
    """The bytes before the place that was reached are not those that were read there."""


class Line(NamedTuple):
    """One line. Blank lines are not lines, and NULs before a line are not part of it."""

    start: int  # bytes from the start of the generation
    length: int  # bytes, terminator included
    raw: bytes  # without the terminator; of a line over the limit only the first bytes
    whole: bool  # raw is all of it


class LineReader:
    """Reads on from an offset, as far as lines are complete.

    `offset` is the place up to which lines were taken. What lies between it and the end of what
    was read is buffered or, once it is long, merely measured.
    """

    def __init__(self, generation: Generation, offset: int, *, max_line_bytes: int) -> None:
        self.generation = generation
        self.offset = offset
        self._max_line_bytes = max_line_bytes
        self._measured = 0  # bytes of a long line from `offset` on that were read and dropped
        self._buffer = bytearray()  # what follows those
        self._searched = 0  # bytes of the buffer known to hold no newline
        # What was consumed last and the bytes before it. Positions are confirmed from here,
        # because by then the file may be gone.
        self._history = bytearray(generation.tail(offset))

    @property
    def partial_bytes(self) -> int:
        """Bytes after the last line taken, as far as they were read."""
        return self._measured + len(self._buffer)

    def take(self, *, max_lines: int, max_bytes: int) -> list[Line]:
        """Return the next complete lines; none if there is none yet.

        Raises:
            ContentChangedError: the file was truncated or written over.
            LogUnavailableError: it cannot be read now.
        """
        lines: list[Line] = []
        enough = self.offset + max_bytes
        self._forget_history()
        while len(lines) < max_lines and self.offset < enough:
            # A long line comes alone: the history does not reach back over it.
            if lines and self.partial_bytes > MEASURE_BYTES and self._measured:
                break
            end = self._buffer.find(b"\n", self._searched)
            if end >= 0:
                long = self._measured > 0
                self._consume(end + 1, lines)
                if long and lines:
                    break
            elif not self._read_on():
                break
        return lines

    def take_rest(self) -> Line | None:
        """Return the unterminated last line and stand behind it; None if there is none."""
        self._forget_history()
        while self._read_on():
            """To the end."""
        lines: list[Line] = []
        if self.partial_bytes:
            self._consume(len(self._buffer), lines)
        return lines[0] if lines else None

    def peek_rest(self) -> bytes:
        """Return the unterminated last line without taking it; only its head if it is too long."""
        length = self.partial_bytes if self.partial_bytes <= self._max_line_bytes else KEPT_BYTES
        return self.generation.read_at(self.offset, length)

    def tail_digest(self, offset: int) -> str:
        """Return the digest that confirms an offset within the lines taken last."""
        end = len(self._history) - (self.offset - offset)
        return digest(bytes(self._history[max(0, end - TAIL_BYTES) : end]))

    def _read_on(self) -> bool:
        """Read the next bytes; tell whether there were any."""
        self._searched = len(self._buffer)
        if self.partial_bytes > MEASURE_BYTES:
            self._measured += len(self._buffer)
            self._remember(self._buffer)
            self._buffer.clear()
            self._searched = 0
        return self._fetch()

    def _fetch(self) -> bool:
        """Add to the buffer what follows it in the file.

        The bytes before are read again together with the new ones and compared: a file that was
        truncated and has grown past this place since would otherwise be read from its middle.
        """
        known = self._known_tail()
        end = self.offset + self.partial_bytes
        found = self.generation.read_at(end - len(known), len(known) + CHUNK_BYTES)
        if not found.startswith(known):
            raise ContentChangedError
        self._buffer += memoryview(found)[len(known) :]
        return len(found) > len(known)

    def _known_tail(self) -> bytes:
        if len(self._buffer) >= TAIL_BYTES:
            return bytes(self._buffer[-TAIL_BYTES:])
        return bytes(self._history[-TAIL_BYTES:] + self._buffer)[-TAIL_BYTES:]

    def _consume(self, length: int, lines: list[Line]) -> None:
        """Take `length` bytes of the buffer: the end of a line."""
        content = bytes(memoryview(self._buffer)[:length])
        del self._buffer[:length]
        self._searched = 0
        self._remember(content)
        start = self.offset
        self.offset += self._measured + length
        if self._measured:
            self._measured = 0
            self._add_long(start, lines)
        else:
            self._add(start, content, lines)

    def _add_long(self, start: int, lines: list[Line]) -> None:
        length = self.offset - start
        if length > self._max_line_bytes:
            head = self.generation.read_at(start, KEPT_BYTES)
            lines.append(Line(start, length, head, whole=False))
            return
        content = self.generation.read_at(start, length)
        if len(content) < length:
            raise ContentChangedError
        self._add(start, content, lines)

    def _add(self, start: int, content: bytes, lines: list[Line]) -> None:
        stripped = content.removeprefix(BOM) if start == 0 else content
        stripped = stripped.lstrip(b"\0")
        raw = stripped.rstrip(b"\r\n")
        if not raw or raw.isspace():
            return
        start += len(content) - len(stripped)
        length = len(stripped)
        if length <= self._max_line_bytes:
            lines.append(Line(start, length, raw, whole=True))
        else:
            lines.append(Line(start, length, raw[:KEPT_BYTES], whole=False))

    def _remember(self, content: bytes | bytearray) -> None:
        self._history += content[-MEASURE_BYTES:]

    def _forget_history(self) -> None:
        del self._history[:-TAIL_BYTES]
