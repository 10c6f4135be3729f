"""Generations that were left, and the records that late writers still add to them.

Where several processes write one log, each rolls it over when its own turn comes: until then it
goes on in a file that the others have renamed, as often as there are others.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui_ingest.oplog.generations import Generation
from tui_ingest.oplog.lines import ContentChangedError, Line, LineReader
from tui_ingest.oplog.positions import Place
from tui_ingest.oplog.snapshots import Snapshot

MOST_LEFT = 8  # generations that are still looked at: as many late writers may there be


class LeftGenerations:
    """Readers at the end of the generations that were left last, oldest first."""

    def __init__(self) -> None:
        self._readers: list[LineReader] = []
        self._told: set[str] = set()  # identities of generations known to have late writers

    @property
    def generations(self) -> list[Generation]:
        """The generations, oldest first."""
        return [reader.generation for reader in self._readers]

    def places(self, moved: LineReader | None, offset: int) -> list[Place]:
        """Return how far each was read; one of the readers may be thought at another offset."""
        return [
            reader.place(offset if reader is moved else reader.offset) for reader in self._readers
        ]

    def add(self, readers: Iterable[LineReader]) -> None:
        """Look at more generations, newer than those before, and no longer at the oldest."""
        self._readers += readers
        while len(self._readers) > MOST_LEFT:
            self._drop(self._readers[0])

    def close(self) -> None:
        """Give back every descriptor."""
        for reader in self._readers:
            reader.generation.close()
        self._readers.clear()
        self._told.clear()

    def take(self, *, max_lines: int, max_bytes: int) -> tuple[LineReader, list[Line]] | None:
        """Return complete lines that were added to one of them; None if there are none."""
        for reader in list(self._readers):
            if reader.generation.size <= reader.offset + reader.partial_bytes:
                continue
            try:
                lines = reader.take(max_lines=max_lines, max_bytes=max_bytes)
            except ContentChangedError:  # truncated: nothing late comes of it any more
                self._drop(reader)
                continue
            if lines:
                return reader, lines
        return None

    def take_rest(self) -> tuple[LineReader, Line] | None:
        """Return the unterminated line of the one that is dropped when the next one is added."""
        if len(self._readers) < MOST_LEFT:
            return None
        reader = self._readers[0]
        line = reader.take_rest()
        return (reader, line) if line is not None else None

    def is_news(self, reader: LineReader) -> bool:
        """Tell, once for each generation, that a late writer was not known."""
        identity = reader.generation.identity
        known = identity in self._told
        self._told.add(identity)
        return not known

    def follow(self, snapshot: Snapshot, newest: Generation) -> None:
        """Go on in other files that have the content by now; rsync and gzip make new ones."""
        older = snapshot.before(newest)
        for reader in self._readers:
            generation = reader.generation
            if snapshot.same(generation) is not None:
                continue
            digest = reader.tail_digest(reader.offset)
            copy = snapshot.copy_of(generation, reader.offset, digest)
            if copy in older and not snapshot.is_kept(copy):
                reader.follow(snapshot.keep(copy))

    def _drop(self, reader: LineReader) -> None:
        self._readers.remove(reader)
        self._told.discard(reader.generation.identity)
        reader.generation.close()
