"""How far generations were read whose files are not there, in case they come back.

A mirror replaces the files of a rotated log one after the other: until it is done there is always
a generation whose file was replaced already, while the next file does not hold it yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.positions import Place

_MOST_ABSENT = 8  # generations that are remembered; a position holds them all


class AbsentGenerations:
    """Places by the identity of their generation, in the order in which they were missed."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    @property
    def places(self) -> list[Place]:
        """How far they were read."""
        return list(self._places.values())

    def miss(self, places: Iterable[Place]) -> None:
        """Remember more of them, and no longer those that were missed first."""
        for place in places:
            self.forget(place.generation)
            self._places[place.generation] = place
        for identity in list(self._places)[:-_MOST_ABSENT]:
            self.forget(identity)

    def read_up_to(self, generation: Generation) -> int | None:
        """Return up to where a generation that came back was read, in bytes; None if unknown."""
        place = self._places.get(generation.identity)
        if place is None or not generation.confirms(place.offset, place.tail_digest):
            return None
        return place.offset

    def forget(self, identity: str) -> None:
        """No longer remember a generation: it is here, or somebody else knows of it."""
        self._places.pop(identity, None)

    def clear(self) -> None:
        """Forget all of them."""
        self._places.clear()
