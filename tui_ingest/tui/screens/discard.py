"""Asks before something is given up, and for the reason, which is kept."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class DiscardDialog(ModalScreen[str | None]):
    """Returns the reason, or None if nothing is to be discarded.

    Args:
        what: "1 dead letter".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="discard.cancel"),
    ]

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(
                Content(
                    f"Discard {self._what}? The record will not be applied. It stays in the list,"
                    " with the time and this reason:"
                )
            )
            yield Input(placeholder="why", id="why")
            with Horizontal(classes="buttons"):
                yield Button("Discard", variant="error", id="yes", disabled=True)
                yield Button("Cancel (esc)", id="no")

    @on(Input.Changed)
    def _allow(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = not event.value.strip()

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _discard(self) -> None:
        why = self.query_one(Input).value.strip()
        if why:
            self.dismiss(why)

    @on(Button.Pressed, "#no")
    def action_cancel(self) -> None:
        """Discard nothing."""
        self.dismiss(None)
