"""From the main screen to the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on

from tui_ingest.oplog.log import StartPoint
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.events import EventsScreen
from tui_ingest.tui.screens.go_to import GoToDialog
from tui_ingest.tui.screens.history_actions import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.stopped_inspector import StoppedInspector
from tui_ingest.tui.view import history
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import Inspection, inspect_letter, inspect_line, inspect_stopped
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
            look_up = partial(inspect_stopped, stopped, self.view.access.target, self._reading)
            inspector = StoppedInspector(self.view, look_up, self._decide)
            self.app.push_screen(inspector)

    def _decide(self, decision: str) -> None:
        self.call_later(self.run_action, f"{decision}_stopped")

    def _inspect(self, line: RecordLine) -> None:
        access, reading = self.view.access, self._reading

        def look_up() -> Inspection | None:
            if line.dead_letter is not None:
                return inspect_letter(line.dead_letter, access.target, reading)
            return inspect_line(line, access.read_again, access.target, reading)

        self.app.push_screen(InspectorScreen(self.view, look_up))

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

    def inspector(self, look_up: Callable[[], Inspection | None]) -> InspectorScreen:
        return InspectorScreen(self.view, look_up)

    @property
    def _reading(self) -> str:
        """The generation that is being read."""
        return self.view.status.position.generation

    def action_dead_letters(self) -> None:
        """Show what failed."""
        self.app.push_screen(DeadLettersScreen(self.view))

    def action_events(self) -> None:
        """Show what happened."""
        self.app.push_screen(EventsScreen(self.view))

    def action_go_to(self) -> None:
        """Ask where to continue."""
        log = self.view.access.open_log()
        dialog = GoToDialog(log, self.view.status.position)
        self.app.push_screen(dialog, self._seek)

    def _seek(self, place: StartPoint | None) -> None:
        if place is not None:
            self.view.seek(place)
