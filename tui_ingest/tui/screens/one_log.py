"""The main screen of one log among others: the way back leads to all of them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from tui_ingest.tui.screens.console_screen import back_key
from tui_ingest.tui.screens.main import MainScreen


class OneLogScreen(MainScreen):
    """What `MainScreen` is; left with the keys that lead back from everywhere else."""

    BINDINGS: ClassVar[list[BindingType]] = [back_key("peel")]

    def action_peel(self) -> None:
        """Go back by one layer, and at last to all logs."""
        is_bare = self.maximized is None and self.log_pane.following
        if not self.clear_filter() and is_bare:
            self.dismiss()
        elif not is_bare:
            super().action_peel()
