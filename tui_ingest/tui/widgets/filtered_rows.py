"""A list that shows only what matches a filter."""

from __future__ import annotations

from typing import Any, Protocol, cast

from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.view_memory import Facts, ViewMemory
from tui_ingest.tui.widgets.rows import RowsView


class Remembers(Protocol):
    """An app that remembers how its lists are looked at."""

    memory: ViewMemory


class FilteredRows(RowsView):
    """Rows, some of which a filter hides; the screen has the input that it is typed in."""

    @property
    def filter(self) -> Filter[Any]:
        """What is shown."""
        raise NotImplementedError

    @property
    def total(self) -> int:
        """How many rows there are, shown or not."""
        raise NotImplementedError

    def apply_filter(self, typed: str) -> None:
        """Show only what matches."""
        raise NotImplementedError

    # How it is looked at, next time, too

    def arrangement(self) -> dict[str, str | bool]:
        """Return how somebody likes to look at it."""
        return {"filter": self.filter.typed}

    def restore(self, facts: Facts) -> None:
        """Be looked at so; what cannot be any more is left as it is."""
        if (typed := facts.get("filter")) and isinstance(typed, str):
            self.apply_filter(typed)

    @property
    def remembered_as(self) -> str:
        """What this kind of list is called where that is kept."""
        return self.id or ""

    @property
    def _memory(self) -> ViewMemory:
        return cast(Remembers, self.app).memory

    def remember(self) -> None:
        """Remember how it is looked at now."""
        self._memory.remember(self.remembered_as, self.arrangement())

    def on_mount(self) -> None:
        self.restore(self._memory.recall(self.remembered_as))

    def nothing(self) -> str:
        if self.filter.unknown:
            return self.filter.unknown
        return f"none of {self.total:,} matches" if self.filter and self.total else ""
