"""The main screen: is it running, is it keeping up, what failed?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from tui_ingest.tui.screens.copying import Copying
from tui_ingest.tui.screens.export import ExportDialog
from tui_ingest.tui.screens.filter_actions import FilterActions
from tui_ingest.tui.screens.main_keys import MAIN_KEYS
from tui_ingest.tui.screens.session_actions import SessionActions
from tui_ingest.tui.screens.stop_actions import StopActions
from tui_ingest.tui.screens.timeline_actions import TimelineActions
from tui_ingest.tui.view import status_phrases
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.line_vocabulary import VOCABULARY
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.record_file import write_lines
from tui_ingest.tui.widgets.filter_input import FilterInput
from tui_ingest.tui.widgets.key_line import KeyLine
from tui_ingest.tui.widgets.log_pane import LogPane
from tui_ingest.tui.widgets.models_table import ModelsTable
from tui_ingest.tui.widgets.offset_bar import OffsetBar
from tui_ingest.tui.widgets.rate_panel import RatePanel
from tui_ingest.tui.widgets.rows import RowsView
from tui_ingest.tui.widgets.status_line import StatusLine
from tui_ingest.tui.widgets.stop_panel import StopPanel
from tui_ingest.tui.widgets.timeline_strip import TimelineStrip
from tui_ingest.words.numbers import plural


class MainScreen(SessionActions, StopActions, TimelineActions, FilterActions, Copying):
    """Log, models, rate, offset, status; and the keys that command the session."""

    BINDINGS: ClassVar[list[BindingType]] = MAIN_KEYS
    ESCAPE_TO_MINIMIZE: ClassVar[bool | None] = False  # `peel` does, in its turn

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self._dead_letters = 0  # open ones, when the log pane was drawn
        self._fates_changed = False  # and the lines that tell of it are still to be drawn
        self._last_change: tuple[object, ...] = ()
        self._changed_at = 0.0  # by the console's clock

    def compose(self) -> ComposeResult:
        yield self.top_line()
        with Container(id="panes"):
            with Vertical(id="log-side"):
                yield LogPane(self.view.lines, follow_key=self.key_name("follow"))
                yield FilterInput(placeholder=VOCABULARY.hint)
            with Vertical(id="models-side"):
                yield ModelsTable()
                yield RatePanel(self.view.rates, id="rate")
        yield StopPanel(self.key_name)
        yield TimelineStrip()
        yield OffsetBar()
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.log_pane.focus()

    @property
    def filtered(self) -> LogPane:
        return self.log_pane

    @property
    def log_pane(self) -> LogPane:
        """The pane of records."""
        return self.query_one(LogPane)

    # Looking

    def look(self) -> None:
        super().look()
        view, snapshot = self.view, self.view.status
        self.log_pane.look()
        self.query_one(ModelsTable).show_counts(
            snapshot.totals, snapshot.session, snapshot.dead_letters
        )
        self.query_one(ModelsTable).show_verdicts(snapshot.verified, view.clock())
        self.query_one(OffsetBar).show(snapshot)
        self.look_at_timeline()
        self.query_one(StatusLine).phrases = status_phrases.phrases(
            snapshot,
            view.trend,
            now=view.clock(),
            standstill=self._standstill(),
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
            self.notify(
                f"No {where} failure among these lines. Dead letters ({key}) has them all.",
                markup=False,
            )
        self.look()

    def action_copy(self) -> None:
        """Copy the line of the log under the cursor."""
        line = self.log_pane.current
        if isinstance(line, RecordLine):
            self.copy_line(line)
        else:
            self._say_that_it_is_no_record()

    def action_write_record(self) -> None:
        """Write the record under the cursor to a file."""
        line = self.log_pane.current
        if isinstance(line, RecordLine):
            self.write_line(line.raw, line.location, whole=line.whole)
        else:
            self._say_that_it_is_no_record()

    def action_export(self) -> None:
        """Write the records that the filter lets through to a file."""
        lines = self.log_pane.records
        if not lines:
            self.notify("No record is shown that could be written.", severity="warning")
            return
        what = f"{plural(len(lines), 'record')} as they stand in the log"
        dialog = ExportDialog(what, "records", ".log")
        self.app.push_screen(dialog, partial(self._export_if, lines))

    def _export_if(self, lines: list[RecordLine], path: Path | None) -> None:
        if path is not None:
            self._export(lines, path)

    @work(exclusive=True, group="export", exit_on_error=False)
    async def _export(self, lines: list[RecordLine], path: Path) -> None:
        read_again = self.view.access.read_again
        written, cut = await in_thread(write_lines, lines, read_again, path)
        short = f" Of {cut:,} only the beginning: the log has them no more." if cut else ""
        self.notify(f"Wrote {plural(written, 'record')} to {path}.{short}")

    def _say_that_it_is_no_record(self) -> None:
        self.notify("The line under the cursor is no record.", severity="warning")

    def action_sort(self) -> None:
        """Sort the models by the next column."""
        self.query_one(ModelsTable).sort_next()

    def action_sort_backwards(self) -> None:
        """Turn the direction of the models round."""
        self.query_one(ModelsTable).sort_backwards()

    def action_scope(self) -> None:
        """Count the session, or the log's whole life."""
        table = self.query_one(ModelsTable)
        table.lifetime = not table.lifetime
        table.remember()

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
