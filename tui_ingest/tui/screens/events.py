"""What happened: gaps, rotations, seeks, retries, and what the application logged meanwhile."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.content import Content

from tui_ingest.tui.screens.console_screen import back_key, help_key
from tui_ingest.tui.screens.list_screen import ListScreen, list_keys
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.log_events import load
from tui_ingest.tui.widgets.events_table import AllEventsTable, EventsTable

RELOAD_SECONDS = 2.0  # between two looks at the database


class EventsScreen(ListScreen):
    """The list of events of a log, or of all, with the application's own log in between."""

    BINDINGS: ClassVar[list[BindingType]] = [*list_keys(), back_key("peel"), help_key()]
    table: EventsTable

    def make_table(self) -> EventsTable:
        return EventsTable() if self.view.access.path else AllEventsTable()

    def on_mount(self) -> None:
        self.filter_changed()
        self.reload()
        self.set_interval(RELOAD_SECONDS, self.reload)

    @work(exclusive=True, group="events", exit_on_error=False)
    async def reload(self) -> None:
        """Load the list again."""
        access = self.view.access
        kept = await in_thread(load, access.path, access.target)
        lines = [*kept, *self.view.feed.messages]
        self.table.show(sorted(lines, key=lambda line: line.at))
        self.filter_changed()

    def filter_changed(self) -> None:
        table, parts = self.table, ["Events"]
        if table.filter:
            parts.append(table.filter_told)
        table.entitle(" · ".join(parts))
        self._show_whole()

    @on(EventsTable.CursorMoved)
    def _show_whole(self) -> None:
        line = self.table.current
        self.about.say(Content(line.text if line else ""))

    @on(EventsTable.Chosen)
    def _say_that_this_is_all(self) -> None:
        self.notify("All that is known of an event stands below the list.")
