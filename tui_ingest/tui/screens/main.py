"""The main screen: is it running, is it keeping up, what failed? And its keys."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from tui_ingest.tui.screens.console_screen import help_key
from tui_ingest.tui.screens.copying import Copying, write_lines
from tui_ingest.tui.screens.dialogs import ExportDialog
from tui_ingest.tui.screens.list_screen import FilterActions
from tui_ingest.tui.screens.look import looking_keys
from tui_ingest.tui.screens.navigation import Navigation
from tui_ingest.tui.screens.search import search_key
from tui_ingest.tui.screens.session_actions import SessionActions
from tui_ingest.tui.screens.stop_actions import StopActions
from tui_ingest.tui.view import wording
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.line_buffer import VOCABULARY
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.widgets.bars import OffsetBar, RatePanel
from tui_ingest.tui.widgets.filtered_rows import FilterInput
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.models_table import ModelsTable
from tui_ingest.tui.widgets.rows import RowsView
from tui_ingest.tui.widgets.status_line import StatusLine
from tui_ingest.tui.widgets.stop_panel import StopPanel
from tui_ingest.tui.widgets.timeline_strip import TimelineStrip
from tui_ingest.words.numbers import plural


def _hidden(key: str, action: str, description: str, tooltip: str, key_id: str = "") -> Binding:
    """A key that works and is in the palette, but not in the footer."""
    return Binding(key, action, description, tooltip=tooltip, show=False, id=key_id or action)


def _shown(key: str, action: str, description: str, tooltip: str, key_id: str) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=key_id)


# Each has an id, by which TUI_INGEST["KEYS"] changes it.
MAIN_KEYS: list[BindingType] = [
    _shown("space,p", "pause", "Pause", "Stop the work after the running batch", "pause"),
    _shown("space,p", "resume", "Resume", "Go on with the work", "pause"),
    _shown("n", "step", "Step", "While paused: apply one record", "step"),
    _hidden(
        "N", "step_to_failure", "Step to next failure", "While paused: go on until a record fails"
    ),
    _shown("f", "freeze", "Freeze", "Stop the view; the work goes on", "follow"),
    _shown("f", "follow", "Follow", "Show the newest records again", "follow"),
    _shown("slash", "filter", "Filter", "text  op:save  model:polls  pk:7  failed", "filter"),
    _shown("e", "failure(1)", "Next error", "Go to the next failed record", "next_error"),
    _hidden(
        "E", "failure(-1)", "Previous error", "Go to the failed record before", "previous_error"
    ),
    _hidden("enter", "inspect", "Inspect record", "The record under the cursor"),
    _shown("d", "dead_letters", "Dead letters", "What failed, and what to do", "dead_letters"),
    _hidden("v", "events", "Events", "Gaps, rotations, pauses, messages"),
    _hidden("o", "go_to", "Go to …", "While paused: continue from another place"),
    *looking_keys(show=False),
    search_key(),
    _hidden(
        "b",
        "toggle_stop_on_error",
        "Stop on error on/off",
        "Stand before a record that fails instead of setting it aside",
        "stop_on_error",
    ),
    _hidden("T", "take_over", "Take over", "Attached: apply the log here instead"),
    _hidden("r", "retry_stopped", "Retry", "Stopped on error: try the record again", "retry"),
    _hidden("i", "edit_stopped", "Edit", "Stopped on error: set aside, then edit", "edit"),
    _hidden("x", "discard_stopped", "Discard", "Stopped on error: give it up", "discard"),
    _hidden("a", "set_aside_stopped", "Set aside", "Stopped on error: go on", "set_aside"),
    _hidden("s", "sort", "Sort models", "By the next column"),
    _hidden("S", "sort_backwards", "Sort models backwards", ""),
    _hidden("t", "scope", "Lifetime or session", "What the models table counts"),
    _hidden("c", "copy", "Copy record", "The line under the cursor"),
    _hidden("Y", "write_record", "Write record", "To a file, whole"),
    _hidden("w", "export", "Export", "The records that the filter lets through"),
    _hidden("m", "toggle_maximized", "Maximise", "The focused pane, and back", "maximise"),
    _hidden("1", "focus_pane('log')", "Focus log", "", "focus_log"),
    _hidden("2", "focus_pane('models')", "Focus models", "", "focus_models"),
    _hidden("3", "focus_timeline", "Focus timeline", "The whole log"),
    _hidden("escape", "peel", "Back", "Peel one layer: filter, zoom, freeze", "back"),
    help_key(),
]


class MainScreen(SessionActions, StopActions, Navigation, FilterActions, Copying):
    """Log, models, rate, offset, status; and the keys that command the session."""

    BINDINGS: ClassVar[list[BindingType]] = MAIN_KEYS
    table: ModelsTable
    ESCAPE_TO_MINIMIZE: ClassVar[bool | None] = False  # `peel` does, in its turn

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.table = ModelsTable()
        self.log_pane = self.filtered = LogPane(view.lines)
        self.filter_input = FilterInput(placeholder=VOCABULARY.hint)
        self._dead_letters = 0  # open ones, when the log pane was drawn
        self._fates_changed = False  # and the lines that tell of it are still to be drawn
        self._last_change: tuple[object, ...] = ()
        self._changed_at = 0.0  # by the console's clock

    def body(self) -> ComposeResult:
        with Container(id="panes"):
            with Vertical(id="log-side"):
                yield self.log_pane
                yield self.filter_input
            with Vertical(id="models-side"):
                yield self.table
                yield RatePanel(self.view.rates)
        yield StopPanel()
        yield TimelineStrip()
        yield OffsetBar()
        yield StatusLine()

    def on_mount(self) -> None:
        self.log_pane.focus()

    # Looking

    def look(self) -> None:
        super().look()
        view, snapshot = self.view, self.view.status
        self.log_pane.look()
        self.table.show_counts(snapshot.totals, snapshot.session, snapshot.dead_letters)
        self.table.show_verdicts(snapshot.verified, view.clock())
        self.query_one(OffsetBar).show(snapshot)
        self.look_at_timeline()
        self.query_one(StatusLine).phrases = wording.phrases(
            snapshot, view.trend, now=view.clock(), standstill=self._standstill()
        )
        self.query_one(RatePanel).look()
        self._show_fates(snapshot.dead_letters)

    def _show_fates(self, dead_letters: int) -> None:
        """Draw the lines anew that tell what became of a letter, when some were put right."""
        # They are compared at every look: one that comes and goes while the pane rests has drawn
        # a line, too.
        if dead_letters != self._dead_letters:
            self._dead_letters = dead_letters
            self._fates_changed = True
        pane = self.log_pane
        if self._fates_changed and not pane.throttle.is_resting:
            self._fates_changed = False
            pane.refresh()
            pane.throttle.drew(pane.size)

    def _standstill(self) -> float:
        """Return for how many seconds the session has done nothing."""
        snapshot, now = self.view.status, self.view.clock()
        change = (snapshot.state, snapshot.records, snapshot.position)
        if change != self._last_change:
            self._last_change, self._changed_at = change, now
        return now - self._changed_at

    def key_state(self) -> tuple[object, ...]:
        stopped = self.view.status.stopped_on is not None
        return *super().key_state(), self.log_pane.following, stopped

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"freeze", "follow"} and self.is_mounted:
            return self.log_pane.following is (action == "freeze")
        return super().check_action(action, parameters)

    # The view

    def action_freeze(self) -> None:
        """Stop the view on what it shows."""
        self.log_pane.following = False
        self.look()

    def action_follow(self) -> None:
        """Show the newest records, and those to come."""
        self.log_pane.following = True
        self.look()

    def action_failure(self, direction: int) -> None:
        """Go to the next or the previous record that failed."""
        if not self.log_pane.go_to_failure(direction):
            where = "later" if direction > 0 else "earlier"
            key = self.key_name("dead_letters")
            has_all = f"Dead letters ({key}) has them all."
            self.notify(f"No {where} failure among these lines. {has_all}", markup=False)
        self.look()

    def record_meant(self) -> RecordLine | None:
        line = self.log_pane.current
        if isinstance(line, RecordLine):
            return line
        self.notify("The line under the cursor is no record.", severity="warning")
        return None

    def action_export(self) -> None:
        """Write the records that the filter lets through to a file."""
        lines = self.log_pane.records
        if not lines:
            self.notify("No record is shown that could be written.", severity="warning")
            return
        what = f"{plural(len(lines), 'record')} as they stand in the log"
        self.ask(ExportDialog(what, "records", ".log"), partial(self._export, lines))

    @work(exclusive=True, group="export", exit_on_error=False)
    async def _export(self, lines: list[RecordLine], path: Path) -> None:
        read_again = self.view.access.read_again
        written, cut = await in_thread(write_lines, lines, read_again, path)
        short = f" Of {cut:,} only the beginning: the log has them no more." if cut else ""
        self.notify(f"Wrote {plural(written, 'record')} to {path}.{short}")

    def action_scope(self) -> None:
        """Count the session, or the log's whole life."""
        self.table.lifetime = not self.table.lifetime
        self.table.remember()

    def action_focus_pane(self, pane: str) -> None:
        """Move the keyboard to a pane."""
        self.query_one(f"#{pane}").focus()

    def action_toggle_maximized(self) -> None:
        """Give the focused pane the whole screen, or restore the others."""
        if self.maximized is not None:
            self.minimize()
        elif isinstance(self.focused, RowsView):
            self.maximize(self.focused)

    def action_peel(self) -> None:
        """Go back by one layer."""
        if self.clear_filter():
            return
        if self.maximized is not None:
            self.minimize()
        elif isinstance(self.focused, TimelineStrip):
            self.log_pane.focus()
        else:
            self.action_follow()
