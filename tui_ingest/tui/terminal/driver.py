"""Sends a terminal no more than it takes in, however much there is in between."""

from __future__ import annotations

import os
import selectors
import threading
import time
from codecs import getincrementaldecoder
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO, cast

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, RenderableType
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Offset, Size
from textual.message import Message
from textual.screen import Screen

from tui_ingest.tui.terminal.image import TerminalImage

AT_MOST = 1 << 14  # bytes; a large screen
AT_LEAST = 1 << 10
# What is under way when a key is pressed comes before the answer.
AIM_SECONDS = 0.4
SOON_SECONDS = 0.25
DRIFT = 1.02  # by which the way there may have become longer, at each arrival


class _Piece(NamedTuple):
    sent_at: float  # monotonic seconds
    size: int  # bytes
    under_way: int  # bytes, this included, when it was sent


class Pace:
    """Learns from how long pieces are under way how much to send at a time."""

    def __init__(self) -> None:
        self._pieces: deque[_Piece] = deque()
        self._window = AT_MOST
        self._way_seconds = float("inf")  # that a piece takes if nothing is before it

    @property
    def room(self) -> int:
        """How many bytes may be sent now."""
        return self._window - self._under_way

    @property
    def _under_way(self) -> int:
        return sum(piece.size for piece in self._pieces)

    def sent(self, size: int, at: float) -> None:
        """Take note of a piece."""
        self._pieces.append(_Piece(at, size, self._under_way + size))

    def arrived_but(self, number: int, at: float) -> None:
        """Take note that all but so many pieces, the last ones, are there."""
        while len(self._pieces) > number:
            self._arrived(at)

    def _arrived(self, at: float) -> None:
        piece = self._pieces.popleft()
        seconds = at - piece.sent_at
        self._way_seconds = min(seconds, self._way_seconds * DRIFT)
        late = seconds - self._way_seconds
        fits = 2 * self._window if late < SOON_SECONDS else piece.under_way * AIM_SECONDS / late
        self._window = round(max(AT_LEAST, min(fits, AT_MOST)))

    def overdue(self, seconds: float, at: float) -> bool:
        """Tell whether a piece is under way for longer than this."""
        return bool(self._pieces) and at - self._pieces[0].sent_at > seconds


WHERE_IS_THE_CURSOR = "\x1b[6n"  # is answered when all before it is drawn
# Those in which others run do not, or not in colour; what they send on is their own affair.
ERASING = ("xterm", "alacritty", "foot", "linux", "rxvt")
PATIENCE_SECONDS = 10.0  # with a terminal that has answered before
IDLE_SECONDS = 0.1  # between two looks whether the console ends
FAREWELL_SECONDS = 1.0  # for answers, which the shell would take for typing


