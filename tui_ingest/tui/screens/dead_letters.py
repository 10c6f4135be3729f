"""What failed, why, and what to do about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from tui_ingest.ingest.reasons import advice
from tui_ingest.tui.screens.console_screen import back_key, help_key
from tui_ingest.tui.screens.dialogs import ExportDialog
from tui_ingest.tui.screens.history import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.list_screen import ListScreen, list_keys
from tui_ingest.tui.screens.repair_actions import RetryDialog, RetryMany, progress
from tui_ingest.tui.view import history, letters
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import LookUp, look_up_letter, look_up_line
from tui_ingest.tui.view.letters import Cause, Letter, by_cause, kind_of
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.widgets.letters_table import AllLettersTable, CausesTable, LettersTable
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

RELOAD_SECONDS = 2.0  # between two loads while records keep failing
FIRST_LETTERS = 200  # that are shown while the others are still looked up: more than a screenful
# Keys that are about all of them, or the last one; the others are answered by the first ones.
_ABOUT_ALL = {"retry_shown", "discard_shown", "export", "focus_list('causes')", "last"}


class DeadLettersScreen(RetryMany, HistoryActions, ListScreen):
    """All dead letters of the log; of many, the first ones as soon as these are known."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "retry_shown", "Retry alike", tooltip="Asks first", id="retry_shown"),
        Binding("X", "discard_shown", "Discard shown", show=False, id="discard_shown"),
        Binding("space", "mark", "Mark", tooltip="r x R X w act on those", id="mark"),
        Binding("1", "focus_list('causes')", "Causes", show=False, id="focus_causes"),
        Binding("2", "focus_list('letters')", "Letters", show=False, id="focus_letters"),
        *list_keys(),
        Binding(
            "a",
            "toggle_all",
            "All/open",
            tooltip="Those that are done, too",
            show=False,
            id="show_all",
        ),
        Binding("w", "export", "Export", tooltip="Those shown, as JSON lines", id="export"),
        back_key("peel"),
        help_key(),
    ]
    table: LettersTable

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.causes = CausesTable()
        self.ready.clear()
        self._all_ready = asyncio.Event()  # for keys that are about all letters
        self._are_all = False  # those in the list, but for what has come since it was loaded
        self._only_open = True
        self._loaded_with = -1  # how many were open when the list was loaded
        self._loaded_at = float("-inf")  # monotonic seconds
        self._inspected = 0  # id of the letter that was looked at last

    def make_table(self) -> LettersTable:
        return LettersTable() if self.view.access.path else AllLettersTable()

    def body(self) -> ComposeResult:
        yield self.causes
        yield from super().body()

    def on_mount(self) -> None:
        self.table.focus()

    def look(self) -> None:
        super().look()
        number = self.view.status.dead_letters
        rested = time.monotonic() - self._loaded_at > RELOAD_SECONDS
        if number != self._loaded_with and rested and self.retries is None:
            self._loaded_with, self._loaded_at = number, float("inf")
            self.reload()

    def ready_for(self, key: str) -> asyncio.Event:
        if self._all_ready.is_set():
            return self.ready
        active = self.active_bindings.get(key)
        is_about_all = active is not None and active.binding.action in _ABOUT_ALL
        return self._all_ready if is_about_all else self.ready

    @work(exclusive=True, group="letters", exit_on_error=False)
    async def reload(self) -> None:
        """Load the list again."""
        access = self.view.access
        load = partial(letters.load, access.path, access.target, only_open=self._only_open)
        try:
            if not self._are_all:
                await self._show_first(load)
            found = await in_thread(load)
            if access.dry_run:
                found = [*found, *letters.rehearsed(self.view.failures())]
            causes = await in_thread(by_cause, [one for one in found if one.unresolved])
            self._are_all = True
            self.table.show(found)
            self._show_causes(causes)
            self._retitle()
        finally:
            self.ready.set()
            self._all_ready.set()
            self._loaded_at = time.monotonic()

    async def _show_first(self, load: Callable[..., Sequence[Letter]]) -> None:
        """Show the first ones: to look all of them up may take a while, beside a session."""
        first = await in_thread(load, most=FIRST_LETTERS)
        if len(first) == FIRST_LETTERS:
            self.table.show(first)
            self._retitle()
            self.ready.set()

    def _show_causes(self, causes: Sequence[Cause]) -> None:
        """Show what is behind the letters, where that is less than there are letters."""
        table = self.causes
        table.show(causes)
        table.entitle(plural(len(causes), "cause"))
        table.display = len(causes) < sum(len(cause.letters) for cause in causes)
        if not table.display and self.focused is table:
            self.table.focus()

    def _retitle(self) -> None:
        table = self.table
        which = "open" if self._only_open else "all"
        if self.view.access.dry_run:
            which = "dry run"
        number = f"{len(table.shown):,} of {table.total:,}"
        if not self._are_all:
            number = f"{len(table.shown):,} of the first {table.total:,}, looking up the others …"
        parts = ["Dead letters", which, number]
        parts += [f"{len(table.marked):,} marked"] if table.marked else []
        # What may be long comes last: it is what is cut off.
        parts += [f"/{terminal_safe(table.filter.typed)}/"] if table.filter else []
        table.entitle(" · ".join(parts))
        self._show_advice()

    @on(LettersTable.CursorMoved)
    def _show_advice(self) -> None:
        letter = self.table.current
        about = self.about
        if self.retries is not None:
            about.say(progress(self.retries, self.key_name("back")))
        elif letter is None:
            about.say(Content(self._none()))
        else:
            what_now = f"\n{advice(letter.reason)}" if letter.unresolved else ""
            about.say(Content(f"{letter.error}{what_now}"))
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
        letter = self.table.current
        return letter.id if letter is not None and letter.open else None

    def repaired(self) -> None:
        self.reload()

    # What HistoryActions works on

    def row_meant(self) -> FindSubjects | None:
        letter = self.table.current
        if letter is None:
            return None
        if letter.line is not None:
            return history.of_line(letter.line, self.log_meant().access.read_again)
        return history.of_letter(letter.id)

    def log_meant(self) -> LogView:
        letter = self.table.current
        return self.view.log_at(letter.path) if letter is not None else self.view

    def inspector(self, look_up: LookUp) -> InspectorScreen:
        return InspectorScreen(self.view, look_up)

    # All that are shown

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in _ABOUT_ALL and not self._are_all:
            return None
        if action in {"retry_shown", "discard_shown"} or (
            action in {"retry", "discard"} and self.table.marked
        ):
            return True if self._shown() and not self.view.access.dry_run else None
        if action == "export":
            return True if self._meant() else None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if action in _ABOUT_ALL and not self._are_all:
            return "The other dead letters are not looked up yet."
        if action in {"retry_shown", "discard_shown"} and not self.view.access.dry_run:
            return "No open dead letter is shown."
        if action == "export":
            return "No dead letter is shown that could be written."
        return super().why_not(action)

    def _meant(self) -> list[Letter]:
        """Return the letters that are marked, or else all that are shown."""
        table = self.table
        return [letter for letter in table.all if letter.id in table.marked] or table.shown

    def _shown(self) -> list[int]:
        return [letter.id for letter in self._meant() if letter.open]

    def action_mark(self) -> None:
        """Mark the letter under the cursor, or no longer."""
        self.table.toggle_mark()
        self._retitle()

    def action_retry(self) -> None:
        """Apply the letter under the cursor now, or those that are marked."""
        if self.table.marked:
            self.retry_many(self._shown(), careful=False)
        else:
            super().action_retry()

    def action_discard(self) -> None:
        """Give up the letter under the cursor, or those that are marked."""
        if self.table.marked:
            self.action_discard_shown()
        else:
            super().action_discard()

    def show_progress(self) -> None:
        self._show_advice()

    def action_retry_shown(self) -> None:
        """Ask whether to retry the letters of one cause, or all that are shown."""
        group, shown = self._group(), self._shown()
        first = next((letter for letter in self._meant() if letter.id in group), None)
        if first is not None:
            cause = f"{first.reason} of {first.model}" if first.model else first.reason
            what = f"{plural(len(group), 'dead letter')}: {cause}"
            if self.table.marked:
                what = plural(len(group), "marked dead letter")
            dialog = RetryDialog(len(group), what, len(shown))
            self.ask(dialog, partial(self._retry_these, sorted(group), shown))

    def _group(self) -> set[int]:
        """Return those that are marked, or of the cause under the cursor, or of the letter's."""
        if self.table.marked:
            return set(self._shown())
        if self.focused is self.causes and (cause := self.causes.current) is not None:
            return set(cause.letters).intersection(self._shown())
        letter = self.table.current
        alike = kind_of(letter) if letter else None
        return {one.id for one in self.table.shown if one.open and kind_of(one) == alike}

    def _retry_these(self, group: list[int], shown: list[int], careful: bool) -> None:
        self.retry_many(group if careful else shown, careful=careful)

    @on(CausesTable.Chosen, "#causes")
    def _filter_by_cause(self) -> None:
        """Show the letters of the cause under the cursor."""
        if (cause := self.causes.current) is not None:
            self.apply_filter(cause.filter)
            self.table.focus()

    def action_focus_list(self, name: str) -> None:
        """Move the keyboard to the causes, or to the letters."""
        if name == "causes" and not self.causes.display:
            self.notify("Every letter here has a cause of its own.", severity="warning")
        else:
            self.query_one(f"#{name}").focus()

    def action_discard_shown(self) -> None:
        """Give up every letter shown, with a reason."""
        if chosen := self._shown():
            self.ask_to_discard(chosen)

    def action_export(self) -> None:
        """Write the letters shown to a file."""
        what = f"{plural(len(self._meant()), 'dead letter')} as JSON lines"
        self.ask(ExportDialog(what, "dead-letters", ".jsonl"), self._export)

    @work(exclusive=True, group="export", exit_on_error=False)
    async def _export(self, path: Path) -> None:
        chosen = [letter.id for letter in self._meant()]
        number = await in_thread(letters.export, chosen, path, self.view.access.target)
        self.notify(f"Wrote {plural(number, 'dead letter')} to {path}.", markup=False)

    # The view

    @on(LettersTable.Chosen, "#letters")
    def action_inspect(self) -> None:
        """Look at the letter under the cursor."""
        if (look_up := self._look_up()) is not None:
            inspector = InspectorScreen(self.view, look_up, self._other)
            self.app.push_screen(inspector, lambda _: self.repaired())

    def _look_up(self) -> LookUp | None:
        letter = self.table.current
        if letter is None:
            return None
        self._inspected = letter.id
        if letter.line is not None:
            return look_up_line(self.log_meant(), letter.line)
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

    def action_toggle_all(self) -> None:
        """Show those that are done, too, or only the open ones."""
        self._only_open = not self._only_open
        self._are_all = False
        self.reload()

    def filter_changed(self) -> None:
        self._retitle()

    def action_peel(self) -> None:
        """Stop the retries, or clear the marks, or the filter, or go back."""
        if self.stop_retries():
            return
        if self.table.marked:
            self.table.clear_marks()
            self._retitle()
        else:
            super().action_peel()
