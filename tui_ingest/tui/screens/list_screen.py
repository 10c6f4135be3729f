"""Lists on a screen: sorted, filtered as it is typed; and the screens that are one list."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.widgets.about import About
from tui_ingest.tui.widgets.filtered_rows import FilteredRows, FilterInput
from tui_ingest.tui.widgets.list_view import ListView


def sort_keys() -> list[BindingType]:
    """Return the keys of a list that is sorted."""
    return [
        Binding("s", "sort", "Sort", tooltip="By the next column", show=False, id="sort"),
        Binding("S", "sort_backwards", "Sort backwards", show=False, id="sort_backwards"),
    ]


def list_keys() -> list[BindingType]:
    """Return the keys of a list that is sorted and filtered."""
    return [
        Binding("slash", "filter", "Filter", tooltip="What to see", id="filter"),
        *sort_keys(),
    ]


class FilterActions(ConsoleScreen):
    """The filter of a screen's rows: opened, kept with enter, cleared with escape.

    Attributes:
        table: the list that is sorted.
        filtered: the rows that are filtered.
        filter_input: where the filter is typed.
    """

    table: ListView[Any]
    filtered: FilteredRows
    filter_input: FilterInput

    def filter_changed(self) -> None:
        """Show what else depends on the filter."""

    def action_filter(self) -> None:
        """Type what to see."""
        self.filter_input.open(self.filtered.filter.typed)

    @on(FilterInput.Changed)
    def _filter_as_typed(self, event: FilterInput.Changed) -> None:
        if self.filter_input.display:
            self.apply_filter(event.value)

    def action_keep_filter(self) -> None:
        """Go back to the list, filtered as it was typed."""
        self.apply_filter(self.filter_input.value)
        self.leave_input()

    def clear_filter(self) -> bool:
        """Show everything again; return whether something was hidden or being typed."""
        if not self.filter_input.display and not self.filtered.filter:
            return False
        self.apply_filter("")
        self.leave_input()
        return True

    def apply_filter(self, typed: str) -> None:
        """Show what matches."""
        self.filtered.apply_filter(typed)
        self.filtered.remember()
        self.filter_changed()

    def leave_input(self) -> None:
        """Go back to the rows at once: the next key may have come with this one."""
        self.set_focus(self.filtered)
        self.filter_input.display = False

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_next()

    def action_sort_backwards(self) -> None:
        """Turn the direction round."""
        self.table.sort_backwards()


class ListScreen(FilterActions):
    """A list under the first line, left with escape; below it is said more of its current row."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.table = self.filtered = self.make_table()
        self.filter_input = FilterInput(placeholder=self.table.VOCABULARY.hint)
        self.about = About()

    def make_table(self) -> ListView[Any]:
        """Return the list."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        yield self.table
        yield self.filter_input
        yield self.about

    def action_peel(self) -> None:
        """Clear the filter, or go back."""
        if not self.clear_filter():
            self.dismiss()
