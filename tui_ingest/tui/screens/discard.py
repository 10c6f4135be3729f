"""Asks before something is given up, and for the reason, which is kept."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui_ingest.tui.screens.dialog import Dialog
from tui_ingest.tui.view.wording import Tone


class DiscardDialog(Dialog[str]):
    """Returns the reason, or None if nothing is to be discarded.

    Args:
        what: "1 dead letter".
    """

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
            yield Static(id="asked")
            with Horizontal(classes="buttons"):
                yield Button("Discard", variant="error", id="yes", disabled=True)
                yield self.cancel_button()

    @on(Input.Changed)
    def _allow(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = not event.value.strip()

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _discard(self) -> None:
        why = self.query_one(Input).value.strip()
        if why:
            self.dismiss(why)
        else:
            self.query_one("#asked", Static).update(
                Content.styled("Nothing is discarded without a reason. Type one.", Tone.BAD)
            )
