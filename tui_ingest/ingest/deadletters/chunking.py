"""Lists that fit into the parameters of one query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

CHUNK = 500  # SQLite's limit was 999 for long

T = TypeVar("T")


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Divide items into lists of at most CHUNK."""
    remaining = list(items)
    for start in range(0, len(remaining), CHUNK):
        yield remaining[start : start + CHUNK]
