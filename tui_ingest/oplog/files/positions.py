"""Positions, made of what was read and of the files that it was read from."""

from __future__ import annotations

import json
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


class Evidence(NamedTuple):
    """What a position says of files besides the place: by this the place is found again."""

    tail_digest: str = ""  # hex digest of the bytes just before the offset
    device: int = 0  # hint only: a device and inode name a file no longer than it lives
    inode: int = 0
    # How far the generations were read that were left last, oldest first: writers may still add
    # to them after the rollover.
    left: tuple[Place, ...] = ()


def evidence_of(position: Position) -> Evidence:
    """Return what a position says of files."""
    if not position.evidence:
        return Evidence()
    tail_digest, device, inode, *left = json.loads(position.evidence)
    return Evidence(tail_digest, device, inode, tuple(Place(*place) for place in left))


def move_to(position: Position, generation: Generation, offset: int, tail_digest: str) -> Position:
    """Return a position with another place, behind the same generations left."""
    device, inode = generation.file_id
    evidence = evidence_of(position)._replace(tail_digest=tail_digest, device=device, inode=inode)
    return replace(
        position,
        generation=generation.identity,
        offset=offset,
        size=max(offset, generation.seen_size),
        evidence=_text(evidence),
    )


def leave(position: Position, left: Iterable[Place]) -> Position:
    """Return a position with the same place, behind these generations, oldest first."""
    return replace(position, evidence=_text(evidence_of(position)._replace(left=tuple(left))))


def go_back(position: Position, place: Place, *, left: int | None) -> Position:
    """Return a position with one of its generations read no further than a place.

    Args:
        left: index of the generation among those left; None for the current one.
    """
    evidence = evidence_of(position)
    if left is None:
        evidence = evidence._replace(tail_digest=place.tail_digest)
        return replace(position, offset=place.offset, evidence=_text(evidence))
    places = [*evidence.left]
    places[left] = place
    return leave(position, places)


def _text(evidence: Evidence) -> str:
    if evidence == Evidence():
        return ""
    return json.dumps([*evidence[:-1], *evidence.left], separators=(",", ":"))
