"""Everything that a log has of something: all its files searched once more, fast.

A line is parsed only if a pattern is found in it, and lines are not even told apart before that: a
pattern is looked for in a large piece of a file at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from tui_ingest.oplog.files.discovery import discover
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.lines import line_of
from tui_ingest.oplog.files.listing import LogFiles, rotated_files
from tui_ingest.oplog.files.snapshots import Snapshot
from tui_ingest.oplog.log import Entry, LogUnavailableError, Position, Searched
from tui_ingest.oplog.parsing import is_record, parse_line, parse_torn
from tui_ingest.oplog.records import Record, RecordLocation

PIECE_BYTES = 1024 * 1024  # searched at once; whoever cancels waits for one
_MOST_NAMES = 5  # of files that are gone, in one sentence

Patterns = Sequence[re.Pattern[bytes]]


def search(
    files: LogFiles, patterns: Patterns, position: Position | None, *, max_record_bytes: int
) -> Generator[Searched]:
    """See `Log.search`."""
    with discover(files, all_or_none=False) as snapshot:
        missing = _missing_numbers(files, snapshot)
        for piece in _through_all(snapshot, patterns, position, max_record_bytes):
            yield piece
        # Looked at twice, because a rollover renames one file after the other.
        gone = [number for number in _missing_numbers(files, snapshot) if number in missing]
    yield replace(piece, entries=(), ahead=(), lacks=tuple(_gone(files, gone)))


def _through_all(
    snapshot: Snapshot, patterns: Patterns, position: Position | None, max_record_bytes: int
) -> Generator[Searched]:
    # A position that is in none of the files was lost: all that is there comes after it.
    reached = (position and snapshot.point(position)) or (0, 0)
    times = (found.first_time for found in snapshot.generations)
    begins_at = next((time for time in times if time is not None), None)
    total, done = sum(found.known_size for found in snapshot.generations), 0
    so_far = Searched(
        done=0,
        total=total,
        begins_at=begins_at,
        generations=frozenset(found.identity for found in snapshot.generations),
        lacks=tuple(snapshot.unreadable),
    )
    yield so_far
    for index, generation in enumerate(snapshot.generations):
        reader = _Reader(generation, patterns, max_record_bytes)
        for piece in reader.pieces(is_active=generation is snapshot.active):
            split = sum((index, one.location.start) < reached for one in piece.entries)
            yield replace(
                so_far,
                entries=piece.entries[:split],
                ahead=piece.entries[split:],
                done=done + piece.end,
                total=max(total, done + piece.end),
                lacks=piece.lacks,
            )
        done += reader.end


class _Piece(NamedTuple):
    end: int  # bytes of the generation up to here
    entries: Sequence[Entry] = ()
    lacks: tuple[str, ...] = ()


class _Reader:
    """One generation, read from its start.

    Attributes:
        end: how far, in bytes.
    """

    def __init__(self, generation: Generation, patterns: Patterns, max_record_bytes: int) -> None:
        self._generation = generation
        self._patterns = patterns
        self._max_record_bytes = max_record_bytes
        self._rest = b""  # of what was read: a line without an end
        self._skips = False  # what is read, up to the next end of a line
        self.end = 0

    def pieces(self, *, is_active: bool) -> Iterator[_Piece]:
        """Yield what is found, to the end of the file or as far as it can be read."""
        generation = self._generation
        try:
            while chunk := generation.read_at(self.end, PIECE_BYTES):
                yield self._search(chunk)
            yield _Piece(self.end, self._unfinished(is_active=is_active), tuple(self._lost()))
        except LogUnavailableError as error:
            yield _Piece(self.end, lacks=(f"{error} {self.end:,} bytes of it were searched.",))

    def _search(self, chunk: bytes) -> _Piece:
        """Search what was read up to the last end of a line in it."""
        begin, content = self.end - len(self._rest), self._rest + chunk
        self.end += len(chunk)
        if self._skips:  # within a line that is too long
            skipped = content.find(b"\n") + 1
            if not skipped:
                return _Piece(self.end)
            begin, content = begin + skipped, content[skipped:]
        complete = content.rfind(b"\n") + 1
        entries = self._found(begin, content, complete)
        self._rest = content[complete:]
        self._skips = len(self._rest) > self._max_record_bytes
        if not self._skips:
            return _Piece(self.end, entries)
        self._rest = b""
        where = f"byte {begin + complete:,} of {self._generation.path.name}"
        too_long = f"The line at {where} is longer than MAX_RECORD_BYTES, and was not searched."
        return _Piece(self.end, entries, (too_long,))

    def _found(self, begin: int, content: bytes, end: int) -> list[Entry]:
        """Return what is in the lines, up to an end of one of them, that have a pattern."""
        places: dict[int, int] = {}  # of lines: where they end, by where they start
        for pattern in self._patterns:
            after = 0
            while match := pattern.search(content, after, end):
                start = content.rfind(b"\n", 0, match.start()) + 1
                after = places[start] = content.find(b"\n", match.end()) + 1
        found: list[Entry] = []
        for start in sorted(places):
            found += self._entries(begin + start, content[start : places[start]])
        return found

    def _entries(
        self, start: int, content: bytes, parse: Callable[..., list[Entry]] = parse_line
    ) -> list[Entry]:
        line = line_of(start, content, max_line_bytes=self._max_record_bytes)
        if line is None or not line.whole:
            return []
        location = RecordLocation(self._generation.identity, line.start, line.length)
        return [
            entry
            for entry in parse(line.raw, location)
            if isinstance(entry, Record) or self._has_pattern(entry.raw)
        ]

    def _has_pattern(self, raw: bytes) -> bool:
        return any(pattern.search(raw) for pattern in self._patterns)

    def _unfinished(self, *, is_active: bool) -> list[Entry]:
        """Return what the last line holds, if it has no end."""
        rest = self._rest
        if not self._has_pattern(rest) or (is_active and not is_record(rest)):
            return []  # nothing of it, or its writer is in the middle of it
        return self._entries(self.end - len(rest), rest, parse_line if is_active else parse_torn)

    def _lost(self) -> Iterator[str]:
        """Yield what of the file could not be searched."""
        generation = self._generation
        for name in generation.damaged_before:
            yield f"{name} is damaged: nothing of it can be read."
        if generation.damage:
            why = f"{generation.path.name} is damaged ({generation.damage})"
            yield f"{why}: {self.end:,} bytes of it were searched."
        elif self.end < generation.seen_size or generation.is_rewritten():
            yield f"{generation.path.name} was written over while it was searched."


def _missing_numbers(files: LogFiles, snapshot: Snapshot) -> list[int]:
    """Return the numbers between those of the rotated files that none of them has."""
    ranks = {path: name.rank for path, name in rotated_files(files) if name.rank is not None}
    in_order = [ranks[found.path] for found in snapshot.generations if found.path in ranks]
    is_rising = in_order[:1] < in_order[-1:]  # then the lowest is the oldest, and may be any
    first = min(ranks.values(), default=0) if is_rising else 1
    return sorted({*range(first, max(ranks.values(), default=0))} - {*ranks.values()})


def _gone(files: LogFiles, numbers: Sequence[int]) -> Iterator[str]:
    if numbers:
        names = ", ".join(f"{files.path.name}.{number}" for number in numbers[:_MOST_NAMES])
        more = f" and {len(numbers) - _MOST_NAMES:,} more" if len(numbers) > _MOST_NAMES else ""
        yield f"Gone from between the rotated files: {names}{more}."
