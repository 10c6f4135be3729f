"""The generations of a log in their order, from the one last left to the active one.

As long as a generation is unread its descriptor is held, if there is room, so that no rotation can
take it away. One that is not open may be renamed or packed meanwhile, and is found again; or it is
gone, and that is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tui_ingest.oplog.files import notices
from tui_ingest.oplog.files.content import DescriptorPool, MovedError
from tui_ingest.oplog.files.discovery import discover, is_at
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.late import MOST_LEFT, LeftGenerations
from tui_ingest.oplog.files.lines import Line, LineReader
from tui_ingest.oplog.files.listing import LogFiles, PassedOver
from tui_ingest.oplog.files.positions import leave, move_to
from tui_ingest.oplog.files.snapshots import Found, Snapshot, find_place
from tui_ingest.oplog.log import LogUnavailableError, Notice, Position

_TRIES = 10  # to open a file that is renamed while it is looked for
_SOONEST = 4  # unread files that a rotation takes away next


class Chain:
    """Knows which generation is read, which one was before, and which ones follow.

    Attributes:
        left: the generations before the current one, at their ends.
        current: the one that is read; None until one is found.
        later: those after it that have an identity, oldest first.
        nascent_bytes: of the active file, as long as its first line has no end.
        notices: what was found out since they were taken last.
    """

    def __init__(self, files: LogFiles, *, max_line_bytes: int) -> None:
        self._files = files
        self._pool = DescriptorPool()
        self._reader = partial(LineReader, max_line_bytes=max_line_bytes)
        self._wanted = Position()
        self._written_over = False  # the file of the wanted position holds another content
        self._replacement_told = False
        self._passed_over = PassedOver(files)
        self._told: set[str] = set()  # contradictions between names and times
        self.left = LeftGenerations(self._reader)
        self.current: LineReader | None = None
        self.later: list[Generation] = []
        self.nascent_bytes = 0
        self.notices: list[Notice] = []

    def resume(self, position: Position | None) -> None:
        """Forget everything, and find this position when the chain is opened next."""
        self.close()
        self.notices.clear()
        self._wanted, self._written_over = position or Position(), False

    def close(self) -> None:
        """Give back every descriptor, and forget what was left."""
        self._close_unread()
        self.left.close()
        self.left = LeftGenerations(self._reader)

    @property
    def position(self) -> Position:
        """The place that was reached, with its evidence."""
        position, current = self._wanted, self.current
        if current is not None:
            current.generation.see()
            _, offset, tail_digest = current.place
            position = move_to(position, current.generation, offset, tail_digest)
        left = self.left.places
        return leave(position, left) if left else position

    # Finding the position

    def open(self) -> bool:
        """Stand at the wanted position, if there is anything to read; tell whether there is."""
        if self.current is None and not self._stand(believes_losses=False):
            self._stand(believes_losses=True)  # the files say it twice
        return self.current is not None

    def _stand(self, *, believes_losses: bool) -> bool:
        """Stand at the wanted position, unless something seems to be lost that is not believed.

        A failure leaves nothing behind: the next try begins with the position again.
        """
        noticed = list(self.notices)
        with discover(self._files, self._pool) as snapshot:
            place = find_place(self._wanted, snapshot, written_over=self._written_over)
            if place.losses and not believes_losses:
                return False
            try:
                self._stand_at(place, snapshot)
            except LogUnavailableError:
                self.close()
                self.notices[:] = noticed
                raise
        return True

    def _stand_at(self, place: Found, snapshot: Snapshot) -> None:
        self._look_at_active(snapshot)
        self.left.miss(place.absent)
        if place.current is not None:
            snapshot.put_before(place.current, [generation for generation, _ in place.left])
            self.left.put_back(snapshot, place.current)
        known = {generation.identity for generation in self.left.generations}
        left = [
            self._reader(generation, offset)
            for generation, offset in place.left
            if generation.identity not in known
        ]
        later = self._unread(snapshot, left)
        if place.current is not None:
            later = snapshot.after(place.current)
        found = place.current or (later.pop(0) if later else None)
        current = self._reader(found, place.offset) if found else None
        for reader in (*left, *([current] if current else [])):
            snapshot.keep(reader.generation)
        self.left.add(left)
        if current is None and snapshot.active is not None:
            # What was read before is where the log is written again: somebody has put it back.
            current = self.left.take_back(snapshot.active)
        self.current = current
        self.later = [snapshot.keep(generation) for generation in later]
        self.notices += place.losses
        if found is not None and place.current is None:
            # Of one that was lost it is said already that nothing of it is there.
            names = () if place.losses else found.damaged_before
            self.notices += [notices.unreadable(found.identity, name) for name in names]
        newest = found or (snapshot.active if current else None)
        if newest is not None:
            self.left.settle(snapshot.before(place.left[-1][0] if place.left else newest))
            self.left.adopt(snapshot, newest)
        if place.losses:  # they must not be told again
            self._wanted, self._written_over = Position(), False
        self._tell_oddities(snapshot)
        self._hold()

    def _unread(self, snapshot: Snapshot, left: Sequence[LineReader] = ()) -> list[Generation]:
        """Return the generations after the last one that is known."""
        known = [*self.left.generations, *(reader.generation for reader in left), *self.later]
        if self.current is not None:
            known.append(self.current.generation)
        held = [snapshot.same(found) or snapshot.copy_of(found) for found in known]
        present = snapshot.generations
        read = [at for at, found in enumerate(present) if found in held or self.left.knows(found)]
        return present[read[-1] + 1 if read else 0 :]

    def _tell_oddities(self, snapshot: Snapshot) -> None:
        names, folders = self._passed_over.look()
        self.notices += [notices.passed_over(names)] if names else []
        self.notices += map(notices.elsewhere, folders)
        news = [message for message in snapshot.contradictions if message not in self._told]
        self._told.update(news)
        self.notices += map(notices.reordered, news)

    # Going on

    def has_successor(self) -> bool:
        """Tell whether a generation after the current one exists and has an identity."""
        if not self.later:
            self.refresh()
        return bool(self.later)

    def refresh(self) -> None:
        """Take hold of the generations that came since."""
        if self.current is None or is_at(self._files.path, self._newest(), self._pool):
            return
        with discover(self._files, self._pool) as snapshot:
            self._look_at_active(snapshot)
            self._find_again(snapshot)
            newest = snapshot.same(self._newest()) or self._follow_newest(snapshot)
            current = snapshot.same(self.current.generation)
            if newest is not None:
                self.left.put_back(snapshot, current or newest)
                self.left.follow(snapshot, newest)
            if current is not None:  # have an eye on what else turned up before it
                self.left.adopt(snapshot, current)
            unread = snapshot.after(newest) if newest else self._unread(snapshot)
            if newest is None and unread and self._newest().is_removed():
                self.notices.append(
                    notices.removed(self._newest().identity, unread[0].damaged_before)
                )
                unread[0].damaged_before = ()
            self.later += [snapshot.keep(generation) for generation in unread]
            self._tell_oddities(snapshot)
            self._hold()

    def _look_at_active(self, snapshot: Snapshot) -> None:
        self.nascent_bytes = snapshot.active.unfinished_bytes if snapshot.active else 0

    def advance(self) -> None:
        """Leave the current generation, at its end, for the next one."""
        finished, following = self.current, self._next()
        assert finished is not None  # noqa: S101  # its successor was seen
        current = self._reader(following, 0)
        self.notices += notices.unread_between(finished, following)
        self.notices.append(
            notices.rotated(following.identity, read=finished.offset, next_name=following.path.name)
        )
        self.left.leave(finished)
        self.current, self.later = current, self.later[1:]
        self._hold()

    def _next(self) -> Generation:
        """Return the generation after the current one, open."""
        for _ in range(_TRIES):
            try:
                self.later[0].open()
            except MovedError:
                with discover(self._files, self._pool) as snapshot:
                    self._find_again(snapshot)
            else:
                return self.later[0]
        raise LogUnavailableError(f"{self._files.path} is being rotated faster than it is read.")

    def _find_again(self, snapshot: Snapshot) -> None:
        """Find unread files where they are now; say which of those that were not open are gone."""
        found: list[Generation] = []
        gone: list[Notice] = []
        damaged: list[str] = []
        for generation in self.later:
            here = generation if generation.is_open else _found(generation, snapshot)
            if here is None:
                gone.append(notices.vanished(generation))
                damaged += generation.damaged_before
                continue
            here.damaged_before, damaged = [*damaged, *here.damaged_before], []
            found.append(here)
        self.later = found
        self.notices += gone

    def _hold(self) -> None:
        """Keep open what is read, what may be written to, and what is the next to be removed."""
        left, later = self.left.generations, self.later
        current = [self.current.generation] if self.current is not None else []
        self._pool.keep([*left[-MOST_LEFT:], *later[:_SOONEST], *later[-1:], *current])

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

    def late_lines(self, *, max_lines: int, max_bytes: int) -> tuple[LineReader, list[Line]] | None:
        """Return complete lines that were added to a generation that was left."""
        late = self.left.take(max_lines=max_lines, max_bytes=max_bytes)
        if late is not None and self.left.is_news(late[0]):
            self.notices.append(notices.late(late[0].generation.identity))
        return late

    def take_torn(self) -> tuple[LineReader, Line] | None:
        """Return an unterminated line that nothing will be added to once the chain advances."""
        torn = self.left.take_rest()
        if torn is None and self.current is not None and (line := self.current.take_rest()):
            torn = (self.current, line)
        return torn

    def take_notices(self) -> tuple[Notice, ...]:
        """Return what was found out since this was asked last."""
        found, self.notices = tuple(self.notices), []
        return found

    # The newest generation

    def _newest(self) -> Generation:
        if self.later:
            return self.later[-1]
        assert self.current is not None  # noqa: S101  # asked only while there is one
        return self.current.generation

    def _follow_newest(self, snapshot: Snapshot) -> Generation | None:
        """Go on in another file that has what was seen of the newest generation, if there is."""
        newest, reader = self._newest(), None if self.later else self.current
        seen = (reader.offset, reader.place.tail_digest) if reader is not None else (0, "")
        copy = snapshot.copy_of(newest, *seen)
        if copy is None:
            return None
        if not copy.is_damaged():
            snapshot.keep(copy)
            if reader is not None:
                reader.follow(copy)
            else:
                self.later[-1] = copy
                newest.close()
        if copy is snapshot.active and not self._replacement_told:
            self._replacement_told = True
            self.notices.append(notices.replaced(copy.identity))
        return copy


def _found(generation: Generation, snapshot: Snapshot) -> Generation | None:
    if same := snapshot.same(generation):
        generation.path = same.path
        return generation
    copy = snapshot.copy_of(generation) if generation.is_unique else None
    return snapshot.keep(copy) if copy is not None else None
