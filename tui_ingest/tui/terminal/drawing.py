"""The app's side of a paced terminal."""

from __future__ import annotations

from rich.console import RenderableType
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from tui_ingest.tui.terminal.driver import PacedDriver


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
