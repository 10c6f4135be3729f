"""Keys one after another, also those that arrive together: pasted, or over a slow line."""

from __future__ import annotations

import asyncio
import contextlib

from textual.binding import Binding
from textual.events import Event, Key
from textual.message_pump import MessagePump
from textual.widget import Widget
from textual.widgets import Button, Input, TextArea

from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.speaking import SpeakingApp

PATIENCE_SECONDS = 1.0  # with a screen that is at work, before a key goes on without it
LOAD_SECONDS = 5.0  # the same with one that looks up what the key is about; escape does not wait


class OrderedKeysApp(SpeakingApp):
    """An app in which a key acts on what the key before it has opened.

    Textual hands each key to the widget that has the focus as the key arrives, and looks for its
    binding later: of `/quit` in one piece, the `q` still goes to the list and ends the program.
    Here a binding runs as its key arrives, and a new screen is waited for, with its rows. Text
    goes to the input that has the focus, as ever; a key that may end the typing waits for it.
    """

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            self.fall_silent()
            if await self._acts(event):
                return
        await super().on_event(event)

    async def _acts(self, event: Key) -> bool:
        """Run the binding of a key; return whether it has one and is not text."""
        screen = None
        while screen is not self.screen:  # what it waits for may open another one
            screen = self.screen
            await _caught_up(screen)
            if isinstance(screen, ConsoleScreen) and event.key != "escape":
                await _patiently(screen.ready_for(event.key), LOAD_SECONDS)
        focused = self.focused
        if focused is not None and _takes_text(focused):
            if event.is_printable:
                return False
            await _caught_up(focused)
        for priority in True, False:  # as Textual looks; the palette comes first
            if await self._check_bindings(event.key, priority=priority):
                return True
        self._say_why_not(event.key)
        return False

    def _say_why_not(self, key: str) -> None:
        """A key that does nothing, or nothing now, is not mute."""
        screen = self.screen
        if not isinstance(screen, ConsoleScreen) or isinstance(self.focused, TextArea | Button):
            return  # keys of their own
        bindings = screen.bindings_of(key)
        why = next(filter(None, (screen.why_not(binding.action) for binding in bindings)), "")
        if not bindings:
            name = self.get_key_display(Binding(key, ""))
            why = f"{name} does nothing here. {self.key_name('help')} lists what does."
        if why:
            self.notify(why, severity="warning")


def _takes_text(widget: Widget) -> bool:
    return isinstance(widget, Input) or (isinstance(widget, TextArea) and not widget.read_only)


async def _caught_up(pump: MessagePump) -> None:
    """Return once everything that was sent to a screen or a widget until now is done."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await _patiently(done, PATIENCE_SECONDS)


async def _patiently(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
