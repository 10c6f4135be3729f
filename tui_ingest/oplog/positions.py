"""Positions, made of what was read and of the files that it was read from."""

from __future__ import annotations

from dataclasses import replace

from tui_ingest.oplog.generations import Generation
from tui_ingest.oplog.log import Position


def move_to(position: Position, generation: Generation, offset: int, tail_digest: str) -> Position:
    """Return a position with another place, after the same generation left."""
    device, inode = generation.file_id
    return replace(
        position,
        generation=generation.identity,
        offset=offset,
        tail_digest=tail_digest,
        size=max(offset, generation.seen_size),
        device=device,
        inode=inode,
    )


def leave(position: Position, generation: Generation, offset: int, tail_digest: str) -> Position:
    """Return a position with the same place, after another generation left at some offset."""
    return replace(
        position,
        left_generation=generation.identity,
        left_offset=offset,
        left_tail_digest=tail_digest,
    )
