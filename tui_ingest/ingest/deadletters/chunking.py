"""Questions about many rows at once, in lists that one query can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db.models import QuerySet

CHUNK = 500  # parameters; SQLite's limit was 999 for long
FEW = 4 * CHUNK  # results that cost less than asking about the keys of a large batch

T = TypeVar("T")


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Divide items into lists of at most CHUNK."""
    remaining = list(items)
    for start in range(0, len(remaining), CHUNK):
        yield remaining[start : start + CHUNK]


def few(rows: QuerySet[Any, T]) -> set[T] | None:
    """Return all of a query's results if they are few; None if it is better asked about some."""
    found = list(rows[: FEW + 1])
    return set(found) if len(found) <= FEW else None
