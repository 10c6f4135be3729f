"""Questions about many rows at once, in lists that one query can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db.models import QuerySet

CHUNK = 500  # parameters; SQLite's limit was 999 for long
FETCHED = 8  # rows, in the time that it takes to ask about one

T = TypeVar("T")


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Divide items into lists of at most CHUNK."""
    remaining = list(items)
    for start in range(0, len(remaining), CHUNK):
        yield remaining[start : start + CHUNK]


def few(rows: QuerySet[Any, T], number: int) -> set[T] | None:
    """Return all of a query's results if it is cheaper to fetch them, and compare here, than to ask
    about a number of rows; otherwise None.
    """
    most = max(FETCHED * number, CHUNK)
    found = list(rows[: most + 1])
    return set(found) if len(found) <= most else None
