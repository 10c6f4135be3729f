"""A rotated log as one sequence of entries: the file implementation of `Log`."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

from tui_ingest.oplog.bulk_parsing import parse_all
from tui_ingest.oplog.files import seeking
from tui_ingest.oplog.files.chain import Chain
from tui_ingest.oplog.files.lines import ContentChangedError, Line, LineReader
from tui_ingest.oplog.files.listing import LogFiles, rotation_ranks
from tui_ingest.oplog.files.positions import go_back
from tui_ingest.oplog.files.searching import search
from tui_ingest.oplog.files.watching import Watcher
from tui_ingest.oplog.log import (
    MAX_RECORD_BYTES,
    Backlog,
    Batch,
    Entry,
    LogError,
    LogUnavailableError,
    Position,
    Searched,
    StartPoint,
)
from tui_ingest.oplog.parsing import is_record, parse_torn
from tui_ingest.oplog.records import RecordLocation


class FileLog:
    """The log at a path, with everything that rotation has made of it. Offsets are bytes.

    Args:
        path: of the active file; it may not exist yet.
        max_record_bytes: a longer line becomes a `Malformed` entry with its first bytes.
        poll_seconds: look for changes this often instead of being told by the system.
        olddir: where rotated files are, too; relative to the log's folder.
    """

    unit = "byte"

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_record_bytes: int = MAX_RECORD_BYTES,
        poll_seconds: float | None = None,
        olddir: str | os.PathLike[str] | None = None,
    ) -> None:
        # Absolute, but not resolved: a link is followed anew whenever it is opened.
        self._path = Path(os.path.abspath(path))  # noqa: PTH100
        self.path = str(self._path)
        self._files = LogFiles(self._path, Path(olddir) if olddir is not None else None)
        self._max_record_bytes = max_record_bytes
        self._chain = Chain(self._files, max_line_bytes=max_record_bytes)
        # What was taken from the files and is in no batch yet, because making one has failed.
        self._taken: tuple[list[Entry], LineReader | None] | None = None
        self._watcher = Watcher(self._path, poll_seconds=poll_seconds)

    # Reading

    def resume(self, position: Position | None) -> None:
        """See `Log.resume`."""
        self._taken = None
        self._chain.resume(position)

    def read(self, *, max_records: int, max_bytes: int, final: bool = False) -> Batch | None:
        """See `Log.read`."""
        while True:
            try:
                if self._taken is None:
                    self._taken = self._take(max_records, max_bytes, final=final)
                batch = self._batch(*self._taken)
            except ContentChangedError:
                self._chain.recover()
            else:
                self._taken = None
                return batch

    def _take(
        self, max_records: int, max_bytes: int, *, final: bool
    ) -> tuple[list[Entry], LineReader | None]:
        """Take the next entries out of one generation."""
        chain = self._chain
        while chain.open() and (current := chain.current) is not None:
            generation = current.generation
            if lines := current.take(max_lines=max_records, max_bytes=max_bytes):
                return self._parse(lines, current), current
            followed = chain.has_successor()
            if current.generation is not generation:
                continue  # the same content is in another file now, where there may be more
            if late := chain.late_lines(max_lines=max_records, max_bytes=max_bytes):
                reader, lines = late
                return self._parse(lines, reader), reader
            if not followed:
                return self._parse_unfinished(current) if final else [], current
            # Looked at once more, now that the next generation was seen: but for a late writer
            # nothing is added to this one after that.
            if lines := current.take(max_lines=max_records, max_bytes=max_bytes):
                return self._parse(lines, current), current
            if torn := chain.take_torn():
                reader, line = torn
                return self._parse_torn(line, reader), reader
            chain.advance()
        return [], None

    def _parse(self, lines: Sequence[Line], reader: LineReader) -> list[Entry]:
        starts, lengths, raws, whole = zip(*lines, strict=True)
        generation = itertools.repeat(reader.generation.identity)
        locations = [*map(RecordLocation, generation, starts, lengths)]
        return parse_all(raws, locations, whole, max_record_bytes=self._max_record_bytes)

    def _parse_torn(self, line: Line, reader: LineReader) -> list[Entry]:
        """Return what the unterminated last line of a finished generation holds."""
        if not line.whole:
            return self._parse([line], reader)
        location = RecordLocation(reader.generation.identity, line.start, line.length)
        return parse_torn(line.raw, location)

    def _parse_unfinished(self, reader: LineReader) -> list[Entry]:
        """Return the unterminated last line if it is a complete record; else leave it unread."""
        rest = reader.peek_rest()
        if rest is None or not is_record(rest.raw):
            return []
        reader.take_rest()
        return self._parse([rest], reader)

    def _batch(self, entries: list[Entry], reader: LineReader | None) -> Batch | None:
        """Return the entries with the position after them and what was noticed on the way."""
        chain = self._chain
        if not entries and not chain.notices:
            return None
        position, trail = chain.position, reader.trail if reader else None
        left = chain.left.index(reader) if reader else None

        def after(entry: Entry) -> Position:
            assert trail is not None  # noqa: S101  # there are entries
            return go_back(position, trail.place(entry.location.end), left=left)

        return Batch(entries=entries, position=position, notices=chain.take_notices(), after=after)

    # Places

    def line_at(self, location: RecordLocation) -> bytes | None:
        """See `Log.line_at`."""
        return seeking.line_at(self._files, location)

    def recent(
        self, position: Position, most: int, *, since: Position | None = None
    ) -> Sequence[Entry]:
        """See `Log.recent`."""
        return seeking.recent(self._files, position, most, since)

    def search(
        self, patterns: Sequence[re.Pattern[bytes]], position: Position | None
    ) -> Generator[Searched]:
        """See `Log.search`."""
        limit = self._max_record_bytes
        return search(self._files, patterns, position, max_record_bytes=limit)

    def layout(self) -> Sequence[tuple[str, int]]:
        """See `Log.layout`."""
        return seeking.layout(self._files)

    def locate(self, start: StartPoint) -> Position:
        """See `Log.locate`."""
        return seeking.locate(self._files, start)

    def ahead_of(self, position: Position) -> Callable[[Entry], bool]:
        """See `Log.ahead_of`."""
        return seeking.ahead_of(self._files, position)

    def count(self, start: Position, end: Position) -> int | None:
        """See `Log.count`."""
        return seeking.count(self._files, start, end)

    # Waiting

    def backlog(self) -> Backlog:
        """See `Log.backlog`."""
        exists = os.path.exists(self._path)  # noqa: PTH110  # never raises
        chain, readable = self._chain, True
        try:
            if chain.open():
                chain.refresh()
        except LogError:
            readable = False  # reading will say so, and wait
        current, nascent = chain.current, chain.nascent_bytes
        if current is None:
            return Backlog(
                exists=exists, readable=readable, remaining_bytes=nascent, partial_bytes=nascent
            )
        try:
            size, later = current.generation.see(), sum(found.known_size for found in chain.later)
        except LogUnavailableError:
            readable, size, later = False, current.generation.seen_size, 0
        unread = max(0, size - current.offset)
        oldest, highest = self._ranks() if chain.later else (None, None)
        return Backlog(
            exists=exists,
            readable=readable,
            generation_size=max(size, current.offset),
            remaining_bytes=unread + later + nascent,
            older_generations=len(chain.later),
            oldest_rank=oldest,
            highest_rank=highest,
            partial_bytes=min(unread, current.partial_bytes) + nascent,
        )

    def _ranks(self) -> tuple[int | None, int | None]:
        try:
            ranks = rotation_ranks(self._files)
        except LogUnavailableError:
            return None, None
        current = self._chain.current
        unread = [current.generation] if current is not None else []
        waiting = [ranks[g.file_id] for g in (*unread, *self._chain.later) if g.file_id in ranks]
        return (max(waiting), max(ranks.values())) if waiting else (None, None)

    def wait(self, timeout: float) -> None:
        """See `Log.wait`."""
        self._watcher.wait(timeout)

    def wake(self) -> None:
        """See `Log.wake`."""
        self._watcher.wake()

    def close(self) -> None:
        """See `Log.close`."""
        self._watcher.close()
        self._chain.close()
