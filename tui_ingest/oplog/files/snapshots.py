"""The generations of a log at one moment, and where a position is among them.

Or where to go on if it is in none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from tui_ingest.oplog.files import notices
from tui_ingest.oplog.files.generations import HEAD_BYTES, Generation
from tui_ingest.oplog.files.ordering import Order
from tui_ingest.oplog.files.positions import Place, evidence_of
from tui_ingest.oplog.log import Notice, Position

Point = tuple[int, int]  # index of a generation, and an offset in it

_LINE_TIME = re.compile(rb"^\d+(?:\.\d+)? ", re.MULTILINE)


class Snapshot:
    """The generations of a log that have an identity, open, oldest first.

    A context manager: at its end, all but those taken with `keep` are closed.

    Args:
        rotated: the rotated files in their order.
        active: the file at the log's path; None if there is none.
        unreadable: why files that belong to the log are not among them, a sentence each.
    """

    def __init__(
        self, rotated: Order, active: Generation | None, *, unreadable: Sequence[str] = ()
    ) -> None:
        self._opened = [*rotated.generations, *([active] if active is not None else [])]
        self.unreadable = unreadable
        self.contradictions = rotated.contradictions  # between names and times
        self._kept: list[Generation] = []
        self.active = active  # also in generations, unless it has no line yet
        self.generations = _without_copies(_without_twins(self._opened), active)
        self._name_damaged()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for generation in self._opened:
            if generation not in self._kept:
                generation.close()

    def keep(self, generation: Generation) -> Generation:
        """Leave a generation open when the snapshot ends."""
        self._kept.append(generation)
        return generation

    def find(self, position: Position) -> Generation | None:
        """Return the generation whose content agrees with a position; None if there is none.

        If several do, because their lines are the same, the oldest is taken: nothing may be
        missed. Only a file of the same inode behind the same generation is better evidence.
        """
        evidence = evidence_of(position)
        place = Place(position.generation, position.offset, evidence.tail_digest)
        agreeing = [found for found in self.generations if _agrees(found, place)]
        agreeing.sort(key=lambda found: bool(found.damage))  # which agrees for want of evidence
        for found in agreeing:
            same_file = found.file_id == (evidence.device, evidence.inode)
            if same_file and self._follows(found, position):
                return found
        return agreeing[0] if agreeing else None

    def point(self, position: Position) -> Point | None:
        """Return the index of a position's generation and its offset there; None if it is gone."""
        if position.generation:
            found = self.find(position)
            return (self.generations.index(found), position.offset) if found else None
        left = self.find_left(position, None)
        return (self.generations.index(left[-1][0]) + 1 if left else 0), 0

    def find_left(
        self, position: Position, current: Generation | None
    ) -> list[tuple[Generation, int]]:
        """Return the generations that a position left, and how far they were read, oldest first.

        Those that are gone are left out. All are older than the current one, if that is given.
        """
        older = self.generations if current is None else self.before(current)
        found: list[tuple[Generation, int]] = []
        for place in reversed(evidence_of(position).left):
            at = next((at for at in reversed(range(len(older))) if _agrees(older[at], place)), None)
            if at is not None:
                found.insert(0, (older[at], place.offset))
                older = older[:at]
            elif current is not None and (odd := self._left_out_of_order(place, current)):
                found.insert(0, (odd, place.offset))
        return found

    def _left_out_of_order(self, place: Place, current: Generation) -> Generation | None:
        """Return a generation that was left although its records are younger than the current one.

        A clock was set back between the two.
        """
        younger = [
            found for found in self.after(current) if found.is_unique and is_younger(found, current)
        ]
        return next((found for found in younger if _agrees(found, place)), None)

    def put_before(self, last: Generation, read: Iterable[Generation]) -> None:
        """Put generations that were read before another one there, whatever their times say."""
        for generation in read:
            if generation in self.after(last):
                self.generations.remove(generation)
                self.generations.insert(self.generations.index(last), generation)

    def same(self, generation: Generation) -> Generation | None:
        """Return the generation with the same content in the same file; None if it is gone."""
        return next((found for found in self.generations if _is_same(found, generation)), None)

    def copy_of(
        self, generation: Generation, offset: int = 0, tail_digest: str = ""
    ) -> Generation | None:
        """Return another file with all that was seen of a generation, up to an offset at least.

        Or what is left of such a file: it is damaged then, and nobody should go on in it.
        """
        return next(
            (
                found
                for found in self.generations
                if not _is_same(found, generation)
                and _agrees(found, Place(generation.identity, offset, tail_digest))
                and (offset or found.size >= generation.seen_size or found.damage)
            ),
            None,
        )

    def is_kept(self, generation: Generation) -> bool:
        """Tell whether somebody took a generation."""
        return generation in self._kept

    def before(self, generation: Generation) -> list[Generation]:
        """Return the generations that are older than one of them."""
        return self.generations[: self.generations.index(generation)]

    def after(self, generation: Generation) -> list[Generation]:
        """Return the generations that are newer than one of them."""
        return self.generations[self.generations.index(generation) + 1 :]

    def _name_damaged(self) -> None:
        """Let every generation know which files before it have no identity left."""
        names: list[str] = []
        for found in self._opened:
            if found in self.generations:
                found.damaged_before, names = names, []
            elif found.damage and not found.identity:
                names.append(found.path.name)

    def _follows(self, generation: Generation, position: Position) -> bool:
        """Tell whether a generation comes after the one that the position left."""
        before, left = self.before(generation), evidence_of(position).left
        if not before or not left:
            return not before and not left
        return _agrees(before[-1], left[-1])


