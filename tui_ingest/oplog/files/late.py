"""Generations that were left, and the records that late writers still add to them.

Where several processes write one log, each rolls it over when its own turn comes: until then it
goes on in a file that the others have renamed, as often as there are others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.lines import ContentChangedError, Line, LineReader
from tui_ingest.oplog.files.listing import FileId
from tui_ingest.oplog.files.positions import Place
from tui_ingest.oplog.files.snapshots import Snapshot, is_younger

MOST_LEFT = 8  # generations that are still looked at: as many late writers may there be
_MOST_DROPPED = 4096  # generations remembered after they were, if they are gone
_MOST_ABSENT = 8  # generations without a file that are remembered; a position holds them all


class LeftGenerations:
    """Readers at the end of the generations that were left last, oldest first.

    Args:
        new_reader: of a generation, from an offset on.
    """

    def __init__(self, new_reader: Callable[[Generation, int], LineReader]) -> None:
        self._new_reader = new_reader
        self._readers: list[LineReader] = []
        self._told: set[str] = set()  # identities of generations known to have late writers
        # By identity those that are not looked at any more: the file, and how many bytes were read.
        self._dropped: dict[str, tuple[FileId, int]] = {}
        # How far generations were read whose files are not there, in case they come back: by
        # identity, in the order in which they were missed. A mirror replaces the files of a rotated
        # log one after the other: until it is done there is always a generation whose file was
        # replaced already, while the next file does not hold it yet.
        self._absent: dict[str, Place] = {}
        self._settled = False
        self._knows_all = False  # that was ever read, here or in a process before

    @property
    def generations(self) -> list[Generation]:
        """The generations, oldest first."""
        return [reader.generation for reader in self._readers]

    @property
    def places(self) -> list[Place]:
        """How far each was read."""
        return [*self._absent.values(), *(reader.place for reader in self._readers)]

    def index(self, reader: LineReader) -> int | None:
        """Return which of the places is a reader's; None if it is none of these readers."""
        if reader not in self._readers:
            return None
        return len(self._absent) + self._readers.index(reader)

    def add(self, readers: Iterable[LineReader]) -> None:
        """Look at more generations, newer than those before."""
        for reader in readers:
            self._readers.append(reader)
            self._absent.pop(reader.generation.identity, None)

    def leave(self, finished: LineReader) -> None:
        """Look at a generation that was left just now, and no longer at the oldest."""
        self.add([finished])
        while len(self._readers) > MOST_LEFT:
            self._drop(self._readers[0])

    def take_back(self, active: Generation) -> LineReader | None:
        """Give back the reader of the newest one, if that is the active file."""
        if not self._readers or self._readers[-1].generation.identity != active.identity:
            return None
        return self._readers.pop()

    def miss(self, places: Iterable[Place]) -> None:
        """Remember how far generations were read that are in none of the files.

        And no longer those that were missed first.
        """
        for place in places:
            if place.generation not in self._identities:
                self._absent.pop(place.generation, None)
                self._absent[place.generation] = place
        for identity in [*self._absent][:-_MOST_ABSENT]:
            del self._absent[identity]

    def settle(self, older: Iterable[Generation]) -> None:
        """Take older generations as read, as they are when the first one is found."""
        if self._settled:
            return
        self._settled = True
        self._knows_all = len(self._readers) + len(self._absent) < MOST_LEFT
        looked_at = self._identities
        self._dropped |= {
            found.identity: (found.file_id, found.known_size)
            for found in older
            if found.identity not in looked_at
        }

    def knows(self, generation: Generation) -> bool:
        """Tell whether a generation, or one that it is a copy of, was read and dropped."""
        dropped = self._dropped.get(generation.identity)
        if dropped is not None and dropped[1] <= generation.known_size:
            return True
        return self._absent_from(generation) is not None

    def close(self) -> None:
        """Give back their descriptors."""
        for generation in self.generations:
            generation.close()

    # Late records

    def take(self, *, max_lines: int, max_bytes: int) -> tuple[LineReader, list[Line]] | None:
        """Return complete lines that were added to one of them; None if there are none."""
        for reader in [reader for reader in self._readers if reader.has_more]:
            try:
                lines = reader.take(max_lines=max_lines, max_bytes=max_bytes)
            except ContentChangedError:  # truncated: nothing late comes of it any more
                self._drop(reader)
                continue
            if lines:
                return reader, lines
        return None

    def take_rest(self) -> tuple[LineReader, Line] | None:
        """Return an unterminated line of those that are dropped when the next one is left."""
        for reader in self._readers[: max(0, len(self._readers) + 1 - MOST_LEFT)]:
            line = reader.take_rest()
            if line is not None:
                return reader, line
        return None

    def is_news(self, reader: LineReader) -> bool:
        """Tell, once for each generation, that a late writer was not known."""
        identity = reader.generation.identity
        known = identity in self._told
        self._told.add(identity)
        return not known

    # Other files

    def follow(self, snapshot: Snapshot, newest: Generation) -> None:
        """Go on in other files that have the content by now; rsync and gzip make new ones."""
        older = snapshot.before(newest)
        for reader in self._readers:
            generation = reader.generation
            if snapshot.same(generation) is not None:
                continue
            place = reader.place
            copy = snapshot.copy_of(generation, place.offset, place.tail_digest)
            if copy in older and not snapshot.is_kept(copy) and not copy.is_damaged():
                reader.follow(snapshot.keep(copy))

    def put_back(self, snapshot: Snapshot, current: Generation) -> None:
        """Put what was read before the current generation, if a clock was set back since."""
        held = [snapshot.same(found) for found in self.generations]
        later = snapshot.after(current)
        read = [
            found for found in later if found in held or self._was_read(found, snapshot, current)
        ]
        snapshot.put_before(current, read)

    def _was_read(self, found: Generation, snapshot: Snapshot, current: Generation) -> bool:
        if found is snapshot.active or not (found.is_unique and is_younger(found, current)):
            return False
        return found.identity in self._identities or self.knows(found)

    def adopt(self, snapshot: Snapshot, current: Generation) -> None:
        """Look at older generations that grew since they were dropped, or were not there then.

        Rollovers of several processes may cross, and one may sleep while the others roll over.
        """
        if len(self._dropped) > _MOST_DROPPED:
            present = {generation.identity for generation in snapshot.generations}
            self._dropped = {name: at for name, at in self._dropped.items() if name in present}
        older = snapshot.before(current)
        self._take_as_read(older)
        looked_at = self._identities
        adopted = [
            self._new_reader(generation, offset)
            for generation in older
            if generation.identity not in looked_at
            and (offset := self._unread_from(generation)) < generation.known_size
        ]
        if not adopted:
            return
        for reader in adopted:
            snapshot.keep(reader.generation)
            self._absent.pop(reader.generation.identity, None)
        age = {found.identity: at for at, found in enumerate(snapshot.generations)}
        self._readers += adopted
        self._readers.sort(key=lambda reader: age.get(reader.generation.identity, -1))

    def _take_as_read(self, older: Sequence[Generation]) -> None:
        """Take unknown generations as read that are older than all that are looked at.

        A process before this one may have read them, while they were in no file at the start of
        this one; what it applies once more would undo what came later.
        """
        if self._knows_all:
            return
        looked_at = self._identities
        for generation in older:
            if generation.identity in looked_at:
                return
            if generation.identity not in self._dropped and not self.knows(generation):
                self._dropped[generation.identity] = generation.file_id, generation.known_size

    def _unread_from(self, generation: Generation) -> int:
        """Return up to where a generation was read that is not looked at, in bytes."""
        absent = self._absent_from(generation)
        if absent is not None:
            return absent
        file_id, offset = self._dropped.get(generation.identity, (generation.file_id, 0))
        # A copy of what was dropped is not written to.
        return offset if file_id == generation.file_id else generation.known_size

    def _absent_from(self, generation: Generation) -> int | None:
        """Return up to where a generation that came back was read, in bytes; None if unknown."""
        place = self._absent.get(generation.identity)
        if place is None or not generation.confirms(place.offset, place.tail_digest):
            return None
        return place.offset

    @property
    def _identities(self) -> set[str]:
        return {generation.identity for generation in self.generations}

    def _drop(self, reader: LineReader) -> None:
        generation = reader.generation
        self._readers.remove(reader)
        self._told.discard(generation.identity)
        self._dropped[generation.identity] = generation.file_id, reader.offset
        generation.close()
