"""How records that look alike are treated: those of one model with one set of fields."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.tables import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """What records of a kind write: they take the fast path."""

    table: Table
    # In the order of their values: the pk, then the fields. None: this value is not written.
    columns: tuple[Column | None, ...]
    # By column, what an INSERT needs because the record lacks it. An UPDATE leaves it alone.
    defaults: Mapping[Column, Callable[[], Any]] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[str, int]:
        """Where the values of a field are."""
        return {column.name: place for place, column in enumerate(self.columns) if column}


class Skipped(NamedTuple):
    """They are excluded: counted, not written."""

    label: str  # under which they are counted


class Detour(enum.Enum):
    """They take the exact path."""

    NEEDED = enum.auto()
    REFUSED = enum.auto()  # and fail there, whatever the tables contain


Route = Layout | Skipped | Detour
