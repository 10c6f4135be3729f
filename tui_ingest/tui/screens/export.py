"""Asks where dead letters are written to."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui_ingest.tui.screens.dialog import Dialog
from tui_ingest.words.numbers import plural


class ExportDialog(Dialog[Path]):
    """Returns a path, or None. A file that exists is not overwritten: the writing refuses."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def compose(self) -> ComposeResult:
        name = f"dead-letters-{datetime.now().astimezone():%Y%m%d-%H%M%S}.jsonl"
        with Vertical(classes="dialog"):
            yield Static(
                Content(f"Write {plural(self._number, 'dead letter')} as JSON lines to a new file:")
            )
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
