"""The generations of a log in their order, from the one last left to the active one.

As long as a generation is unread its descriptor is held, so that no rotation can take it away.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

from tui_ingest.oplog.discovery import Snapshot, discover
from tui_ingest.oplog.generations import Generation
from tui_ingest.oplog.lines import ContentChangedError, Line, LineReader
from tui_ingest.oplog.log import Notice, NoticeKind, Position

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
        self._wanted = position or Position()

    def close(self) -> None:
        """Give back every descriptor."""
        readers = [reader for reader in (self.left, self.current) if reader is not None]
        for generation in (*(reader.generation for reader in readers), *self.later):
            generation.close()
        self.left, self.current, self.later = None, None, []

    @property
    def position(self) -> Position:
        """The place that was reached, with its evidence."""
        left, current = self.left, self.current
        if current is None:
            position = self._wanted
        else:
            device, inode = current.generation.file_id
            position = Position(
                generation=current.generation.identity,
                offset=current.offset,
                tail_digest=current.tail_digest(current.offset),
                size=max(current.offset, current.generation.stored_size),
                device=device,
                inode=inode,
                left_generation=self._wanted.left_generation,
                left_offset=self._wanted.left_offset,
                left_tail_digest=self._wanted.left_tail_digest,
            )
        return position if left is None else _with_left(position, left)

    # Finding the position

    def open(self) -> bool:
        """Stand at the wanted position, if there is anything to read; tell whether there is."""
        if self.current is None:
            with discover(self._path) as snapshot:
                self._find_left(snapshot)
                self._find_current(snapshot)
        return self.current is not None

    def _find_left(self, snapshot: Snapshot) -> None:
        wanted = self._wanted
        if self.left is None and wanted.left_generation:
            left = snapshot.find(
                wanted.left_generation, wanted.left_offset, wanted.left_tail_digest
            )
            if left is not None:
                self.left = self._reader(snapshot.keep(left), wanted.left_offset)

    def _find_current(self, snapshot: Snapshot) -> None:
        wanted = self._wanted
        found, offset = None, 0
        if wanted.generation:
            found = snapshot.find(
                wanted.generation,
                wanted.offset,
                wanted.tail_digest,
                hint=(wanted.device, wanted.inode),
            )
            if found is not None:
                offset = wanted.offset
            elif snapshot.active is not None or snapshot.generations:
                found = self._lose(wanted, snapshot)
        unread = snapshot.after(found) if found else self._unread(snapshot)
        if found is None and unread:
            found, *unread = unread
        if found is not None:
            self.current = self._reader(snapshot.keep(found), offset)
            self.later = [snapshot.keep(generation) for generation in unread]

    def _lose(self, wanted: Position, snapshot: Snapshot) -> Generation | None:
        """Report that the wanted content is not there; return its file, if it was truncated."""
        missing = max(0, wanted.size - wanted.offset)
        present = snapshot.generations
        same_head = [found for found in present if found.identity == wanted.generation]
        active = snapshot.active
        alone = not present or present == [active]
        in_place = alone and active is not None and active.file_id == (wanted.device, wanted.inode)
        if same_head or in_place:
            self._notice_truncation(wanted.generation, missing)
        else:
            self._notice_gap(wanted.generation, missing)
        # It must not be looked for, and reported, again.
        self._wanted = Position(
            left_generation=wanted.left_generation,
            left_offset=wanted.left_offset,
            left_tail_digest=wanted.left_tail_digest,
        )
        return same_head[0] if same_head else None

    def _unread(self, snapshot: Snapshot) -> list[Generation]:
        """Return the generations after the last one that is known to have been read."""
        present = snapshot.generations
        left = self.left.generation.file_id if self.left is not None else None
        read = [
            at
            for at, found in enumerate(present)
            if found.file_id == left or (found.identity, found.stored_size) in self._finished
        ]
        return present[read[-1] + 1 :] if read else present

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
            newest = self._newest()
            known = next(
                (
                    found
                    for found in snapshot.generations
                    if (found.file_id, found.identity) == (newest.file_id, newest.identity)
                ),
                None,
            )
            if known is None:
                known = self._take_replacement(snapshot)
            unread = snapshot.after(known) if known else self._recreated(snapshot)
            self.later += [snapshot.keep(generation) for generation in unread]

    def advance(self) -> None:
        """Leave the current generation, at its end, for the next one."""
        finished = self.current
        assert finished is not None  # noqa: S101  # its successor was seen
        if self.left is not None:
            self.left.generation.close()
        self._finished.append((finished.generation.identity, finished.generation.stored_size))
        self.left = finished
        self.current = self._reader(self.later.pop(0), 0)
        self._notice(
            NoticeKind.ROTATED,
            f"A generation of {finished.offset:,} bytes was read to its end; the next one is"
            f" {self.current.generation.path.name}.",
            self.current.generation.identity,
        )

    def recover(self) -> None:
        """Find the way after the current generation was written over under the reader."""
        changed = self.current
        assert changed is not None  # noqa: S101  # it is what changed
        with discover(self._path) as snapshot:
            if self._take_copy(changed, snapshot):
                return
            self._notice_truncation(changed.generation.identity, changed.partial_bytes)
            # Nothing is known of the file any more but that it is the one after the last left.
            self._wanted = Position()
            self.current = None
            rewritten = snapshot.by_file_id(changed.generation.file_id)
            if rewritten is not None:
                self.current = self._reader(snapshot.keep(rewritten), 0)
                if not self.later:
                    self.later = [snapshot.keep(found) for found in snapshot.after(rewritten)]
        changed.generation.close()

    def late_lines(self, *, max_lines: int, max_bytes: int) -> list[Line]:
        """Return complete lines that were added to the generation that was left."""
        left = self.left
        if left is None or left.generation.stored_size <= left.offset + left.partial_bytes:
            return []
        try:
            lines = left.take(max_lines=max_lines, max_bytes=max_bytes)
        except ContentChangedError:
            self._drop_left()
            return []
        if lines:
            self._notice(
                NoticeKind.LATE,
                "Records were added to a generation after the next one had begun.",
                left.generation.identity,
            )
        return lines

    def late_rest(self) -> Line | None:
        """Return an unterminated line that was added to the generation that was left."""
        left = self.left
        if left is None or left.generation.stored_size <= left.offset:
            return None
        try:
            return left.take_rest()
        except ContentChangedError:
            self._drop_left()
            return None

    def _drop_left(self) -> None:
        """Forget the generation that was left: truncated, it holds no late records."""
        if self.left is not None:
            self.left.generation.close()
        self.left = None
        self._wanted = Position()

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

    def _take_replacement(self, snapshot: Snapshot) -> Generation | None:
        """Go on in a file that has the newest known content under another inode."""
        if not self.later:
            assert self.current is not None  # noqa: S101  # it is the newest
            return self._take_copy(self.current, snapshot)
        newest = self.later[-1]
        known = next(
            (
                found
                for found in snapshot.generations
                if found.identity == newest.identity and found.size >= newest.size
            ),
            None,
        )
        if known is not None:
            newest.close()
            self.later[-1] = snapshot.keep(known)
        return known

    def _take_copy(self, reader: LineReader, snapshot: Snapshot) -> Generation | None:
        """Go on in another file that has what was read; return it if there is one."""
        generation = reader.generation
        copy = snapshot.find(
            generation.identity,
            reader.offset,
            reader.tail_digest(reader.offset),
            but_not=generation.file_id,
        )
        if copy is None:
            return None
        self.current = self._reader(snapshot.keep(copy), reader.offset)
        generation.close()
        if copy is snapshot.active and not self._replacement_told:
            self._replacement_told = True
            self._notice(
                NoticeKind.REPLACED,
                "The log is now another file with the same content; reading went on in it,"
                " as it will whenever that happens again.",
                copy.identity,
            )
        return copy

    def _recreated(self, snapshot: Snapshot) -> list[Generation]:
        """Return what there is to read when the newest known generation is in no file any more."""
        unread = self._unread(snapshot)
        # A file that was removed and made anew has nothing between. Rotated files that were
        # never seen say that the log was rotated more than once since, perhaps too often.
        if any(generation is not snapshot.active for generation in unread):
            self._notice_gap(self._newest().identity, 0)
        return unread

    # What was found out

    def _notice_gap(self, generation: str, missing: int) -> None:
        known = f"{missing:,} unread bytes of it are known" if missing else "how much is not known"
        self._notice(
            NoticeKind.GAP,
            "The generation that was read last is in none of the log's files: records may have"
            f" been rotated away before they were read ({known}).",
            generation,
            missing or None,
        )

    def _notice_truncation(self, generation: str, missing: int) -> None:
        self._notice(
            NoticeKind.TRUNCATED,
            "The log was truncated or written over; it is read again from its first byte.",
            generation,
            missing or None,
        )
        if missing:
            self._notice_gap(generation, missing)

    def _notice(
        self, kind: NoticeKind, message: str, generation: str, missing: int | None = None
    ) -> None:
        self.notices.append(
            Notice(kind=kind, message=message, generation=generation, missing_bytes=missing)
        )


def _with_left(position: Position, left: LineReader) -> Position:
    return replace(
        position,
        left_generation=left.generation.identity,
        left_offset=left.offset,
        left_tail_digest=left.tail_digest(left.offset),
    )
