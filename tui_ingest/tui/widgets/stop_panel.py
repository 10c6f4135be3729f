"""The session stands before a record that fails: what it is, and what can be decided."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from tui_ingest.ingest.events import StoppedOnError
from tui_ingest.ingest.reasons import advice, first_line
from tui_ingest.tui.speaking import key_name
from tui_ingest.tui.view.lines import short
from tui_ingest.tui.view.wording import Tone

_BUTTONS = (
    ("Inspect", "inspect", "screen.inspect_stopped"),
    ("Retry", "retry", "screen.retry_stopped"),
    ("Edit", "edit", "screen.edit_stopped"),
    ("Discard", "discard", "screen.discard_stopped"),
    ("Set aside", "set_aside", "screen.set_aside_stopped"),
    ("Quit", "quit", "app.ask_to_quit"),
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
            for word, key_id, action in _BUTTONS:
                label = f"{word} ({key_name(self, key_id)})"
                yield Button(Content(label), action=action, compact=True, id=key_id)

    def show(self, stopped: StoppedOnError | None, *, reading: bool) -> None:
        """Show what the session stopped on, or nothing.

        Args:
            reading: the log pane is frozen: the key that inspects is about its line.
        """
        self.set_class(stopped is not None, "-stopped")
        if stopped is None:
            return
        key = "" if reading else f" ({key_name(self, 'inspect')})"
        self.query_one("#inspect", Button).label = Content(f"Inspect{key}")
        subject = " ".join(
            short(word) for word in (stopped.operation, stopped.model, stopped.pk) if word
        )
        self.query_one("#stopped-on", Static).update(
            Content.assemble(
                (f"{subject or 'a line'} at byte {stopped.location.start:,}", "bold"),
                ("  ✗ ", Tone.BAD),
                (f"{short(stopped.reason)}: {short(first_line(stopped.error))}", Tone.BAD),
                f"\n{advice(stopped.reason)}",
            )
        )
