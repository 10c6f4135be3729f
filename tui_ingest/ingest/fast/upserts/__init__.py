"""INSERT … ON CONFLICT for many rows, as each database does it best.

postgresql  COPY into a temporary table, and from there one INSERT
sqlite      one prepared statement, executed for every record in log order
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.gathering import Group
from tui_ingest.ingest.fast.tables import Table
from tui_ingest.ingest.fast.upserts import postgresql, sqlite


class Dialect(Protocol):
    """What a module of this package offers."""

    # One statement writes a row once, in its last state; otherwise every state is written.
    WRITES_LAST_STATES: bool

    def draw(self, table: Table, above: int, at_once: int) -> Iterator[int]:
        """Yield the numbers that the database gives to new rows, all above one.

        Args:
            at_once: how many to draw; those that are not needed may be lost.
        """

    def write(self, group: Group) -> None:
        """Insert or update the rows of a group.

        Raises:
            Exception: whatever the database or its driver raises; some rows may be written.
        """

    def insert(self, table: Table, columns: list[Column], new: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows of keys of the usual kinds, as converted.

        Raises:
            Exception: as `write`.
        """


_DIALECTS: dict[str, Dialect] = {"postgresql": postgresql, "sqlite": sqlite}


def of(connection: BaseDatabaseWrapper) -> Dialect | None:
    """Return how to write to a database; None if its upsert cannot name its conflict target.

    Or if its driver is psycopg 2, which has no COPY to speak of.
    """
    dialect = _DIALECTS.get(connection.vendor)
    has_driver = connection.vendor != "postgresql" or postgresql.has_driver()
    return dialect if has_driver else None
