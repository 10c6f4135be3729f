"""The timeline of the main screen: kept up to date, and the way to what is marked on it."""

from __future__ import annotations

import contextlib
import time

from django.db import Error
from textual import on, work

from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.navigation import Navigation
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.inspection import look_up_letter
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.timeline import load
from tui_ingest.tui.widgets.timeline_strip import FEWEST_CELLS, FEWEST_LINES, TimelineStrip

RELOAD_SECONDS = 10.0  # between two looks at the files of the log, if nothing else happens
REST_SECONDS = 2.0  # between two looks while records keep failing


class TimelineActions(Navigation):
    """Looks the timeline up in a thread, as long as the screen has room for it."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._marks = (-1, -1)  # dead letters and gaps, when it was looked up
        self._timeline_at = float("-inf")  # monotonic seconds

    def look_at_timeline(self) -> None:
        """Show where the session stands, and look the rest up if that may have changed."""
        strip, status = self.query_one(TimelineStrip), self.view.status
        strip.move(status.position)
        if not strip.has_room:
            strip.remove_class("-shown")
            return
        marks = (status.dead_letters, status.gaps)
        rested = time.monotonic() - self._timeline_at
        if rested > RELOAD_SECONDS or (marks != self._marks and rested > REST_SECONDS):
            self._marks, self._timeline_at = marks, time.monotonic()
            self._load_timeline()

    @work(exclusive=True, group="timeline", exit_on_error=False)
    async def _load_timeline(self) -> None:
        with contextlib.suppress(Error):  # the status says so, and it is tried again
            timeline = await in_thread(load, self.view.access)
            self.query_one(TimelineStrip).show(timeline)

    def action_focus_timeline(self) -> None:
        """Walk along the log with the arrow keys."""
        strip = self.query_one(TimelineStrip)
        if strip.has_class("-shown"):
            strip.focus()
        elif not strip.has_room:
            self.notify(f"The timeline needs {FEWEST_CELLS}x{FEWEST_LINES}.", severity="warning")
        else:
            self.notify("There is no timeline: the log has no files here.", severity="warning")

    @on(TimelineStrip.Chosen)
    def _go_there(self, event: TimelineStrip.Chosen) -> None:
        cell = event.cell
        if cell.letters:
            look_up = look_up_letter(self.view, cell.letters[0])
            self.app.push_screen(InspectorScreen(self.view, look_up))
        elif cell.gaps:
            self.action_events()
        elif cell.is_here:
            self.call_later(self.run_action, "follow")
        elif (place := event.strip.timeline.place(cell.start)) is not None:
            self.app.push_screen(LookScreen(self.view, place))
