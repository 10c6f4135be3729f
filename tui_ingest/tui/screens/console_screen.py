"""What all screens of the console share: the first line, a look at the feed, and pausing."""

from __future__ import annotations

import logging

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui_ingest.tui.commands import our_keys
from tui_ingest.tui.key_names import key_name
from tui_ingest.tui.screens.help import HelpScreen
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.wording import badge
from tui_ingest.tui.widgets.top_line import TopLine
from tui_ingest.words.terminal_safe import terminal_safe

logger = logging.getLogger(__name__)

WIDE_CELLS = 100  # from here on panes stand side by side


def pause_keys(*, shown: bool) -> list[BindingType]:
    """Return the keys that pause and resume, which work on every screen.

    Args:
        shown: whether they are in the footer.
    """
    tip = "Stop the work after the running batch"
    return [
        Binding("space,p", "pause", "Pause", tooltip=tip, show=shown, id="pause"),
        Binding(
            "space,p", "resume", "Resume", tooltip="Go on with the work", show=shown, id="pause"
        ),
    ]


def help_key() -> Binding:
    """Return the keys that explain the screen and its keys; `?` is text where text is typed."""
    return Binding("question_mark,f1", "help", "Help", tooltip="What the screens say", id="help")


class ConsoleScreen(Screen[None]):
    """A full screen that shows the session's state above everything else.

    Args:
        view: the log that it is about.
    """

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view
        self._keys: tuple[object, ...] = ()  # what the footer's keys depend on, as last shown

    def top_line(self) -> TopLine:
        """Return the first line, to be composed."""
        return TopLine(project=self.view.access.project, path=self.view.access.path)

    def key_name(self, key_id: str) -> str:
        """Return what a key is called now, for people."""
        return key_name(self, key_id)

    def on_mount(self) -> None:
        self.look()

    # Looking

    def look(self) -> None:
        """Show where the session stands now."""
        view = self.view
        self.query_one(TopLine).badge = badge(
            view.status, pausing=view.pausing, stopping=view.stopping
        )
        keys = self.key_state()
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    def key_state(self) -> tuple[object, ...]:
        """Return what decides which keys work; when it changes, the footer is drawn again."""
        return self.view.held, self.view.over

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  # Textual's signature
    ) -> bool | None:
        """Tell whether an order makes sense now; None shows its key as inactive."""
        if action == "filter" and isinstance(self.focused, Input):
            return False  # its key is text there
        if action not in {"pause", "resume"}:
            return True
        if self.view.over:
            return None if action == "pause" else False
        return self.view.held is (action == "resume")

    # Orders

    def action_pause(self) -> None:
        """Stop after the running batch."""
        self.view.pause()
        self.look()

    def action_resume(self) -> None:
        """Go on."""
        self.view.resume()
        self.look()

    def action_help(self) -> None:
        """Explain the screens, and list the keys of this one."""
        self.app.push_screen(HelpScreen(our_keys(self), self.key_name))

    # Failures of the screen itself

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A look-up that fails must not end the console: the session goes on behind it."""
        if event.state is WorkerState.ERROR:
            logger.error("A look-up of the console failed.", exc_info=event.worker.error)
            self.complain(event.worker.error)

    def complain(self, error: object, title: str = "That did not work") -> None:
        """Say what failed; the words may have come out of a log."""
        self.notify(terminal_safe(str(error)), title=title, severity="error", markup=False)
