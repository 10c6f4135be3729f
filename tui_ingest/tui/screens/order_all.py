"""Asks before several logs are paused, or go on."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui_ingest.tui.key_names import key_name
from tui_ingest.tui.screens.dialog import Dialog


class OrderAllDialog(Dialog[bool]):
    """Returns True if the order is to be given.

    Args:
        question: "Pause 12 logs?", and what that means.
        button: "Pause".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "give", "Yes", id="give_order"),
    ]

    def __init__(self, question: str, button: str) -> None:
        super().__init__()
        self._question = question
        self._button = button

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self._question))
            with Horizontal(classes="buttons"):
                yield Button(
                    f"{self._button} ({key_name(self, 'give_order')})", variant="warning", id="yes"
                )
                yield self.cancel_button()

    @on(Button.Pressed, "#yes")
    def action_give(self) -> None:
        """Give the order."""
        self.dismiss(True)
