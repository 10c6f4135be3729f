"""The parts of an upsert that databases write alike."""

from __future__ import annotations

from typing import Any

from tui_ingest.ingest.fast.columns import Column, Values
from tui_ingest.ingest.fast.gathering import Group
from tui_ingest.ingest.fast.layouts import Layout


def written(layout: Layout) -> list[Column]:
    """Return the columns that an INSERT names."""
    return [*filter(None, layout.columns), *layout.defaults]


def rows(group: Group) -> list[tuple[Any, ...]]:
    """Return the values of those columns, row by row."""
    given = [
        values
        for column, values in zip(group.layout.columns, group.columns, strict=True)
        if column is not None
    ]
    defaults: list[Values] = [
        [column.convert_one(default()) for _ in group.indexes]
        for column, default in group.layout.defaults.items()
    ]
    return [*zip(*given, *defaults, strict=True)]


def on_conflict(layout: Layout) -> str:
    """Return what to do where the row exists: it takes what the record carries, but no other pk."""
    keys = {layout.table.pk, layout.table.identity}
    changes = ", ".join(
        f"{column.quoted} = excluded.{column.quoted}"
        for column in layout.columns
        if column is not None and column not in keys
    )
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    return f"ON CONFLICT ({layout.table.identity.quoted}) DO {action}"


def names(columns: list[Column]) -> str:
    """Return a list of columns for SQL."""
    return ", ".join(column.quoted for column in columns)
