"""What the records of a kind write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.link_tables import LinkTable
from tui_ingest.ingest.fast.tables import Table


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

    @cached_property
    def places(self) -> dict[str, int]:
        """Where the values of a field are."""
        return {column.name: place for place, column in enumerate(self.columns) if column}

    @property
    def lacks_fields(self) -> bool:
        """Whether a row has fields that these records lack."""
        return not self.table.shape.columns <= self.places.keys()
