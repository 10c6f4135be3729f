"""The parts of an upsert that databases write alike."""

from __future__ import annotations

from typing import Any

from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.gathering import Group
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.plans import WritePlan


class RowRefusedError(Exception):
    """The database or its driver refused a row; the cause is chained."""

    def __init__(self, index: int) -> None:
        super().__init__(f"The record of entry {index} was refused.")
        self.index = index  # of the entry


def written(plan: WritePlan) -> list[Column]:
    """Return the columns that an INSERT names."""
    return [*filter(None, plan.columns), *plan.defaults]


def rows(group: Group) -> list[tuple[Any, ...]]:
    """Return the values of those columns, row by row."""
    given = [
        values
        for column, values in zip(group.plan.columns, group.columns, strict=True)
        if column is not None
    ]
    defaults: list[Values] = [
        [*map(column.convert_one, group.drawn.get(column) or (default() for _ in group.indexes))]
        for column, default in group.plan.defaults.items()
    ]
    return [*zip(*given, *defaults, strict=True)]


def on_conflict(plan: WritePlan) -> str:
    """Return what to do where the row exists: it takes what the record carries, but no other pk."""
    keys = {plan.table.pk, plan.table.identity}
    changes = ", ".join(
        f"{column.quoted} = excluded.{column.quoted}"
        for column in plan.columns
        if column is not None and column not in keys
    )
    action = f"UPDATE SET {changes}" if changes else "NOTHING"
    return f"ON CONFLICT ({plan.table.identity.quoted}) DO {action}"


def names(columns: list[Column]) -> str:
    """Return a list of columns for SQL."""
    return ", ".join(column.quoted for column in columns)
