"""The console: a session in a thread, and screens that look at its feed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from django.db import close_old_connections, connections
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.oplog.log import Log
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.running.exit_status import APPLIED
from tui_ingest.running.starting import status_of
from tui_ingest.tui.commands import ActionCommands
from tui_ingest.tui.feed import Feed
from tui_ingest.tui.keys import APP_KEYS, default_keys
from tui_ingest.tui.lines import ElidedLine, Line
from tui_ingest.tui.rates import RateHistory, Trend
from tui_ingest.tui.screens.console_screen import WIDE_CELLS, ConsoleScreen
from tui_ingest.tui.screens.main import MainScreen

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25  # between two looks at the feed
SESSION = "session"  # the group of its worker

RunSession = Callable[[Control, Callable[[Event], None]], SessionEnded]


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the session works on, for the screens that look at it by themselves."""

    path: str  # of the log, as its checkpoint knows it
    database: str  # alias
    project: str  # for the operator: "mysite.settings · default postgresql"
    open_log: Callable[[], Log]  # another reader of the same log; the caller closes it
    # The line at a place of the log, without its terminator; None if it is not there any more.
    read_again: Callable[[RecordLocation], bytes | None]


class ConsoleApp(App[None]):
    """The console of one session.

    Args:
        run_session: runs in a thread until the control stops it.
        control: orders to that session.
        keymap: keys other than the default ones, by the ids of their bindings.
    """

    TITLE = "tui-ingest"
    CSS_PATH = Path(__file__).with_name("console.tcss")
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (WIDE_CELLS, "-wide"),
    ]
    COMMANDS = App.COMMANDS | {ActionCommands}
    BINDINGS: ClassVar[list[BindingType]] = APP_KEYS

    class News(Message):
        """Something is new after a quiet time; one message, however much it is."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ConsoleApp.News)

    def __init__(
        self,
        run_session: RunSession,
        control: Control,
        target: Target,
        *,
        clock: Callable[[], float] = time.time,
        keymap: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.control = control
        self.target = target
        self.clock = clock
        self.feed = Feed()
        self.rates = RateHistory()
        self.trend = Trend()
        self.snapshot = SessionStatus(path=target.path)
        self._held: list[Line] = []  # lines of a flood that the next look will show
        self._run_session = run_session
        self._first_keys = {**default_keys(), **(keymap or {})}
        self._keys_changed = dict(keymap or {})
        self.main = MainScreen()
        self.session_over = threading.Event()  # the session's work is done

    # The session

    def on_mount(self) -> None:
        self.set_keymap(self._keys_changed)
        self.push_screen(self.main)
        self.feed.on_news = self._announce
        self.set_interval(LOOK_SECONDS, self.look)

    def on_ready(self) -> None:
        # Not before the first screen is drawn: the two share one interpreter.
        self.run_worker(self._work, thread=True, group=SESSION, exit_on_error=False)

    def on_unmount(self) -> None:
        # However the screen ended: the thread must not outlive it.
        self.feed.on_news = _nobody
        self.control.stop()

    def _work(self) -> SessionEnded:
        close_old_connections()
        try:
            return self._run_session(self.control, self.feed.report)
        finally:
            connections.close_all()
            self.session_over.set()

    def _announce(self) -> None:
        """In the session's thread."""
        self.post_message(self.News())

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.group != SESSION or not event.worker.is_finished:
            return
        if event.state is WorkerState.ERROR:
            self._report_crash(event.worker.error)
        self.look()
        if self.control.stopping:
            self.exit(return_code=self.status)

    def _report_crash(self, error: BaseException | None) -> None:
        logger.error("The session crashed.", exc_info=error)
        text = f"The session crashed: {type(error).__name__}: {error}."
        text += f" See the events ({self.key_name('events')})."
        self.feed.report(SessionEnded(at=self.clock(), state=State.STOPPED, error=text))

    @property
    def over(self) -> bool:
        """Whether the session's work is done."""
        return self.session_over.is_set()

    @property
    def status(self) -> int:
        """The exit status of the process."""
        ended = self.snapshot.ended
        return APPLIED if ended is None else status_of(ended)

    def get_key_display(self, binding: Binding) -> str:
        """Return a key for people to read; not all of them know what ⏎ stands for."""
        return super().get_key_display(binding).replace("⏎", "enter")

    def key_name(self, key_id: str) -> str:
        """Return the key of a binding, for people to read."""
        (first, *_) = Binding.make_bindings([Binding(self._first_keys[key_id], "")])
        return self.get_key_display(first)

    # Looking

    def on_console_app_news(self) -> None:
        self.look()

    def look(self) -> None:
        """Take what is new to the screens."""
        if not self.is_running:  # the screens are being put away
            return
        self.snapshot, lines = self.feed.take()
        now = time.monotonic()
        self.rates.sample(now, self.snapshot.records)
        if self.snapshot.backlog is not None:
            self.trend.sample(now, self.snapshot.backlog.remaining_bytes)
        self._show(lines)
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen) and screen.is_mounted:
                screen.look()

    def _show(self, lines: Sequence[Line]) -> None:
        """Add lines to the log pane; of a flood, at every other look.

        Nobody can read lines that are all replaced at once, and drawing them is most of what the
        screen costs the session.
        """
        is_flood = any(isinstance(line, ElidedLine) for line in lines)
        is_shown = bool(self._held) or not is_flood
        self._held += lines
        if is_shown:
            self.main.add_lines(self._held)
            self._held = []

    # Actions

    async def action_quit(self) -> None:
        """Quit after the running batch."""
        self.control.stop()
        self.look()
        if self.over:
            self.exit(return_code=self.status)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for command in super().get_system_commands(screen):
            if command.title in {"Theme", "Screenshot"}:
                yield command


def _nobody() -> None:
    """Nobody is looking any more."""
