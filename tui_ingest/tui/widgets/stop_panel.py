"""The session stands before a record that fails: what it is, and what can be decided."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui_ingest.ingest.events import StoppedOnError
from tui_ingest.tui.advice import advice
from tui_ingest.tui.lines import short
from tui_ingest.tui.wording import Tone

_BUTTONS = (
    ("Inspect (enter)", "screen.inspect"),
    ("Retry (r)", "screen.retry_stopped"),
    ("Edit (i)", "screen.edit_stopped"),
    ("Set aside (x)", "screen.set_aside_stopped"),
    ("Quit (q)", "app.quit"),
)


class StopPanel(Vertical):
    """Hidden unless the session stopped on an error."""

    DEFAULT_CSS = """
    StopPanel {
        display: none; height: auto; padding: 0 1;
        border: heavy $text-error; border-title-color: $text-error; border-title-style: bold;
        &.-stopped { display: block; }
        & Static { height: auto; max-height: 5; }
        & Horizontal { height: 1; }
        & Button { margin: 0 1 0 0; min-width: 0; width: auto; padding: 0; }
    }
    """

    def compose(self) -> ComposeResult:
        self.border_title = Content("Stopped on error")
        yield Static(id="stopped-on")
        with Horizontal():
            for label, action in _BUTTONS:
                yield Button(label, action=action, compact=True)

    def show(self, stopped: StoppedOnError | None) -> None:
        """Show what the session stopped on, or nothing."""
        self.set_class(stopped is not None, "-stopped")
        if stopped is None:
            return
        subject = " ".join(
            short(word) for word in (stopped.operation, stopped.model, stopped.pk) if word
        )
        self.query_one("#stopped-on", Static).update(
            Content.assemble(
                (f"{subject or 'a line'} at byte {stopped.location.start:,}", "bold"),
                ("  ✗ ", Tone.BAD),
                (
                    f"{short(stopped.reason)}: {short(stopped.error.partition(chr(10))[0])}",
                    Tone.BAD,
                ),
                f"\n{advice(stopped.reason)}",
            )
        )
