"""What all screens of the console share: the first line, a look at the log, help, complaints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from tui_ingest.tui.commands import our_keys
from tui_ingest.tui.screens.dialogs import Dialog
from tui_ingest.tui.screens.help import HelpScreen
from tui_ingest.tui.speaking import key_name
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.widgets.key_line import KeyLine
from tui_ingest.tui.widgets.top_line import TopLine
from tui_ingest.words.terminal_safe import terminal_safe

T = TypeVar("T")

logger = logging.getLogger(__name__)

WIDE_CELLS = 100  # from here on panes stand side by side
LOW_LINES = 18  # from here on there is room for more than one pane below another


def back_key(action: str) -> Binding:
    """Return the keys that lead from a screen back to the one before it."""
    return Binding("escape,q", action, "Back", id="back")


def help_key() -> Binding:
    """Return the keys that explain the screen and its keys; `?` is text where text is typed."""
    return Binding("question_mark,f1", "help", "Help", tooltip="What the screens say", id="help")


class ConsoleScreen(Screen[None]):
    """A full screen that shows the session's state above everything else.

    Args:
        view: the log that it is about.

    Attributes:
        ready: set once the screen shows what its keys are about; those that look that up first
            clear it when they are made.
    """

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view
        self.ready = asyncio.Event()
        self.ready.set()
        self._keys: tuple[object, ...] = ()  # what the footer's keys depend on, as last shown

    def compose(self) -> ComposeResult:
        access = self.view.access
        yield TopLine(project=access.project, path=access.path or "all logs")
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """Yield what is between the first line and that of the keys."""
        raise NotImplementedError

    def key_name(self, key_id: str) -> str:
        """Return what a key is called now, for people."""
        return key_name(self, key_id)

    def on_mount(self) -> None:
        self.look()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Textual would style everything once more: a fifth of what opening a screen takes."""
        event.refresh_styles = False

    # Looking

    def look(self) -> None:
        """Show where the session stands now."""
        self.query_one(TopLine).badge = self.view.badge
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
        # Its key is text there.
        return not (action == "filter" and isinstance(self.focused, Input))

    def ready_for(self, key: str) -> asyncio.Event:  # noqa: ARG002
        """Return what a key waits for."""
        return self.ready

    def bindings_of(self, key: str) -> list[Binding]:
        """Return what a key does on this screen, whether it can be done now or not."""
        return self._bindings.key_to_bindings.get(key, [])

    def why_not(self, action: str) -> str:  # noqa: ARG002
        """Say why an action that has a key cannot be done now; "" if that needs no word."""
        return ""

    def action_help(self) -> None:
        """Explain the screens, and list the keys of this one."""
        self.app.push_screen(HelpScreen(our_keys(self), self.key_name))

    def ask(self, dialog: Dialog[T], then: Callable[[T], object]) -> None:
        """Ask for something, and go on with the answer if there is one."""

        def answered(found: T | None) -> None:
            if found is not None:
                then(found)

        self.app.push_screen(dialog, answered)

    # Failures of the screen itself

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A look-up that fails must not end the console: the session goes on behind it."""
        if event.state is WorkerState.ERROR:
            logger.error("A look-up of the console failed.", exc_info=event.worker.error)
            self.complain(event.worker.error)

    def complain(self, error: object, title: str = "That did not work") -> None:
        """Say what failed; the words may have come out of a log."""
        self.notify(terminal_safe(str(error)), title=title, severity="error", markup=False)
