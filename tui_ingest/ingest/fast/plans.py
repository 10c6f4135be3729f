"""What the records of a kind write: columns of a table, and links in the tables between two."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import ForeignKey, ManyToManyField

from tui_ingest.ingest.fast.columns import FEW, Column
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.tables import Table, Tables
from tui_ingest.ingest.model_fields import many_to_many


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkTable:
    """Where the links of a many-to-many field are."""

    field: ManyToManyField[Any, Any]
    rows: Table
    near: Column  # to the row that has the field
    far: Column

    def named(self, values: Values) -> Values:
        """Return the far ends with keys in place of natural keys."""
        if self.far.by_name is None or any(type(ends) is not list for ends in values):
            return values
        named = iter(self.far.named([*itertools.chain.from_iterable(values)]))
        return [[*itertools.islice(named, len(ends))] for ends in values]

    def convert(self, values: Values) -> Values | None:
        """Return the far ends of many rows; None if some list is not fit for the fast path."""
        if any(type(ends) is not list for ends in values):
            return None
        converted = self.far.convert([*itertools.chain.from_iterable(values)])
        if converted is None:
            return None
        rest = iter(converted)
        return [[*itertools.islice(rest, len(ends))] for ends in values]

    def unfit(self, values: Values) -> set[int]:
        """Return the places of the lists that the fast path cannot write."""
        return {
            place
            for start in range(0, len(values), FEW)
            if self.convert(part := values[start : start + FEW]) is None
            for place, ends in enumerate(part, start)
            if self.convert([ends]) is None
        }

    def is_hopeless(self, _ends: Any) -> bool:
        """Never: an end may be a natural key, and what is wrong depends on what is here."""
        return False


@dataclass(frozen=True, kw_only=True, eq=False)
class WritePlan:
    """What records of a kind write: they take the fast path."""

    table: Table
    # In the order of their values: the pk, then the fields. None: this value is not written.
    columns: tuple[Column | None, ...]
    # By column, what an INSERT needs because the record lacks it. An UPDATE leaves it alone.
    defaults: Mapping[Column, Callable[[], Any]] = field(default_factory=dict)

    # By their place, many-to-many fields: their columns are None.
    links: Mapping[int, LinkTable] = field(default_factory=dict)

    # Records without a primary key: the fields whose values are the natural key of their row.
    named_by: frozenset[str] = frozenset()

    @cached_property
    def places(self) -> dict[str, int]:
        """Where the values of a field are."""
        return {column.name: place for place, column in enumerate(self.columns) if column}

    @cached_property
    def references(self) -> dict[int, Column]:
        """By their place, the columns that refer to rows; of links, the far ends."""
        columns = dict(enumerate(self.columns))
        columns.update((place, links.far) for place, links in self.links.items())
        return {
            place: column
            for place, column in columns.items()
            if column and isinstance(column.field, ForeignKey)
        }

    @cached_property
    def inserted(self) -> list[Column]:
        """The columns that an INSERT names."""
        return [*filter(None, self.columns), *self.defaults]

    @cached_property
    def on_conflict(self) -> str:
        """What to do where the row exists: it takes what the record carries, but no other pk."""
        keys = {self.table.pk, self.table.identity}
        changes = ", ".join(
            f"{column.quoted} = excluded.{column.quoted}"
            for column in self.columns
            if column is not None and column not in keys
        )
        action = f"UPDATE SET {changes}" if changes else "NOTHING"
        return f"ON CONFLICT ({self.table.identity.quoted}) DO {action}"

    @property
    def lacks_fields(self) -> bool:
        """Whether a row has fields that these records lack."""
        return not self.table.shape.columns <= self.places.keys()


def link_tables(table: Table, tables: Tables) -> dict[str, LinkTable]:
    """Return where the links of a model's fields are, by name."""
    found = {}
    for linking in many_to_many(table.model):
        through: Any = linking.remote_field.through
        rows = tables.of(through)
        if rows is not None:
            found[linking.name] = LinkTable(
                field=linking,
                rows=rows,
                near=rows.column(linking.m2m_field_name()),
                far=rows.column(linking.m2m_reverse_field_name()),
            )
    return found
