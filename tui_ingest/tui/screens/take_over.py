"""Asks before the log is taken from the session that applies it."""

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


class TakeOverDialog(Dialog[bool]):
    """Returns True if the log is to be applied here.

    Args:
        runs_on: who applies it: "pid 812 on web-1"; "" for nobody.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T,enter", "take_over", "Take over", id="take_over"),
    ]

    def __init__(self, runs_on: str) -> None:
        super().__init__()
        self._runs_on = runs_on

    def compose(self) -> ComposeResult:
        whom = (
            f"{self._runs_on} hands it over after its batch and stands by"
            if (self._runs_on)
            else "Nobody applies it now"
        )
        with Vertical(classes="dialog"):
            yield Static(Content(f"Apply the log here? {whom}. When you quit, this one ends."))
            with Horizontal(classes="buttons"):
                yield Button(
                    f"Take over ({key_name(self, 'take_over')})", variant="warning", id="yes"
                )
                yield self.cancel_button()

    @on(Button.Pressed, "#yes")
    def action_take_over(self) -> None:
        """Apply the log here."""
        self.dismiss(True)
