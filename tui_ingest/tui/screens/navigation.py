"""From the main screen to the others, by its keys and along its timeline."""

from __future__ import annotations

import contextlib
import time
from functools import partial

from django.db import Error
from textual import on, work

from tui_ingest.oplog.log import FromTime, StartPoint
from tui_ingest.tui.screens.console_screen import ConsoleScreen
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.events import EventsScreen
from tui_ingest.tui.screens.go_to import GoToDialog, LookAtDialog
from tui_ingest.tui.screens.history import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.search import SearchScreen
from tui_ingest.tui.screens.stop_actions import StoppedInspector
from tui_ingest.tui.view import history
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import (
    LookUp,
    Where,
    inspect_stopped,
    look_up_letter,
    look_up_line,
)
from tui_ingest.tui.view.lines import ElidedLine, MarkerLine, RecordLine
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.timeline import load
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.timeline_strip import FEWEST_CELLS, FEWEST_LINES, TimelineStrip

RELOAD_SECONDS = 10.0  # between two looks at the files of the log, if nothing else happens
REST_SECONDS = 2.0  # between two looks while records keep failing


class ListNavigation(ConsoleScreen):
    """The keys that open a list: of one log, or of all."""

    def action_dead_letters(self) -> None:
        """Show what failed."""
        self.app.push_screen(DeadLettersScreen(self.view))

    def action_events(self) -> None:
        """Show what happened."""
        self.app.push_screen(EventsScreen(self.view))

    def action_search(self) -> None:
        """Find records in all files of the log, or of all."""
        self.app.push_screen(SearchScreen(self.view))


class Navigation(ListNavigation, HistoryActions):
    """The keys of the main screen that open another one, and the timeline that leads there, too."""

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._marks = (-1, -1)  # dead letters and gaps, when the timeline was looked up
        self._timeline_at = float("-inf")  # monotonic seconds

    @on(LogPane.Chosen, "#log")
    def action_inspect(self) -> None:
        """Look at the line under the cursor, or at the record that the session stopped on."""
        pane = self.query_one(LogPane)
        line = pane.current
        if self.view.status.stopped_on is not None and pane.following:
            self.action_inspect_stopped()
        elif isinstance(line, RecordLine):
            look_up = look_up_line(self.view, line)
            self.app.push_screen(InspectorScreen(self.view, look_up, self._other_failure))
        elif isinstance(line, MarkerLine):
            self.action_events()
        elif isinstance(line, ElidedLine):
            self.notify("These went by too fast to be kept one by one.", severity="warning")

    def action_inspect_stopped(self) -> None:
        """Look at the record that the session stopped on."""
        stopped = self.view.status.stopped_on
        if stopped is not None:
            where = Where.of(self.view)
            look_up = partial(inspect_stopped, stopped, self.view.access.target, where)
            self.app.push_screen(StoppedInspector(self.view, look_up, self._decide))

    def _decide(self, decision: str) -> None:
        self.call_later(self.run_action, f"{decision}_stopped")

    def row_meant(self) -> FindSubjects | None:
        """The row of the line under the cursor; without one, the row that the filter names."""
        pane, stopped = self.query_one(LogPane), self.view.status.stopped_on
        if stopped is not None and pane.following:
            return history.of_raw(stopped.raw)
        label, pk = pane.filter.asked("model"), pane.filter.asked("pk")
        if isinstance(pane.current, RecordLine):
            return history.of_line(pane.current, self.view.access.read_again, pk=pk)
        return history.named(label, pk) if label and pk else None

    def no_row(self) -> str:
        pk = self.query_one(LogPane).filter.asked("pk")
        if pk:
            return f"No line here has that key. Of which model? /model:app.model pk:{pk}"
        return super().no_row()

    def inspector(self, look_up: LookUp) -> InspectorScreen:
        return InspectorScreen(self.view, look_up)

    def _other_failure(self, direction: int) -> LookUp | None:
        """Go to the next failure of the pane, or the one before."""
        pane = self.query_one(LogPane)
        pane.following = False
        line = pane.current if pane.go_to_failure(direction) else None
        return look_up_line(self.view, line) if isinstance(line, RecordLine) else None

    # Looking elsewhere, while the session goes on

    def action_look_at(self) -> None:
        """Ask what to look at."""
        backlog = self.view.status.backlog
        self.ask(LookAtDialog(backlog.unit if backlog else "byte"), self._look)

    def _look(self, place: StartPoint) -> None:
        self.app.push_screen(LookScreen(self.view, place))

    def action_jump(self, seconds: int) -> None:
        """Go so many seconds on in the lines of the pane, or back; or look at what it has not."""
        pane = self.query_one(LogPane)
        if (now := pane.time_here) is None:
            self.notify("No record here has a time to go from.", severity="warning")
        elif (place := pane.lines.place_of_time(now + seconds)) is not None:
            pane.following = False
            pane.cursor = place
        elif now + seconds > (self.view.status.last_record_time or 0):
            self.notify("No record is so late.", severity="warning")
        else:
            self._look(FromTime(now + seconds))

    def action_go_to(self) -> None:
        """Ask where to continue."""
        log = self.view.access.open_log()
        self.ask(GoToDialog(log, self.view.status.position), self.view.orders.seek)

    # The timeline, looked up in a thread as long as the screen has room for it

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
            self._look(place)
