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


class _Key(NamedTuple):
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

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._look_up)
        speaker(self).said_signal.subscribe(self, self._speak)

    def _speak(self, _: Said | None) -> None:
        self.refresh(layout=True)

    def _look_up(self, screen: Screen[object]) -> None:
        active = list(screen.active_bindings.values())
        # Of several keys for one action the first is shown.
        shown = {found.binding.action: found for found in reversed(active) if found.binding.show}
        palette = [found for found in active if found.binding.key == PALETTE]
        self._keys = [self._key(found) for found in [*reversed(shown.values()), *palette]]
        self.refresh()

    def _key(self, active: ActiveBinding) -> _Key:
        name = self.app.get_key_display(active.binding)
        return _Key(active.binding.key, name, active.binding.description, active.enabled)

    def render(self) -> Content:
        if (said := speaker(self).said) is not None:
            return Content.styled(f" {said.text}", _TONES[said.severity])
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
        for key in self._keys:
            if start + key.cells > width:
                return
            yield start, key
            start += key.cells + (2 if roomy else 1)

    async def on_click(self, event: events.Click) -> None:
        for start, key in self._places():
            if start <= event.x < start + key.cells:
                self.app.simulate_key(key.key)
