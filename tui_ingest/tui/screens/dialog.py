"""What the dialogs share: a way out that changes nothing."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Button

from tui_ingest.tui.key_names import key_name


class Dialog(ModalScreen[ScreenResultType | None]):
    """Asks for something; returns None if nothing is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="cancel"),
    ]

    def cancel_button(self) -> Button:
        """Return the way out, to be composed."""
        return Button(f"Cancel ({key_name(self, 'cancel')})", id="no")

    @on(Button.Pressed, "#no")
    def action_cancel(self) -> None:
        """Do nothing."""
        self.dismiss(None)
