"""What the screens that are one list share: its keys, and the way back."""

from __future__ import annotations

from tui_ingest.tui.screens.filter_actions import FilterActions
from tui_ingest.tui.widgets.list_view import ListView


class ListScreen(FilterActions):
    """A list under the first line: sorted, filtered, and left with escape."""

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.query_one(ListView).sort_next()

    def action_sort_backwards(self) -> None:
        """Turn the direction round."""
        self.query_one(ListView).sort_backwards()

    def action_peel(self) -> None:
        """Clear the filter, or go back."""
        if not self.clear_filter():
            self.dismiss()
