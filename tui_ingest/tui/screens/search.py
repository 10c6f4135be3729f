"""Records of all logs that a filter asks for: found while one looks, opened where they stand."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content

from tui_ingest.oplog.log import FromByte
from tui_ingest.tui.screens.console_screen import back_key, help_key
from tui_ingest.tui.screens.copying import Copying
from tui_ingest.tui.screens.history import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.list_screen import ListScreen, sort_keys
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.view import formats, history
from tui_ingest.tui.view.filtering import Filter
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import LookUp
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_search import VOCABULARY, LogSearch, SearchSoFar
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.found_table import FoundTable
from tui_ingest.words.numbers import plural, size
from tui_ingest.words.terminal_safe import terminal_safe


def search_key() -> Binding:
    """Return the key that leads here."""
    tip = "In all files of the log, or of all logs"
    return Binding("F", "search", "Find records", tooltip=tip, show=False, id="search")


class SearchScreen(HistoryActions, Copying, ListScreen):
    """What is looked for is typed first; the search goes through all files of every log."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Find", tooltip="Something else", id="filter"),
        *sort_keys(),
        Binding("c", "copy", "Copy", tooltip="The record under the cursor", id="copy"),
        back_key("peel"),
        help_key(),
    ]
    table: FoundTable

    def __init__(self, view: LogView) -> None:
        super().__init__(view)
        self.lookup: LogSearch | None = None
        self._typed = ""
        self._shown: SearchSoFar | None = None

    def make_table(self) -> FoundTable:
        return FoundTable()

    def on_mount(self) -> None:
        self.table.entitle("Find records")
        self.action_filter()

    def on_unmount(self) -> None:
        self._stop()

    # What to look for

    def action_filter(self) -> None:
        """Type what to look for."""
        self.filter_input.open(self._typed)

    def action_keep_filter(self) -> None:
        """Search for what was typed."""
        wanted = Filter.parse(self.filter_input.value, VOCABULARY)
        if wanted.unknown:
            self.notify(wanted.unknown, severity="warning", markup=False)
            return
        self.leave_input()
        if wanted:
            self._stop()
            self._typed = wanted.typed
            self.lookup = LogSearch(self.view, wanted)
            self.lookup.start()
            self.look()

    def _stop(self) -> None:
        if self.lookup is not None:
            self.lookup.stop()

    def apply_filter(self, typed: str) -> None:
        """Not yet: what is typed is looked for once it is whole."""

    # Looking

    def look(self) -> None:
        super().look()
        so_far = self.lookup.so_far if self.lookup is not None else None
        if so_far is not None and so_far is not self._shown:
            self._shown = so_far
            self.table.show_search(so_far)
            self._retitle(so_far)

    def _retitle(self, so_far: SearchSoFar) -> None:
        found = plural(len(so_far.found), "record")
        parts = ["Find", f"/{terminal_safe(self._typed)}/", found, _searched(so_far)]
        is_all = not (so_far.lacks or so_far.error)
        self.table.entitle(" · ".join(parts), "" if is_all else "INCOMPLETE")
        self._show_whole()

    @on(FoundTable.CursorMoved)
    def _show_whole(self) -> None:
        about, found = self.about, self.table.current
        if self._shown is not None and self._shown.error:
            about.say(Content.styled(terminal_safe(self._shown.error), Tone.BAD))
        elif found is not None:
            when = formats.date_and_time(found.line.time)
            note = f" · {found.line.note}" if found.line.note else ""
            about.say(Content(f"{found.log} · {when}{note}\n{found.line.preview}"))
        else:
            about.say(Content(self.table.lack))

    # The record under the cursor

    @on(FoundTable.Chosen)
    def open_log(self) -> None:
        """Look at the log where the record stands."""
        found = self.table.current
        if found is not None:
            place = FromByte(found.line.location.generation, found.line.location.start)
            self.app.push_screen(LookScreen(self.view.log_at(found.path), place))

    def record_meant(self) -> RecordLine | None:
        found = self.table.current
        return found.line if found is not None else None

    def log_meant(self) -> LogView:
        found = self.table.current
        return self.view.log_at(found.path) if found is not None else self.view

    def row_meant(self) -> FindSubjects | None:
        found = self.table.current
        if found is None:
            return None
        return history.of_line(found.line, self.log_meant().access.read_again)

    def inspector(self, look_up: LookUp) -> InspectorScreen:
        return InspectorScreen(self.log_meant(), look_up)

    def action_peel(self) -> None:
        """Stop typing, stop the search, or go back."""
        if self.filter_input.display and self.lookup is not None:
            self.leave_input()
        elif self.lookup is None or self.lookup.is_stopped or self.lookup.so_far.is_over:
            self.dismiss()
        else:
            self.lookup.stop()


def _searched(so_far: SearchSoFar) -> str:
    searched = size(so_far.searched_bytes)
    if so_far.is_over:
        return f"in {searched} of {plural(so_far.logs, 'log')}"
    return f"searching, {searched}, log {so_far.number} of {so_far.logs} at {so_far.share} %"