def _is_same(found: Generation, known: Generation) -> bool:
    if found.identity != known.identity:
        return False
    if found.by_content or known.by_content:
        return found.looks_like(known)  # another one would do as well, unless one of them grows
    return found.file_id == known.file_id


def is_younger(one: Generation, other: Generation) -> bool:
    """Tell whether a generation begins later than another one, as far as records have times."""
    return (one.first_time or 0) > (other.first_time or 0)


def _agrees(generation: Generation, place: Place) -> bool:
    return generation.identity == place.generation and generation.confirms(
        place.offset, place.tail_digest
    )


def _without_twins(generations: list[Generation]) -> list[Generation]:
    """Leave out what has no line yet, and all but the newest name of a file with several."""
    newest = {found.file_id: found for found in generations if found.identity}
    return [found for found in generations if newest.get(found.file_id) is found]


def _without_copies(generations: list[Generation], active: Generation | None) -> list[Generation]:
    """Leave out rotated files with which a newer one begins, or an older one.

    Such a copy is made before a truncation (copytruncate), or by a person.
    """
    identities = [found.identity for found in generations]
    if len(set(identities)) == len(identities):
        return generations
    kept: list[Generation] = []
    for found in reversed(generations):
        if any(_is_copy(found, other) for other in kept):
            continue
        kept = [other for other in kept if other is active or not _is_copy(other, found)]
        kept.append(found)
    return kept[::-1]


def _is_copy(copy: Generation, original: Generation) -> bool:
    return (
        copy.identity == original.identity
        and copy.size <= original.size
        and copy.tail(copy.size) == original.tail(copy.size)
        and _time_passes(copy)
    )


def _time_passes(generation: Generation) -> bool:
    """Tell whether lines have times of their own: without, two files may well look the same."""
    return len(set(_LINE_TIME.findall(generation.read_at(0, HEAD_BYTES)))) > 1


class Found(NamedTuple):
    """A generation to read from an offset on, and those that were left before."""

    current: Generation | None  # None: what follows the one that was left last
    offset: int  # bytes
    left: list[tuple[Generation, int]]  # and how far they were read in bytes, oldest first
    losses: tuple[Notice, ...] = ()
    absent: Sequence[Place] = ()  # how far generations were read that are gone


def find_place(wanted: Position, snapshot: Snapshot, *, written_over: bool) -> Found:
    """Find a position.

    Args:
        wanted: the position.
        snapshot: the files.
        written_over: it is known that its file holds another content now.
    """
    place = _find(wanted, snapshot, written_over=written_over)
    here = {generation.identity for generation, _ in place.left}
    absent = [left for left in evidence_of(wanted).left if left.generation not in here]
    return place._replace(absent=[*absent, *place.absent])


def _find(wanted: Position, snapshot: Snapshot, *, written_over: bool) -> Found:
    if not wanted.generation or not (snapshot.generations or snapshot.active):
        return Found(None, 0, snapshot.find_left(wanted, None))
    found = snapshot.find(wanted)
    if found is not None:
        return Found(found, wanted.offset, snapshot.find_left(wanted, found))
    return _find_substitute(wanted, snapshot, written_over=written_over)


def _find_substitute(wanted: Position, snapshot: Snapshot, *, written_over: bool) -> Found:
    missing = max(0, wanted.size - wanted.offset)
    truncated = tuple(notices.truncated(wanted.generation, missing))
    same_head = [found for found in snapshot.generations if found.identity == wanted.generation]
    active, evidence = snapshot.active, evidence_of(wanted)
    is_active = active is not None and active.file_id == (evidence.device, evidence.inode)
    in_place = written_over or is_active
    if same_head and in_place and active not in same_head:
        # A copy, made a moment before the log was truncated: the rest of it was read since.
        copy = same_head[-1]
        if copy.size <= wanted.offset:
            left = [*snapshot.find_left(wanted, copy), (copy, copy.size)]
            return Found(None, 0, left, truncated)
    if same_head:
        found = same_head[0]
        return Found(found, 0, snapshot.find_left(wanted, found), truncated)
    left = snapshot.find_left(wanted, None)
    # An inode alone proves nothing as soon as files were removed beside it.
    alone = all(found is active for found in snapshot.generations)
    if written_over or (in_place and alone):
        return Found(None, 0, left, truncated)
    lost = Place(wanted.generation, wanted.offset, evidence.tail_digest)
    return Found(None, 0, left, (notices.gap(wanted.generation, missing),), [lost])
