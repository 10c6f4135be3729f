"""Typing what to see, on every screen that has a list."""

from __future__ import annotations

from textual import on
from textual.binding import Binding, BindingType

from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.widgets.filter_input import FilterInput
from tui_ingest.tui.widgets.filtered_rows import FilteredRows


def list_keys() -> list[BindingType]:
    """Return the keys of a list that is sorted and filtered."""
    return [
        Binding("slash", "filter", "Filter", tooltip="What to see", id="filter"),
        Binding("s", "sort", "Sort", tooltip="By the next column", show=False, id="sort"),
        Binding(
            "S", "sort_backwards", "Sort backwards", tooltip="", show=False, id="sort_backwards"
        ),
    ]


class FilterActions(ConsoleScreen):
    """The filter of a screen's list: opened, kept with enter, cleared with escape."""

    @property
    def filtered(self) -> FilteredRows:
        """The list."""
        return self.query_one(FilteredRows)

    @property
    def filter_input(self) -> FilterInput:
        """Where the filter is typed."""
        return self.query_one(FilterInput)

    def filter_changed(self) -> None:
        """Show what else depends on the filter."""

    def action_filter(self) -> None:
        """Type what to see."""
        self.filter_input.open(self.filtered.filter.typed)

    @on(FilterInput.Changed)
    def _filter_as_typed(self, event: FilterInput.Changed) -> None:
        if self.filter_input.display:
            self._apply(event.value)

    def action_keep_filter(self) -> None:
        """Go back to the list, filtered as it was typed."""
        self._apply(self.filter_input.value)
        self._leave_input()

    def clear_filter(self) -> bool:
        """Show everything again; return whether something was hidden or being typed."""
        if not self.filter_input.display and not self.filtered.filter:
            return False
        self._apply("")
        self._leave_input()
        return True

    def _apply(self, typed: str) -> None:
        self.filtered.apply_filter(typed)
        self.filtered.remember()
        self.filter_changed()

    def _leave_input(self) -> None:
        """At once: the next key may have come with this one."""
        self.set_focus(self.filtered)
        self.filter_input.display = False
