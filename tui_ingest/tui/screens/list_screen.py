"""What the screens that are one list share: its keys, and the way back."""

from __future__ import annotations

from typing import Any

from tui_ingest.tui.screens.filter_actions import FilterActions
from tui_ingest.tui.widgets.list_view import ListView


class ListScreen(FilterActions):
    """A list under the first line: sorted, filtered, and left with escape."""

    @property
    def table(self) -> ListView[Any]:
        """The list that the keys are about."""
        return self.query_one(ListView)

    @property
    def filtered(self) -> ListView[Any]:
        return self.table

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_next()

    def action_sort_backwards(self) -> None:
        """Turn the direction round."""
        self.table.sort_backwards()

    def action_peel(self) -> None:
        """Clear the filter, or go back."""
        if not self.clear_filter():
            self.dismiss()
