"""The generations of a log in their order, from the one last left to the active one.

As long as a generation is unread its descriptor is held, so that no rotation can take it away.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

from tui_ingest.oplog import notices
from tui_ingest.oplog.discovery import discover
from tui_ingest.oplog.finding import find_place
from tui_ingest.oplog.generations import Generation
from tui_ingest.oplog.lines import ContentChangedError, Line, LineReader
from tui_ingest.oplog.log import Notice, Position
from tui_ingest.oplog.positions import leave, move_to
from tui_ingest.oplog.snapshots import Snapshot

_MOST_FINISHED = 1024  # generations remembered that were read to their end


class Chain:
    """Knows which generation is read, which one was before, and which ones follow.

    Attributes:
        left: the generation before the current one, at its end; a late writer may add to it.
        current: the one that is read; None until one is found.
        later: those after it that have an identity, oldest first.
        notices: what was found out since they were taken last.
    """

    def __init__(self, path: Path, *, max_line_bytes: int) -> None:
        self._path = path
        self._max_line_bytes = max_line_bytes
        self._wanted = Position()
        self._written_over = False  # the file of the wanted position holds another content
        self._finished: deque[tuple[str, int]] = deque(maxlen=_MOST_FINISHED)  # identity, size
        self._replacement_told = False
        self.left: LineReader | None = None
        self.current: LineReader | None = None
        self.later: list[Generation] = []
        self.notices: list[Notice] = []

    def resume(self, position: Position | None) -> None:
        """Forget everything, and find this position when the chain is opened next."""
        self.close()
        self._finished.clear()
        self.notices.clear()
        self._wanted, self._written_over = position or Position(), False

    def close(self) -> None:
        """Give back every descriptor."""
        self._close_unread()
        self._take_left(None)

    @property
    def position(self) -> Position:
        """The place that was reached, with its evidence."""
        position, current, left = self._wanted, self.current, self.left
        if current is not None:
            generation = current.generation
            generation.seen_size = max(generation.seen_size, generation.known_size)
            digest = current.tail_digest(current.offset)
            position = move_to(position, generation, current.offset, digest)
        if left is not None:
            digest = left.tail_digest(left.offset)
            position = leave(position, left.generation, left.offset, digest)
        return position

    # Finding the position

    def open(self) -> bool:
        """Stand at the wanted position, if there is anything to read; tell whether there is."""
        if self.current is None:
            with discover(self._path) as snapshot:
                self._stand(snapshot)
        return self.current is not None

    def _stand(self, snapshot: Snapshot) -> None:
        place = find_place(self._wanted, snapshot, written_over=self._written_over)
        left = self.left
        if place.left is not None:
            left = self._reader(place.left, place.left_offset)
        later = snapshot.after(place.current) if place.current else self._unread(snapshot, left)
        found = place.current or (later.pop(0) if later else None)
        current = self._reader(found, place.offset) if found else None
        # From here on nothing fails: what was found half would be lost.
        if left is not None and left is not self.left:
            snapshot.keep(left.generation)
            self._take_left(left)
        if current is not None:
            self.current = current
            self.later = [snapshot.keep(generation) for generation in later]
            snapshot.keep(current.generation)
        self.notices += place.losses
        if place.losses:  # they must not be told again
            self._wanted, self._written_over = Position(), False

    def _unread(self, snapshot: Snapshot, left: LineReader | None) -> list[Generation]:
        """Return the generations after the last one that is known."""
        known = [left.generation] if left is not None else []
        known += self._held()
        held = [snapshot.same(found) or snapshot.copy_of(found) for found in known]
        present = snapshot.generations
        read = [
            at
            for at, found in enumerate(present)
            if found in held or (found.identity, found.known_size) in self._finished
        ]
        return present[read[-1] + 1 :] if read else present

    def _held(self) -> list[Generation]:
        readers = [reader for reader in (self.left, self.current) if reader is not None]
        return [*(reader.generation for reader in readers), *self.later]

    def _reader(self, generation: Generation, offset: int) -> LineReader:
        return LineReader(generation, offset, max_line_bytes=self._max_line_bytes)

    # Going on

    def has_successor(self) -> bool:
        """Tell whether a generation after the current one exists and has an identity."""
        if not self.later:
            self.refresh()
        return bool(self.later)

    def refresh(self) -> None:
        """Take hold of the generations that came since."""
        if self.current is None or self._is_active(self._newest()):
            return
        with discover(self._path) as snapshot:
            newest = snapshot.same(self._newest()) or self._follow_newest(snapshot)
            self._follow_left(snapshot, newest)
            unread = snapshot.after(newest) if newest else self._unread(snapshot, self.left)
            # Whatever came between the removed file and those that are there was removed, too.
            if newest is None and unread and self._newest().is_removed():
                self.notices.append(notices.gap(self._newest().identity, 0))
            self.later += [snapshot.keep(generation) for generation in unread]

    def advance(self) -> None:
        """Leave the current generation, at its end, for the next one."""
        finished, following = self.current, self.later[0]
        assert finished is not None  # noqa: S101  # its successor was seen
        current = self._reader(following, 0)
        self._finished.append((finished.generation.identity, finished.generation.known_size))
        self.notices.append(
            notices.rotated(following.identity, read=finished.offset, next_name=following.path.name)
        )
        self._take_left(finished)
        self.current, self.later = current, self.later[1:]

    def recover(self) -> None:
        """Let go of a file that was written over, to look for its content in another one."""
        changed = self.current
        assert changed is not None  # noqa: S101  # nothing else is read so
        size = max(changed.offset, changed.generation.seen_size)  # before it was written over
        self._wanted, self._written_over = replace(self.position, size=size), True
        self._close_unread()

    def _close_unread(self) -> None:
        if self.current is not None:
            self.current.generation.close()
        for generation in self.later:
            generation.close()
        self.current, self.later = None, []

    def _take_left(self, reader: LineReader | None) -> None:
        if self.left is not None:
            self.left.generation.close()
        self.left = reader

    # Late records

    def late_lines(self, *, max_lines: int, max_bytes: int) -> list[Line]:
        """Return complete lines that were added to the generation that was left."""
        left = self.left
        if left is None or left.generation.size <= left.offset + left.partial_bytes:
            return []
        try:
            lines = left.take(max_lines=max_lines, max_bytes=max_bytes)
        except ContentChangedError:
            self._drop_left()
            return []
        if lines:
            self.notices.append(notices.late(left.generation.identity))
        return lines

    def late_rest(self) -> Line | None:
        """Return an unterminated line that was added to the generation that was left."""
        left = self.left
        if left is None or left.generation.size <= left.offset:
            return None
        try:
            return left.take_rest()
        except ContentChangedError:
            self._drop_left()
            return None

    def _drop_left(self) -> None:
        """Forget the generation that was left: truncated, it holds no late records."""
        self._take_left(None)
        self._wanted = Position()

    def _follow_left(self, snapshot: Snapshot, newest: Generation | None) -> None:
        """Expect late records in the file that has the content now (rsync makes a new one)."""
        left = self.left
        if left is None or newest is None or snapshot.same(left.generation):
            return
        copy = snapshot.find_left(self.position, newest)
        if copy is not None and copy.size > left.offset:
            reader = self._reader(copy, left.offset)
            snapshot.keep(copy)
            self._take_left(reader)

    # The newest generation

    def _newest(self) -> Generation:
        if self.later:
            return self.later[-1]
        assert self.current is not None  # noqa: S101  # asked only while there is one
        return self.current.generation

    def _is_active(self, generation: Generation) -> bool:
        try:
            status = self._path.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == generation.file_id

    def _follow_newest(self, snapshot: Snapshot) -> Generation | None:
        """Go on in another file that has what was seen of the newest generation, if there is."""
        newest, reader = self._newest(), self.current
        if self.later:
            copy = snapshot.copy_of(newest)
            if copy is not None:
                self.later[-1] = copy
        else:
            assert reader is not None  # noqa: S101  # it is the newest
            copy = snapshot.copy_of(newest, reader.offset, reader.tail_digest(reader.offset))
            if copy is not None:
                self.current = self._reader(copy, reader.offset)
        if copy is not None:
            snapshot.keep(copy)
            newest.close()
            self._tell_replacement(copy, snapshot)
        return copy

    def _tell_replacement(self, copy: Generation, snapshot: Snapshot) -> None:
        if copy is snapshot.active and not self._replacement_told:
            self._replacement_told = True
            self.notices.append(notices.replaced(copy.identity))
