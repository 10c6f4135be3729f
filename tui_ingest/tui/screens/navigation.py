"""From the main screen to the others."""

from __future__ import annotations

from functools import partial

from textual import on

from tui_ingest.oplog.log import FromTime, StartPoint
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.events import EventsScreen
from tui_ingest.tui.screens.go_to import GoToDialog
from tui_ingest.tui.screens.history_actions import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.look_at import LookAtDialog
from tui_ingest.tui.screens.search import SearchScreen
from tui_ingest.tui.screens.stopped_inspector import StoppedInspector
from tui_ingest.tui.view import history
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import LookUp, Where, inspect_stopped, look_up_line
from tui_ingest.tui.view.lines import ElidedLine, MarkerLine, RecordLine
from tui_ingest.tui.widgets.log_pane import LogPane


class Navigation(HistoryActions):
    """The keys of the main screen that open another one."""

    @on(LogPane.Chosen, "#log")
    def action_inspect(self) -> None:
        """Look at the line under the cursor, or at the record that the session stopped on."""
        pane = self.query_one(LogPane)
        line = pane.current
        if self.view.status.stopped_on is not None and pane.following:
            self.action_inspect_stopped()
        elif isinstance(line, RecordLine):
            self._inspect(line)
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
            inspector = StoppedInspector(self.view, look_up, self._decide)
            self.app.push_screen(inspector)

    def _decide(self, decision: str) -> None:
        self.call_later(self.run_action, f"{decision}_stopped")

    def _inspect(self, line: RecordLine) -> None:
        look_up = look_up_line(self.view, line)
        self.app.push_screen(InspectorScreen(self.view, look_up, self._other_failure))

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

    def action_dead_letters(self) -> None:
        """Show what failed."""
        self.app.push_screen(DeadLettersScreen(self.view))

    def action_events(self) -> None:
        """Show what happened."""
        self.app.push_screen(EventsScreen(self.view))

    def action_search(self) -> None:
        """Find records in all files of the log."""
        self.app.push_screen(SearchScreen(self.view))

    # Looking elsewhere, while the session goes on

    def action_look_at(self) -> None:
        """Ask what to look at."""
        backlog = self.view.status.backlog
        dialog = LookAtDialog(backlog.unit if backlog else "byte")
        self.app.push_screen(dialog, self._look_if)

    def _look_if(self, place: StartPoint | None) -> None:
        if place is not None:
            self.app.push_screen(LookScreen(self.view, place))

    def action_jump(self, seconds: int) -> None:
        """Go so many seconds on in the lines of the pane, or back; or look at what it has not."""
        pane = self.query_one(LogPane)
        if (now := pane.time_here) is None:
            self.notify("No record here has a time to go from.", severity="warning")
        elif (place := pane.place_of_time(now + seconds)) is not None:
            pane.following = False
            pane.cursor = place
        elif now + seconds > (self.view.status.last_record_time or 0):
            self.notify("No record is so late.", severity="warning")
        else:
            self._look_if(FromTime(now + seconds))

    def action_go_to(self) -> None:
        """Ask where to continue."""
        log = self.view.access.open_log()
        dialog = GoToDialog(log, self.view.status.position)
        self.app.push_screen(dialog, self._seek)

    def _seek(self, place: StartPoint | None) -> None:
        if place is not None:
            self.view.seek(place)
