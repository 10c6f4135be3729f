"""Which unread files are held open where there is no room for all, and what became of the others.

A file that is open cannot be taken away by a rotation. One that is not may be renamed or packed
meanwhile, and is found again; or it is gone, and that is a gap.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from tui_ingest.oplog.files import notices
from tui_ingest.oplog.files.content import MovedError
from tui_ingest.oplog.files.descriptors import DescriptorPool
from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.late import MOST_LEFT
from tui_ingest.oplog.files.lines import LineReader
from tui_ingest.oplog.files.snapshots import Snapshot
from tui_ingest.oplog.log import Notice

_SOONEST = 4  # unread files that a rotation takes away next


def hold(
    pool: DescriptorPool,
    left: Sequence[Generation],
    current: LineReader | None,
    later: Sequence[Generation],
) -> None:
    """Keep open what is read, what may still be written to, and what is the next to be removed."""
    held = [*left[-MOST_LEFT:], *later[:_SOONEST], *later[-1:]]
    if current is not None:
        held.append(current.generation)
    pool.keep(held)
    for generation in held:
        with contextlib.suppress(MovedError):  # found again when its turn comes
            generation.open()


def found_again(
    later: Sequence[Generation], snapshot: Snapshot
) -> tuple[list[Generation], list[Notice]]:
    """Return unread files where they are now, and say which of those that were not open are gone.

    Args:
        later: the unread files, oldest first.
        snapshot: what is there.
    """
    found: list[Generation] = []
    told: list[Notice] = []
    damaged: list[str] = []
    for generation in later:
        here = generation if generation.is_open else _found(generation, snapshot)
        if here is None:
            told.append(notices.vanished(generation))
            damaged += generation.damaged_before
            continue
        here.damaged_before, damaged = [*damaged, *here.damaged_before], []
        found.append(here)
    return found, told


def _found(generation: Generation, snapshot: Snapshot) -> Generation | None:
    if same := snapshot.same(generation):
        generation.path = same.path
        return generation
    copy = snapshot.copy_of(generation) if generation.is_unique else None
    return snapshot.keep(copy) if copy is not None else None