class PacedDriver(LinuxDriver):
    """Textual's, but for the way of what is drawn.

    A line may hold megabytes that were written and not seen, and what answers a key comes after
    them. So the terminal is asked after each piece, and what is under way is kept small. One that
    does not answer is taken to have seen what the system has taken from this process: some 17 kB
    more than it has.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._file: Any = _Watched(cast("TextIO", self._file), self._written)
        self._image = TerminalImage(
            _colors(self._app.console.color_system),
            erases=os.environ.get("TERM", "").startswith(ERASING),
        )
        self._pace = Pace()
        self._cursor = Offset(0, 0)
        self._lock = threading.Condition()
        self._handed_on = 0  # writes, to the thread that makes them
        self._due = 0  # answers
        self._answers = False  # whether this terminal does

    # Drawing, in the screen's thread

    @property
    def is_behind(self) -> bool:
        """Whether something drawn is not sent yet."""
        return self._image.is_behind

    def draw(self, update: LayoutUpdate | ChopsUpdate, size: Size, cursor: Offset) -> None:
        """Show what is drawn, as soon as the terminal is ready for it."""
        self._image.resize(size)
        self._image.draw(update)
        self._cursor = cursor
        self._send()

    def prefer_what_comes(self) -> None:
        """Draw first what is drawn from now on."""
        self._image.prefer_what_comes()

    def draw_anew(self) -> None:
        """Draw all there is, whatever others have written on the terminal."""
        self._image.forget()
        self._send()

    def give_up_waiting(self) -> None:
        """Wait no longer for an answer that is long due."""
        now = time.monotonic()
        if self._answers and self._pace.overdue(PATIENCE_SECONDS, now):
            self._answers = False
            with self._lock:
                self._due = 0
            self._pace.arrived_but(0, now)
            self._send()

    def _send(self) -> None:
        room = self._pace.room
        if room > 0 and (text := self._image.changes(room)):
            x, y = self._cursor
            text = f"{text}\x1b[{y + 1};{x + 1}H"
            self._hand_on(f"\x1b[?2026h{text}\x1b[?2026l" if self._app._sync_available else text)

    def _hand_on(self, text: str) -> None:
        text += WHERE_IS_THE_CURSOR
        with self._lock:
            self._due += 1
        self._pace.sent(len(text.encode()), time.monotonic())
        self.write(text)

    def write(self, data: str) -> None:
        with self._lock:
            self._handed_on += 1
        super().write(data)

    # What has become of it

    def _written(self, number: int) -> None:
        """In the thread that writes: nothing is left to write but what has just come."""
        self._loop.call_soon_threadsafe(self._drained, number, time.monotonic())

    def _drained(self, number: int, at: float) -> None:
        if not self._answers and number == self._handed_on:
            self._pace.arrived_but(0, at)
            self._send()

    def process_message(self, message: Message) -> None:
        """In the thread that reads."""
        if not isinstance(message, events.CursorPosition):
            super().process_message(message)
            return
        with self._lock:
            self._due = max(0, self._due - 1)
            self._lock.notify_all()
        self._loop.call_soon_threadsafe(self._answered, self._due, time.monotonic())

    def run_input_thread(self) -> None:
        """Read as Textual does, which finds out only after 0.1 s that an escape is a key."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            seconds = IDLE_SECONDS
            while not self.exit_event.is_set():
                text = ""
                if selector.select(seconds):
                    if not (data := os.read(self.fileno, 4096)):
                        break  # the terminal is gone
                    text = decode(data)
                for message in (*(parser.feed(text) if text else ()), *parser.tick()):
                    self.process_message(message)
                seconds = 1.1 * ESCAPE_DELAY if text else IDLE_SECONDS

    def _answered(self, due: int, at: float) -> None:
        self._answers = True
        self._pace.arrived_but(due, at)
        self._send()

    # Coming and going

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._image.forget()
        if self._writer_thread is not None:
            self._hand_on("")

    def disable_input(self) -> None:
        if self._answers:
            with self._lock:
                self._lock.wait_for(lambda: not self._due, FAREWELL_SECONDS)
        super().disable_input()


class _Watched:
    """What Textual's thread writes to; tells how many writes there were when all are through."""

    def __init__(self, file: TextIO, written: Callable[[int], None]) -> None:
        self._file = file
        self._written = written
        self._writes = 0

    def write(self, text: str) -> None:
        self._file.write(text)
        self._writes += 1

    def flush(self) -> None:
        self._file.flush()
        self._written(self._writes)

    def fileno(self) -> int:
        return self._file.fileno()


def _colors(name: str | None) -> ColorSystem:
    return COLOR_SYSTEMS[name] if name else ColorSystem.TRUECOLOR


class PacedApp(App[None]):
    """An app that a terminal which takes in little can follow."""

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return PacedDriver if found is LinuxDriver else found

    @property
    def is_behind(self) -> bool:
        """Whether the terminal is still to be shown what is drawn."""
        return isinstance(self._driver, PacedDriver) and self._driver.is_behind

    def on_mount(self) -> None:
        if isinstance(self._driver, PacedDriver):
            self.set_interval(1.0, self._driver.give_up_waiting)

    async def on_event(self, event: events.Event) -> None:
        is_input = isinstance(event, events.InputEvent) and not isinstance(event, events.MouseMove)
        if is_input and isinstance(self._driver, PacedDriver):
            self._driver.prefer_what_comes()
        await super().on_event(event)

    def action_draw_anew(self) -> None:
        """Draw the whole screen: on a bad line, or from another program, something is amiss."""
        if isinstance(self._driver, PacedDriver):
            self._driver.draw_anew()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Draw; where nothing is drawn, or otherwise, Textual does that."""
        driver = self._driver
        if (
            isinstance(driver, PacedDriver)
            and isinstance(renderable, LayoutUpdate | ChopsUpdate)
            and self.is_running
            and not (self._closed or self._batch_count)
        ):
            cursor = screen.outer_size.clamp_offset(self.cursor_position)
            driver.draw(renderable, self.size, cursor)
        else:
            super()._display(screen, renderable)
