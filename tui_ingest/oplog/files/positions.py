"""Positions, made of what was read and of the files that it was read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.log import Position


class Place(NamedTuple):
    """How far a generation was read."""

    generation: str  # identity
    offset: int  # bytes
    tail_digest: str  # of the bytes before


def move_to(position: Position, generation: Generation, offset: int, tail_digest: str) -> Position:
    """Return a position with another place, behind the same generations left."""
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


def leave(position: Position, left: Iterable[Place]) -> Position:
    """Return a position with the same place, behind these generations, oldest first."""
    return replace(position, left=" ".join(f"{at[0]}:{at[1]}:{at[2]}" for at in left))


def places_left(position: Position) -> list[Place]:
    """Return how far the generations were read that a position left, oldest first."""
    parts = [place.split(":") for place in position.left.split()]
    return [Place(generation, int(offset), digest) for generation, offset, digest in parts]
