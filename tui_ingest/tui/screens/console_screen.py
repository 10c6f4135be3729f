"""What all screens of the console share: the first line, and a look at the feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from tui_ingest.tui.widgets.top_line import TopLine
from tui_ingest.tui.wording import badge

if TYPE_CHECKING:
    from tui_ingest.tui.app import ConsoleApp


class ConsoleScreen(Screen[None]):
    """A full screen that shows the session's state above everything else."""

    @property
    def console(self) -> ConsoleApp:
        """The app, as what it is."""
        return cast("ConsoleApp", self.app)

    def top_line(self) -> TopLine:
        """Return the first line, to be composed."""
        return TopLine(project=self.console.target.project, path=self.console.target.path)

    def on_mount(self) -> None:
        self.look()

    def look(self) -> None:
        """Show where the session stands now."""
        control = self.console.control
        self.query_one(TopLine).badge = badge(
            self.console.snapshot, pausing=control.paused, stopping=control.stopping
        )
