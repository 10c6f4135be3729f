"""Asks where something is written to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui_ingest.tui.screens.dialog import Dialog


class ExportDialog(Dialog[Path]):
    """Returns a path, or None. A file that exists is not overwritten: the writing refuses.

    Args:
        what: "7 dead letters as JSON lines".
        name: how the name of the file begins.
        suffix: how it ends: ".jsonl".
    """

    def __init__(self, what: str, name: str, suffix: str) -> None:
        super().__init__()
        self._what, self._name, self._suffix = what, name, suffix

    def compose(self) -> ComposeResult:
        name = f"{self._name}-{datetime.now().astimezone():%Y%m%d-%H%M%S}{self._suffix}"
        with Vertical(classes="dialog"):
            yield Static(Content(f"Write {self._what} to a new file:"))
            yield Input(str(Path.cwd() / name), id="path")
            with Horizontal(classes="buttons"):
                yield Button("Write", variant="primary", id="yes")
                yield self.cancel_button()

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def _write(self) -> None:
        text = self.query_one(Input).value.strip()
        if text:
            self.dismiss(Path(text).expanduser())
