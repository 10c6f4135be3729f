"""A list that shows only what matches a filter."""

from __future__ import annotations

from typing import Any

from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.widgets.rows import RowsView


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

    def nothing(self) -> str:
        if self.filter.unknown:
            return self.filter.unknown
        return f"none of {self.total:,} matches" if self.filter and self.total else ""
