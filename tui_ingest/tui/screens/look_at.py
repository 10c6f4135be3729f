"""Asks for a place of the log to look at."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui_ingest.oplog.log import StartPoint
from tui_ingest.tui.screens.dialog import Dialog
from tui_ingest.tui.screens.go_to import HINT
from tui_ingest.tui.view.places import parse_place
from tui_ingest.tui.view.wording import Tone
from tui_ingest.words.terminal_safe import terminal_safe


class LookAtDialog(Dialog[StartPoint]):
    """Returns a place, or None. Nothing is applied there.

    Args:
        unit: what places of this log count: "byte".
    """

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content("Look at the log at another time; nothing is applied"))
            yield Input(placeholder="15:00", id="place")
            yield Static(Content.styled(HINT.format(self._unit), Tone.QUIET), id="meaning")
            with Horizontal(classes="buttons"):
                yield Button("Look", variant="primary", id="look")
                yield self.cancel_button()

    @on(Input.Submitted)
    @on(Button.Pressed, "#look")
    def _look(self) -> None:
        try:
            self.dismiss(parse_place(self.query_one(Input).value))
        except ValueError as error:
            self.query_one("#meaning", Static).update(
                Content.styled(terminal_safe(str(error)), Tone.BAD)
            )
