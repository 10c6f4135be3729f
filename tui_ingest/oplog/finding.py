"""Where a position is among the files that are there, or where to go on if it is in none."""

from __future__ import annotations

from typing import NamedTuple

from tui_ingest.oplog import notices
from tui_ingest.oplog.generations import Generation
from tui_ingest.oplog.log import Notice, Position
from tui_ingest.oplog.snapshots import Snapshot


class Place(NamedTuple):
    """A generation to read from an offset on, and the one that was left for it."""

    current: Generation | None = None  # None: what follows the one that was left
    offset: int = 0  # bytes
    left: Generation | None = None  # None: it is gone, or there was none
    left_offset: int = 0  # bytes
    losses: tuple[Notice, ...] = ()


def find_place(wanted: Position, snapshot: Snapshot, *, written_over: bool) -> Place:
    """Find a position.

    Args:
        wanted: the position.
        snapshot: the files.
        written_over: it is known that its file holds another content now.
    """
    if not wanted.generation or not (snapshot.generations or snapshot.active):
        return _after_left(wanted, snapshot)
    found = snapshot.find(wanted)
    if found is not None:
        left = snapshot.find_left(wanted, found)
        return Place(found, wanted.offset, left, wanted.left_offset)
    return _find_substitute(wanted, snapshot, written_over=written_over)


def _find_substitute(wanted: Position, snapshot: Snapshot, *, written_over: bool) -> Place:
    missing = max(0, wanted.size - wanted.offset)
    truncated = tuple(notices.truncated(wanted.generation, missing))
    same_head = [found for found in snapshot.generations if found.identity == wanted.generation]
    in_place = written_over or _is_active(wanted, snapshot)
    if same_head and in_place and snapshot.active not in same_head:
        # A copy, made a moment before the log was truncated: the rest of it was read since.
        copy = same_head[-1]
        if copy.size <= wanted.offset:
            return Place(left=copy, left_offset=copy.size, losses=truncated)
    if same_head:
        found = same_head[0]
        left = snapshot.find_left(wanted, found)
        return Place(found, 0, left, wanted.left_offset, truncated)
    # An inode alone proves nothing as soon as files were removed beside it.
    alone = all(found is snapshot.active for found in snapshot.generations)
    if written_over or (in_place and alone):
        return _after_left(wanted, snapshot)._replace(losses=truncated)
    return _after_left(wanted, snapshot)._replace(losses=(notices.gap(wanted.generation, missing),))


def _is_active(wanted: Position, snapshot: Snapshot) -> bool:
    active = snapshot.active
    return active is not None and active.file_id == (wanted.device, wanted.inode)


def _after_left(wanted: Position, snapshot: Snapshot) -> Place:
    if not wanted.left_generation:
        return Place()
    return Place(left=snapshot.find_left(wanted, None), left_offset=wanted.left_offset)
