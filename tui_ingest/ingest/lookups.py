"""Questions about many rows at once."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tui_ingest.ingest.columns import spelled
from tui_ingest.ingest.tables import Place

CHUNK = 500  # values in one statement: SQLite's limit was 999 for long


def existing(place: Place, values: Collection[Any], connection: BaseDatabaseWrapper) -> set[Any]:
    """Return those of the values that the column has."""
    return {found for (found,) in related(place, [place.column], values, connection)}


def related(
    place: Place,
    columns: Collection[str],
    values: Collection[Any],
    connection: BaseDatabaseWrapper,
) -> Iterator[tuple[Any, ...]]:
    """Yield columns, quoted, of the rows whose column at `place` has one of the values."""
    chosen = ", ".join(columns)
    with connection.cursor() as cursor:
        for chunk in chunks(values):
            marks = ", ".join(["%s"] * len(chunk))
            cursor.execute(
                f"SELECT {chosen} FROM {place.table} WHERE {place.column} IN ({marks})",  # noqa: S608
                chunk,
            )
            for row in cursor.fetchall():
                yield tuple(map(spelled, row))


def highest(place: Place, connection: BaseDatabaseWrapper) -> Any:
    """Return the highest value of the column; 0 if it has none."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max({place.column}) FROM {place.table}")  # noqa: S608
        found = cursor.fetchone()
        return found[0] if found and found[0] is not None else 0


def delete(place: Place, values: Collection[Any], connection: BaseDatabaseWrapper) -> None:
    """Delete the rows whose column has one of the values, and nothing that refers to them."""
    with connection.cursor() as cursor:
        for chunk in chunks(values):
            marks = ", ".join(["%s"] * len(chunk))
            cursor.execute(
                f"DELETE FROM {place.table} WHERE {place.column} IN ({marks})",  # noqa: S608
                chunk,
            )


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    """Yield the values in lists that one statement takes."""
    rest = iter(values)
    while chunk := list(itertools.islice(rest, CHUNK)):
        yield chunk
