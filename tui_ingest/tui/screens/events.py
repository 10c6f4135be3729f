"""What happened: gaps, rotations, seeks, retries, and what the application logged meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from tui_ingest.ingest.status import Severity
from tui_ingest.tui.screens.console_screen import ConsoleScreen, help_key, pause_keys
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.lines import MarkerLine
from tui_ingest.tui.view.log_events import load
from tui_ingest.tui.widgets.filter_input import FilterInput
from tui_ingest.tui.widgets.key_line import KeyLine
from tui_ingest.tui.widgets.rows import Piece, RowsView

RELOAD_SECONDS = 2.0  # between two looks at the database
TIME_CELLS, KIND_CELLS = 20, 22

_TONES = {Severity.INFO: "", Severity.WARNING: "rows--warning", Severity.ERROR: "rows--bad"}


class EventsTable(RowsView):
    """One line for each event, the latest below."""

    HEADING = True

    def __init__(self) -> None:
        super().__init__(id="events")
        self._all: list[MarkerLine] = []
        self._shown: list[MarkerLine] = []
        self._terms: list[str] = []

    def show(self, lines: list[MarkerLine]) -> None:
        """Show other events; a cursor at the end stays at the end."""
        at_end = self.cursor >= len(self._shown) - 1
        self._all = lines
        self._arrange()
        if at_end:
            self.action_last()

    def filter(self, text: str) -> None:
        """Show only what matches."""
        self._terms = text.lower().split()
        self._arrange()

    def _arrange(self) -> None:
        self._shown = [line for line in self._all if self._matches(line)]
        self.rows_changed()

    def _matches(self, line: MarkerLine) -> bool:
        text = f"{line.kind} {line.text}".lower()
        return all(term in text for term in self._terms)

    @property
    def current(self) -> MarkerLine | None:
        """The event under the cursor."""
        return self._shown[self.cursor] if self._shown else None

    def row_count(self) -> int:
        return len(self._shown)

    def heading(self, width: int) -> Iterator[Piece]:
        yield formats.fit("time", TIME_CELLS), ""
        yield formats.fit("what", KIND_CELLS), ""
        yield formats.fit("message", max(0, width - TIME_CELLS - KIND_CELLS)), ""

    def row(self, index: int, width: int) -> Iterator[Piece]:
        line = self._shown[index]
        tone = _TONES[line.severity]
        stamp = formats.date_and_time(line.at)
        yield formats.fit(stamp[: TIME_CELLS - 1], TIME_CELLS), "rows--quiet"
        yield formats.fit(line.kind.replace("_", " "), KIND_CELLS - 1) + " ", tone
        yield formats.fit(line.text, max(0, width - TIME_CELLS - KIND_CELLS)), tone


class EventsScreen(ConsoleScreen):
    """The list of events of this log, with the application's own log in between."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *pause_keys(shown=False),
        Binding("slash", "filter", "Filter", id="filter"),
        Binding("escape", "peel", "Back", id="back"),
        help_key(),
    ]

    def compose(self) -> ComposeResult:
        yield self.top_line()
        yield EventsTable()
        yield FilterInput(placeholder="gap  rotated  waiting  …")
        yield Static(id="about")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(EventsTable).border_title = Content("Events")
        self.query_one(EventsTable).focus()
        self.reload()
        self.set_interval(RELOAD_SECONDS, self.reload)

    @work(exclusive=True, group="events", exit_on_error=False)
    async def reload(self) -> None:
        """Load the list again."""
        access = self.view.access
        kept = await in_thread(load, access.path, access.target)
        lines = [*kept, *self.view.feed.messages]
        self.query_one(EventsTable).show(sorted(lines, key=lambda line: line.at))
        self._show_whole()

    @on(EventsTable.CursorMoved)
    def _show_whole(self) -> None:
        line = self.query_one(EventsTable).current
        self.query_one("#about", Static).update(Content(line.text if line else "Nothing yet."))

    def action_filter(self) -> None:
        """Type what to see."""
        self.query_one(FilterInput).open()

    @on(FilterInput.Changed)
    def _filter_as_typed(self, event: FilterInput.Changed) -> None:
        self.query_one(EventsTable).filter(event.value)

    @on(FilterInput.Submitted)
    def _keep_filter(self) -> None:
        self.query_one(FilterInput).display = False
        self.query_one(EventsTable).focus()

    def action_peel(self) -> None:
        """Clear the filter, or go back."""
        typed = self.query_one(FilterInput)
        if typed.value or typed.display:
            typed.value = ""
            self._keep_filter()
        else:
            self.dismiss()
