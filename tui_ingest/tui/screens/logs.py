"""All logs: which of them needs somebody?"""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content

from tui_ingest.ingest.orders import OrderKind
from tui_ingest.tui.screens.console_screen import WIDE_CELLS, back_key, help_key
from tui_ingest.tui.screens.dialogs import OrderAllDialog
from tui_ingest.tui.screens.list_screen import ListScreen, list_keys
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.screens.navigation import ListNavigation
from tui_ingest.tui.screens.search import search_key
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.all_logs import AllLogs
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.log_rows import LogRow, tally
from tui_ingest.tui.widgets.logs_table import LogsTable
from tui_ingest.words.numbers import plural

_OF_A_ROW = {"open", "pause", "resume"}
_OF_ALL = {"pause_shown", "resume_shown"}


def _all(key: str, action: str, description: str) -> Binding:
    tip = "That the filter shows, once you confirm"
    return Binding(key, action, description, tooltip=tip, show=False, id=action)


class LogsScreen(ListNavigation, ListScreen):
    """One line for each log, and the keys that command them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,p", "pause", "Pause", tooltip="Stop the work on this log", id="pause"),
        Binding("space,p", "resume", "Resume", tooltip="Go on with this log", id="pause"),
        _all("A", "pause_shown", "Pause all"),
        _all("R", "resume_shown", "Resume all"),
        *list_keys(),
        Binding("d", "dead_letters", "Dead letters", tooltip="Of all logs", id="dead_letters"),
        Binding("v", "events", "Events", tooltip="Of all logs", id="events"),
        search_key(),
        Binding("escape", "peel", "Clear the filter", show=False, id="back"),
        help_key(),
    ]
    table: LogsTable

    def __init__(self, logs: AllLogs) -> None:
        super().__init__(logs)
        self.logs = logs
        self._shown: list[LogRow] | None = None  # as given to the table last
        self._as_of: float | None = None  # as the title says it

    def make_table(self) -> LogsTable:
        return LogsTable()

    def on_mount(self) -> None:
        self.table.focus()

    # Looking

    def look(self) -> None:
        super().look()
        if self.logs.rows is not self._shown or self.logs.as_of != self._as_of:
            self._shown, self._as_of = self.logs.rows, self.logs.as_of
            self.table.show_at(self.logs.rows, self.logs.clock())
            self.filter_changed()

    def filter_changed(self) -> None:
        table = self.table
        in_short = self.app.size.width < WIDE_CELLS
        now = self.logs.clock()
        zone = [formats.zone(now)] if table.shows_times else []
        old = [] if self._as_of is None else [f"as of {formats.moment(self._as_of, now)}"]
        parts = ["Logs", *zone, *old, *tally(table.shown, in_short=in_short)]
        if table.filter:
            parts.append(table.filter_told)
        table.entitle(" · ".join(parts), "" if self.logs.named else "looking only")
        self._show_about()

    @on(LogsTable.CursorMoved)
    def _show_about(self) -> None:
        self.about.say(Content(self._about(self.table.current)))

    def _about(self, row: LogRow | None) -> str:
        """Say what has no room in the row under the cursor."""
        if row is None:
            return "No log yet." if not self.table.total else ""
        where = {"": "nobody applies it", "here": "applied here"}.get(
            row.where, f"applied by {row.where}"
        )
        said = row.badge.text if self.table.shows_signs else row.path
        return "\n".join([f"{said} · {where}", *([row.reason] if row.reason else [])])

    def key_state(self) -> tuple[object, ...]:
        row = self.table.current
        return *super().key_state(), row is not None, row is not None and row.held

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _OF_A_ROW | _OF_ALL:
            row = self.table.current
            if row is None:
                return False if action == "resume" else None
            if action in {"pause", "resume"}:
                return row.held is (action == "resume")
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        return "No log is shown." if action in _OF_A_ROW | _OF_ALL else super().why_not(action)

    # One log

    @on(LogsTable.Chosen)
    def action_open(self) -> None:
        """Show the log under the cursor; its screen leads back here."""
        row = self.table.current
        if row is not None:
            view = self.logs.open(row.path)
            self.app.push_screen(OneLogScreen(view), lambda _: self.logs.leave(view))

    def action_peel(self) -> None:
        """Clear the filter; there is nothing to go back to."""
        self.clear_filter()

    def action_pause(self) -> None:
        """Stop the work on the log under the cursor."""
        self._order(OrderKind.PAUSE, self._current())

    def action_resume(self) -> None:
        """Go on with the log under the cursor."""
        self._order(OrderKind.RESUME, self._current())

    def _current(self) -> list[LogRow]:
        row = self.table.current
        return [row] if row is not None else []

    # All that are shown

    def action_pause_shown(self) -> None:
        """Stop the work on all logs of the list, once that was confirmed."""
        rows = [row for row in self.table.shown if not row.held]
        question = "Services that apply them pause, too, until somebody has them go on."
        self._ask(OrderKind.PAUSE, rows, f"Pause {plural(len(rows), 'log')}? {question}")

    def action_resume_shown(self) -> None:
        """Go on with all logs of the list, once that was confirmed."""
        rows = [row for row in self.table.shown if row.held]
        question = f"Go on with {plural(len(rows), 'log')}? Whoever paused them had a reason."
        self._ask(OrderKind.RESUME, rows, question)

    def _ask(self, kind: OrderKind, rows: list[LogRow], question: str) -> None:
        button, none = "Resume", "None of them is paused."
        if kind is OrderKind.PAUSE:
            button, none = "Pause", "All that are shown are paused already."
        if not rows:
            self.notify(none, severity="warning")
            return
        self.ask(OrderAllDialog(question, button), lambda _: self._order(kind, rows))

    def _order(self, kind: OrderKind, rows: list[LogRow]) -> None:
        elsewhere = self.logs.order(kind, [row.path for row in rows])
        if elsewhere:
            self._send(kind, elsewhere)
        self.logs.look()
        self.look()

    @work(group="orders", exit_on_error=False)
    async def _send(self, kind: OrderKind, paths: list[str]) -> None:
        said = await in_thread(self.logs.send, kind, paths)
        if said:
            number = "" if len(said) == 1 else f"{plural(len(said), 'log')}: "
            self.notify(f"{number}{said[0]}")


class OneLogScreen(MainScreen):
    """The main screen of one of them; the keys that lead back elsewhere lead to all logs."""

    BINDINGS: ClassVar[list[BindingType]] = [back_key("peel")]

    def action_peel(self) -> None:
        """Go back by one layer, and at last to all logs."""
        is_bare = self.maximized is None and self.log_pane.following
        if not self.clear_filter() and is_bare:
            self.dismiss()
        elif not is_bare:
            super().action_peel()
