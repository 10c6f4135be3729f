"""Asks before a session ends that has something left to do."""

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


class LeaveDialog(Dialog[bool]):
    """Returns True if the session is to end.

    Args:
        left: what is left to do: "38.0 MiB are unread, 7 dead letters are open".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,enter", "leave", "Leave", id="leave"),
    ]

    def __init__(self, left: str) -> None:
        super().__init__()
        self._left = left

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(
                Content(
                    f"Leave? {self._left}. Nothing is lost: the next start goes on from here, but"
                    " until then nothing is applied."
                )
            )
            with Horizontal(classes="buttons"):
                yield Button(f"Leave ({key_name(self, 'leave')})", variant="warning", id="yes")
                yield self.cancel_button()

    @on(Button.Pressed, "#yes")
    def action_leave(self) -> None:
        """End the session."""
        self.dismiss(True)
