"""The keys that work now, on the last line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui_ingest.tui.speaking import Said, speaker
from tui_ingest.tui.view.wording import Tone

_TONES = {"information": Tone.GOOD, "warning": Tone.WARNING, "error": Tone.BAD}
PALETTE = App.COMMAND_PALETTE_BINDING


_KEPT = {"back", "help", "quit"}  # ids of the keys without which somebody is lost


class _Key(NamedTuple):
    id: str
    key: str  # for Textual
    name: str  # for people
    description: str
    enabled: bool

    @property
    def cells(self) -> int:
        return cell_len(self.name) + 1 + cell_len(self.description)


class KeyLine(Widget):
    """A footer that is drawn and not composed; what is said stands here until the next key.

    Textual's own makes a widget of each key, anew whenever a key changes its meaning: 30 of the
    40 ms that pausing took, while a session wants the same interpreter.
    """

    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: auto; max-height: 3; background: $panel; color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[_Key] = []
        self._lines = 1  # that it is high

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look_up)
        speaker(self).said_signal.subscribe(self, self._speak)

    def _speak(self, said: Said | None) -> None:
        lines = self._lines_of(said)
        if lines == self._lines:
            self.refresh()
        else:  # the whole screen is drawn again
            self._lines = lines
            self.refresh(layout=True)

    def _lines_of(self, said: Said | None) -> int:
        return _content(said).get_height({}, self.size.width or 1) if said is not None else 1

    def _look_up(self, screen: Screen[object]) -> None:
        active = list(screen.active_bindings.values())
        # Of several keys for one action the first is shown.
        shown = {found.binding.action: found for found in reversed(active) if found.binding.show}
        palette = [found for found in active if found.binding.key == PALETTE]
        self._keys = [self._key(found) for found in [*reversed(shown.values()), *palette]]
        self.refresh()

    def _key(self, active: ActiveBinding) -> _Key:
        name = self.app.get_key_display(active.binding)
        binding = active.binding
        return _Key(binding.id or "", binding.key, name, binding.description, active.enabled)

    def render(self) -> Content:
        if (said := speaker(self).said) is not None:
            return _content(said)
        pieces: list[str | tuple[str, str]] = []
        end = 0
        for start, key in self._places():
            pieces += [
                " " * (start - end),
                (key.name, "bold $text-accent" if key.enabled else "dim"),
                (f" {key.description}", "" if key.enabled else "dim"),
            ]
            end = start + key.cells
        return Content.assemble(*pieces)

    def _places(self) -> Iterator[tuple[int, _Key]]:
        """Yield each key that has room with the cell at which it starts."""
        width = self.size.width
        roomy = sum(key.cells + 2 for key in self._keys) <= width
        start = 1 if roomy else 0
        for key in self._keys if roomy else self._that_fit(width):
            yield start, key
            start += key.cells + (2 if roomy else 1)

    def _that_fit(self, width: int) -> list[_Key]:
        """Return the keys that have room, the first ones rather than the others."""
        kept = [key for key in self._keys if key.id in _KEPT]
        room = width + 1 - sum(key.cells + 1 for key in kept)
        shown = []
        for key in self._keys:
            if key.id not in _KEPT:
                room -= key.cells + 1
            if key.id in _KEPT or room >= 0:
                shown.append(key)
        return shown

    async def on_click(self, event: events.Click) -> None:
        for start, key in self._places():
            if start <= event.x < start + key.cells:
                self.app.simulate_key(key.key)


def _content(said: Said) -> Content:
    return Content.styled(f" {said.text}", _TONES[said.severity])
