"""From what stands under the cursor to the history of its row."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.history import HistoryScreen
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import LookUp
from tui_ingest.tui.view.log_view import LogView


class HistoryActions(ConsoleScreen):
    """The key of the screens on which a row is meant."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "h",
            "history",
            "History of the row",
            tooltip="All its records, and the row now",
            show=False,
            id="history",
        ),
    ]

    def row_meant(self) -> FindSubjects | None:
        """Return what finds the row that the key is about; None if none is."""
        raise NotImplementedError

    def log_meant(self) -> LogView:
        """Return the log that the row is looked for in."""
        return self.view

    def inspector(self, look_up: LookUp) -> Screen[None]:
        """Return the screen that shows one of the row's records."""
        raise NotImplementedError

    def no_row(self) -> str:
        """Say why no row is meant."""
        return "No record is under the cursor."

    def action_history(self) -> None:
        """Show every record of the row, and the row now."""
        find = self.row_meant()
        if find is None:
            self.notify(self.no_row(), severity="warning")
        else:
            self.app.push_screen(HistoryScreen(self.log_meant(), find, self.inspector))
