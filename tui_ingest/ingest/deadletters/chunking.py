"""Questions about many rows at once, in lists that one query can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db.models import QuerySet

CHUNK = 500  # parameters; SQLite's limit was 999 for long
# A batch has up to 20,000 keys, 40 questions. Where a query has no more results than this, it is
# cheaper to fetch them all and compare here.
FEW = 4 * CHUNK

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
