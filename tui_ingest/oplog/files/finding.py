"""Where a position is among the files that are there, or where to go on if it is in none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui_ingest.oplog.files import notices
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.positions import Place, evidence_of, places_left
from tui_ingest.oplog.files.snapshots import Snapshot
from tui_ingest.oplog.log import Notice, Position


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
    absent = [left for left in places_left(wanted) if left.generation not in here]
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
    in_place = written_over or _is_active(wanted, snapshot)
    if same_head and in_place and snapshot.active not in same_head:
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
    alone = all(found is snapshot.active for found in snapshot.generations)
    if written_over or (in_place and alone):
        return Found(None, 0, left, truncated)
    lost = Place(wanted.generation, wanted.offset, evidence_of(wanted).tail_digest)
    return Found(None, 0, left, (notices.gap(wanted.generation, missing),), [lost])


def _is_active(wanted: Position, snapshot: Snapshot) -> bool:
    active, evidence = snapshot.active, evidence_of(wanted)
    return active is not None and active.file_id == (evidence.device, evidence.inode)
