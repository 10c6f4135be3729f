"""What failed, why, and what to do about it."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui_ingest.ingest.advice import advice
from tui_ingest.tui.screens.console_screen import back_key, help_key
from tui_ingest.tui.screens.discard import DiscardDialog
from tui_ingest.tui.screens.export import ExportDialog
from tui_ingest.tui.screens.filter_actions import list_keys
from tui_ingest.tui.screens.history_actions import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.list_screen import ListScreen
from tui_ingest.tui.screens.repair_actions import RepairActions
from tui_ingest.tui.view import history, letters
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import LookUp, look_up_letter, look_up_line
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.repairs import RetryRun, discard
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.filter_input import FilterInput
from tui_ingest.tui.widgets.key_line import KeyLine
from tui_ingest.tui.widgets.letters_table import AllLettersTable, LettersTable
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

RELOAD_SECONDS = 2.0  # between two loads while records keep failing


class DeadLettersScreen(RepairActions, HistoryActions, ListScreen):
    """All dead letters of the log."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "retry_shown", "Retry shown", tooltip="One by one", id="retry_shown"),
        Binding("X", "discard_shown", "Discard shown", show=False, id="discard_shown"),
        *list_keys(),
        Binding("a", "toggle_all", "All/open", tooltip="Those that are done, too", id="show_all"),
        Binding("w", "export", "Export", tooltip="Those shown, as JSON lines", id="export"),
        back_key("peel"),
        help_key(),
    ]

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.ready.clear()
        self._only_open = True
        self._loaded_with = -1  # how many were open when the list was loaded
        self._loaded_at = float("-inf")  # monotonic seconds
        self._run: RetryRun | None = None  # retries under way
        self._inspected = 0  # id of the letter that was looked at last

    def compose(self) -> ComposeResult:
        yield self.top_line()
        table = LettersTable() if self.view.access.path else AllLettersTable()
        yield table
        yield FilterInput(placeholder=table.VOCABULARY.hint)
        yield Static(id="about")
        yield KeyLine()

    def on_mount(self) -> None:
        self.table.focus()

    @property
    def table(self) -> LettersTable:
        """The list."""
        return self.query_one(LettersTable)

    def look(self) -> None:
        super().look()
        number = self.view.status.dead_letters
        rested = time.monotonic() - self._loaded_at > RELOAD_SECONDS
        if number != self._loaded_with and rested and self._run is None:
            self._loaded_with, self._loaded_at = number, time.monotonic()
            self.reload()

    @work(exclusive=True, group="letters", exit_on_error=False)
    async def reload(self) -> None:
        """Load the list again."""
        access = self.view.access
        try:
            found = await in_thread(
                letters.load, access.path, access.target, only_open=self._only_open
            )
            lines = self.view.lines.failures() if access.dry_run else []
            self.table.show([*found, *letters.rehearsed(lines)])
            self._retitle()
            self.refresh_bindings()
        finally:
            self.ready.set()

    def _retitle(self) -> None:
        table = self.table
        which = "open" if self._only_open else "all"
        typed = f"/{terminal_safe(table.filter.typed)}/ " if table.filter else ""
        self.table.border_title = Content(
            f"Dead letters · {which} · {typed}{len(table.shown):,} of {table.total:,}"
        )
        self._show_advice()

    @on(LettersTable.CursorMoved)
    def _show_advice(self) -> None:
        letter = self.table.current
        about = self.query_one("#about", Static)
        if self._run is not None:
            about.update(_progress(self._run, self.key_name("back")))
        elif letter is None:
            about.update(Content(self._none()))
        else:
            lacks = letter.open or letter.line is not None
            what_now = f"\n{advice(letter.reason)}" if lacks else ""
            about.update(Content(f"{letter.error}{what_now}"))
        self.refresh_bindings()

    def _none(self) -> str:
        """Say why the list is empty; only what is true of all of them."""
        table = self.table
        if table.filter and table.total:
            hidden = plural(table.total, "dead letter")
            return f"The filter hides {hidden} ({self.key_name('back')} shows all)."
        if self._only_open:
            return "Nothing needs repair."
        return "None yet."

    # What RepairActions works on

    def chosen_letter(self) -> int | None:
        letter = self.table.current if self.is_mounted else None
        return letter.id if letter is not None and letter.open else None

    def repaired(self) -> None:
        self.reload()

    # What HistoryActions works on

    def row_meant(self) -> FindSubjects | None:
        letter = self.table.current
        if letter is None:
            return None
        if letter.line is not None:
            return history.of_line(letter.line, self.view.access.read_again)
        return history.of_letter(letter.id)

    def inspector(self, look_up: LookUp) -> InspectorScreen:
        return InspectorScreen(self.view, look_up)

    # All that are shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in {"retry_shown", "discard_shown"}:
            return True if self._shown() and not self.view.access.dry_run else None
        if action == "export":
            return True if self.is_mounted and self.table.shown else None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if action in {"retry_shown", "discard_shown"} and not self.view.access.dry_run:
            return "No open dead letter is shown."
        if action == "export":
            return "No dead letter is shown that could be written."
        return super().why_not(action)

    def _shown(self) -> list[int]:
        shown = self.table.shown if self.is_mounted else []
        return [letter.id for letter in shown if letter.open]

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def action_retry_shown(self) -> None:
        """Retry every letter shown, each in a transaction of its own; escape stops in between."""
        run = RetryRun(self._shown(), self.view.access.target, feed=self.view.feed)
        self._run = run
        try:
            while not run.finished:
                self._show_advice()
                await in_thread(run.run_chunk)
        finally:
            self._run = None
            self.repaired()
        done = f"{run.applied:,} of {plural(run.wanted, 'dead letter')} applied."
        self.notify(done, markup=False)

    def action_discard_shown(self) -> None:
        """Give up every letter shown, with a reason."""
        if chosen := self._shown():
            dialog = DiscardDialog(plural(len(chosen), "dead letter"))
            self.app.push_screen(dialog, partial(self._discard_all_if, chosen))

    def _discard_all_if(self, chosen: list[int], why: str | None) -> None:
        if why is not None:
            self._discard_all(chosen, why)

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def _discard_all(self, chosen: list[int], why: str) -> None:
        target, feed = self.view.access.target, self.view.feed
        await in_thread(discard, chosen, target, why=why, feed=feed)
        self.repaired()

    def action_export(self) -> None:
        """Write the letters shown to a file."""
        self.app.push_screen(ExportDialog(len(self.table.shown)), self._export_if)

    def _export_if(self, path: Path | None) -> None:
        if path is not None:
            self._export(path)

    @work(exclusive=True, group="export", exit_on_error=False)
    async def _export(self, path: Path) -> None:
        chosen = [letter.id for letter in self.table.shown]
        number = await in_thread(letters.export, chosen, path, self.view.access.target)
        self.notify(f"Wrote {plural(number, 'dead letter')} to {path}.", markup=False)

    # The view

    @on(LettersTable.Chosen)
    def action_inspect(self) -> None:
        """Look at the letter under the cursor."""
        if (look_up := self._look_up()) is not None:
            self.app.push_screen(InspectorScreen(self.view, look_up, self._other), self._come_back)

    def _look_up(self) -> LookUp | None:
        letter = self.table.current
        if letter is None:
            return None
        self._inspected = letter.id
        if letter.line is not None:
            return look_up_line(self.view, letter.line)
        return look_up_letter(self.view, letter.id)

    def _other(self, direction: int) -> LookUp | None:
        """Go to the next letter of the list, or the one before."""
        table = self.table
        ids = [letter.id for letter in table.shown]
        if self._inspected in ids:
            place = ids.index(self._inspected) + direction
        else:  # it is put right and gone: the next one stands in its place
            place = table.cursor + min(direction, 0)
        if not 0 <= place < len(ids):
            return None
        table.cursor = place
        return self._look_up()

    def _come_back(self, _: None) -> None:
        self.reload()

    def action_toggle_all(self) -> None:
        """Show those that are done, too, or only the open ones."""
        self._only_open = not self._only_open
        self.reload()

    def filter_changed(self) -> None:
        self._retitle()

    def action_peel(self) -> None:
        """Stop the retries, or clear the filter, or go back."""
        if self._run is not None:
            self.workers.cancel_group(self, "repair")
        else:
            super().action_peel()


def _progress(run: RetryRun, stop_key: str) -> Content:
    failed = f" · the last failure: {run.last_error}" if run.last_error else ""
    return Content.styled(
        f"Retrying: {run.tried:,} of {run.wanted:,}, {run.applied:,} applied{failed}"
        f" · {stop_key} stops after the running one",
        Tone.WARNING,
    )
