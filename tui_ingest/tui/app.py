"""The console: a session in a thread, and screens that look at what it reports."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.worker import Worker, WorkerState

from tui_ingest.ingest.events import SessionEnded, State
from tui_ingest.tui.commands import ActionCommands
from tui_ingest.tui.keys import APP_KEYS, default_keys
from tui_ingest.tui.legible import legible
from tui_ingest.tui.ordered_keys import OrderedKeysApp
from tui_ingest.tui.screens.console_screen import LOW_LINES, WIDE_CELLS, ConsoleScreen
from tui_ingest.tui.screens.dialogs import LeaveDialog
from tui_ingest.tui.screens.logs import LogsScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.terminal.driver import PacedApp
from tui_ingest.tui.view.all_logs import AllLogs
from tui_ingest.tui.view.database import own_connections
from tui_ingest.tui.view.farewell import left_to_do
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.one_of_many import RunSession
from tui_ingest.tui.view.view_memory import ViewMemory
from tui_ingest.words.terminal_safe import terminal_safe

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25  # between two looks at the feed
BEHIND_SECONDS = 5.0  # between two looks at what lies behind a dialog
SESSION = "session"  # the group of its worker
QUIET_SECONDS = 600.0  # without a record set aside, after which the next one is worth a sound


class FirstFailure:
    """Tells which failure is worth a sound, from a counter that only grows."""

    def __init__(self) -> None:
        self._seen = 0
        self._at: float | None = None  # when it grew last

    def is_news(self, set_aside: int, now: float) -> bool:
        """Tell whether a record was set aside, and none for a while before.

        Args:
            set_aside: by this session, so far.
            now: seconds, by any clock that does not jump.
        """
        if set_aside <= self._seen:
            return False
        before, self._seen, self._at = self._at, set_aside, now
        return before is None or now - before > QUIET_SECONDS


class ConsoleApp(PacedApp, OrderedKeysApp):
    """The console of one log, or of many.

    Args:
        view: the log, or all logs; what the screens see of it.
        run_session: runs in a thread, and reports to whom it is given, until it is ordered to stop.
        keymap: keys other than the default ones, by the ids of their bindings.
        memory: of how somebody likes to look.
        rings: at the first failure after a quiet time.
    """

    TITLE = "tui-ingest"
    CSS_PATH = Path(__file__).with_name("console.tcss")
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (WIDE_CELLS, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [
        (0, "-low"),
        (LOW_LINES, "-high"),
    ]
    COMMANDS = App.COMMANDS | {ActionCommands}
    BINDINGS: ClassVar[list[BindingType]] = APP_KEYS

    class News(Message):
        """Something is new after a quiet time; one message, however much it is."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ConsoleApp.News)

    def __init__(
        self,
        view: LogView,
        run_session: RunSession,
        *,
        keymap: Mapping[str, str] | None = None,
        memory: ViewMemory | None = None,
        rings: bool = False,
    ) -> None:
        super().__init__({**default_keys(), **(keymap or {})})
        self.view = view
        self.memory = memory or ViewMemory()
        self._run_session = run_session
        self._first_failure = FirstFailure() if rings else None
        self._keys_changed = dict(keymap or {})
        self.animation_level = "none"  # what moves is sent again and again, and is late
        self._drawn_at = float("-inf")  # monotonic seconds
        self.main = LogsScreen(view) if isinstance(view, AllLogs) else MainScreen(view)

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        self.theme_variables = {**variables, **legible(variables)}
        return self.theme_variables

    # The session

    def on_mount(self) -> None:
        self.set_keymap(self._keys_changed)
        self._recall_theme()
        self.push_screen(self.main)
        self.view.feed.on_news = self._announce
        self.set_interval(LOOK_SECONDS, self.look)

    def on_ready(self) -> None:
        # Not before the first screen is drawn: the two share one interpreter.
        self.run_worker(self._work, thread=True, group=SESSION, exit_on_error=False)

    def on_unmount(self) -> None:
        # However the screen ended: the thread must not outlive it.
        self.view.feed.on_news = _nobody
        self.view.stop()

    def _work(self) -> SessionEnded:
        try:
            with own_connections():
                return self._run_session(self.view.feed.report)
        finally:
            self.view.session_over.set()

    def _announce(self) -> None:
        """In the session's thread."""
        self.post_message(self.News())

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.worker.group != SESSION or not event.worker.is_finished:
            return
        if event.state is WorkerState.ERROR:
            self._report_crash(event.worker.error)
        self.look()
        if self.view.stopping:
            self.exit(return_code=self.view.exit_status)

    def _report_crash(self, error: BaseException | None) -> None:
        logger.error("The session crashed.", exc_info=error)
        text = f"The session crashed: {type(error).__name__}: {error}."
        text += f" See the events ({self.key_name('events')})."
        ended = SessionEnded(at=self.view.clock(), state=State.STOPPED, error=text)
        self.view.feed.report(ended)

    def _recall_theme(self) -> None:
        """Begin with the theme that was chosen last, and remember the one that is chosen next."""
        theme = self.memory.recall("theme").get("name")
        if isinstance(theme, str) and theme in self.available_themes:
            self.theme = theme
        self.theme_changed_signal.subscribe(self, self._remember_theme)

    def _remember_theme(self, theme: Theme) -> None:
        self.memory.remember("theme", {"name": theme.name})

    # Looking

    def on_console_app_news(self) -> None:
        self.look()

    def look(self) -> None:
        """Take what is new to the screens."""
        if not self.is_running:  # the screens are being put away
            return
        if trouble := self.memory.take_trouble():
            self.notify(terminal_safe(trouble), severity="warning")
        screens = [
            screen
            for screen in self.screen_stack
            if isinstance(screen, ConsoleScreen) and screen.is_mounted
        ]
        for view in {self.view, *(screen.view for screen in screens)}:
            view.look()
        if self._is_time_to_draw():
            for screen in screens:
                screen.look()
        self._ring_if_new()

    def _is_time_to_draw(self) -> bool:
        """Tell whether screens are to show what is new: not before the terminal shows what is old.

        Behind a dialog, seldom: whatever changes there draws the whole terminal.
        """
        if self.is_behind:
            return False
        now = time.monotonic()
        if isinstance(self.screen, ModalScreen) and now - self._drawn_at < BEHIND_SECONDS:
            return False
        self._drawn_at = now
        return True

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """The screens that can be seen behind the one in front.

        Textual takes the one behind it for visible even if it is covered, and draws the whole
        screen whenever something changes there.
        """
        covers_all = self.screen.styles.background.a == 1
        return [] if covers_all else super()._background_screens

    def _ring_if_new(self) -> None:
        """Ring, and have a terminal that can (OSC 9) show a notification, where that is wanted."""
        status = self.view.status
        if self._first_failure is None:
            return
        if self._first_failure.is_news(status.set_aside, time.monotonic()):
            self.bell()
            if self._driver is not None:
                name = terminal_safe(PurePath(status.path).name)
                self._driver.write(f"\x1b]9;{self.TITLE} {name}: {status.last_error}\x07")

    # Screens

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:  # as Textual's
        """Open a screen, styled for the size that it will have.

        Textual lays a screen out and draws it, and then finds out which of the breakpoints holds:
        it is styled, laid out and drawn twice.
        """
        if isinstance(screen, Screen):
            for size, breakpoints in zip(
                self.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True
            ):
                names = [name for least, name in breakpoints if size >= least]
                screen.add_class(*names[-1:], update=False)
        return super().push_screen(screen, *args, **options)

    # Actions

    async def action_ask_to_quit(self) -> None:
        """Quit, unless the session has something left to do and the operator stays for that."""
        left = "" if self.view.access.dry_run else left_to_do(self.view.status)
        if self.view.over or self.view.stopping or not left:
            await self.action_quit()
        else:
            self.push_screen(LeaveDialog(left), self._quit_if)

    async def _quit_if(self, leaving: bool | None) -> None:
        if leaving:
            await self.action_quit()

    def action_help_quit(self) -> None:
        """Tell who presses ctrl+c the key that the footer names."""
        if self.screen is self.main:
            self.notify(f"{self.key_name('quit')} quits.")
        else:
            back, out = self.key_name("back"), self.key_name("quit_anywhere")
            self.notify(f"{back} goes back; {out} quits from here.")

    async def action_quit(self) -> None:
        """Quit after the running batch."""
        self.view.stop()
        self.look()
        if self.view.over:
            self.exit(return_code=self.view.exit_status)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for command in super().get_system_commands(screen):
            if command.title in {"Theme", "Screenshot"}:
                yield command


def _nobody() -> None:
    """Nobody is looking any more."""
