"""What all screens of the console share: the first line, a look at the feed, and pausing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui_ingest.tui.commands import our_keys
from tui_ingest.tui.screens.help import HelpScreen
from tui_ingest.tui.widgets.top_line import TopLine
from tui_ingest.tui.wording import badge
from tui_ingest.words.terminal_safe import terminal_safe

if TYPE_CHECKING:
    from tui_ingest.tui.app import ConsoleApp

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
    """A full screen that shows the session's state above everything else."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: tuple[object, ...] = ()  # what the footer's keys depend on, as last shown

    @property
    def console(self) -> ConsoleApp:
        """The app, as what it is."""
        return cast("ConsoleApp", self.app)

    def top_line(self) -> TopLine:
        """Return the first line, to be composed."""
        return TopLine(project=self.console.target.project, path=self.console.target.path)

    def on_mount(self) -> None:
        self.look()

    # Looking

    def look(self) -> None:
        """Show where the session stands now."""
        control, snapshot = self.console.control, self.console.snapshot
        self.query_one(TopLine).badge = badge(
            snapshot,
            pausing=control.paused and not snapshot.paused,
            stopping=control.stopping,
        )
        keys = self.key_state()
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    def key_state(self) -> tuple[object, ...]:
        """Return what decides which keys work; when it changes, the footer is drawn again."""
        return self.console.control.paused, self.console.over

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
        if self.console.over:
            return None if action == "pause" else False
        return self.console.control.paused is (action == "resume")

    # Orders

    def action_pause(self) -> None:
        """Stop after the running batch."""
        self.console.control.pause()
        self.console.look()

    def action_resume(self) -> None:
        """Go on."""
        self.console.control.resume()
        self.console.look()

    def action_help(self) -> None:
        """Explain the screens, and list the keys of this one."""
        self.app.push_screen(HelpScreen(our_keys(self), self.console.key_name))

    # Failures of the screen itself

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A look-up that fails must not end the console: the session goes on behind it."""
        if event.state is WorkerState.ERROR:
            logger.error("A look-up of the console failed.", exc_info=event.worker.error)
            self.complain(event.worker.error)

    def complain(self, error: object, title: str = "That did not work") -> None:
        """Say what failed; the words may have come out of a log."""
        self.notify(terminal_safe(str(error)), title=title, severity="error", markup=False)
