"""SQLite: one prepared statement, executed for every record in log order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import length_hint
from typing import Any

from django.db.backends.utils import CursorWrapper

from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest.fast.columns import Column, quoted_names
from tui_ingest.ingest.fast.gathering import Group, RowRefusedError
from tui_ingest.ingest.fast.tables import Table

WRITES_LAST_STATES = False


def draw(table: Table, above: int, at_once: int) -> Iterator[int]:  # noqa: ARG001
    """See `Dialect`."""
    with table.connection.cursor() as cursor:
        return itertools.count(max(above, _counter(table, cursor)) + 1)


def write(group: Group) -> None:
    """See `Dialect`."""
    rest = iter(group.inserted())
    with group.table.connection.cursor() as cursor, _counter_kept(group.table, cursor):
        try:
            cursor.executemany(
                f"{_insert(group.table, group.plan.inserted)} {group.plan.on_conflict}",
                rest,  # type: ignore[arg-type]  # an iterator will do
            )
        except Exception as error:
            # Rows are taken one by one: the one taken last was refused.
            raise RowRefusedError(group.indexes[-1 - length_hint(rest)]) from error


def insert(table: Table, columns: list[Column], new: Sequence[tuple[Any, ...]]) -> None:
    """See `Dialect`."""
    with table.connection.cursor() as cursor:
        cursor.executemany(_insert(table, columns), new)


def _insert(table: Table, columns: list[Column]) -> str:
    marks = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table.quoted} ({quoted_names(columns)}) VALUES ({marks})"  # noqa: S608


@contextmanager
def _counter_kept(table: Table, cursor: CursorWrapper) -> Iterator[None]:
    """Keep the counter of the table at the highest key that a row ever had.

    An upsert moves it to the key that was offered, even if the row was there under another one.
    """
    if table.is_found_by_pk or not is_auto(table.pk.field):
        yield
        return
    before = _counter(table, cursor)
    yield
    highest = f"(SELECT coalesce(max({table.pk.quoted}), 0) FROM {table.quoted})"  # noqa: S608
    cursor.execute(
        f"UPDATE sqlite_sequence SET seq = max({highest}, %s) WHERE name = %s",  # noqa: S608
        [before, table.model._meta.db_table],
    )


def _counter(table: Table, cursor: CursorWrapper) -> int:
    cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table.model._meta.db_table])
    found = cursor.fetchone()
    return found[0] if found else 0
