"""One row over time: its records, its dead letters, the row now; and the key that leads there."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.history import Step
from tui_ingest.tui.screens.console_screen import ConsoleScreen, back_key, help_key
from tui_ingest.tui.screens.copying import Copying
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.history import FindSubjects, HistoryLookup, HistorySoFar
from tui_ingest.tui.view.inspection import LookUp, look_up_letter, look_up_line
from tui_ingest.tui.view.lines import record_line
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.about import About
from tui_ingest.tui.widgets.history_view import HistoryView
from tui_ingest.words.numbers import plural, size
from tui_ingest.words.terminal_safe import terminal_safe


class HistoryScreen(Copying):
    """The history of one row.

    Args:
        view: the log that it is from.
        find: which row.
        inspector: makes the screen that shows one of its records.

    Attributes:
        lookup: the search; stopped with the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "inspect", "Inspect", tooltip="The record under the cursor", id="inspect"),
        Binding("c", "copy", "Copy", tooltip="The record under the cursor", id="copy"),
        Binding("Y", "write_record", "Write record", tooltip="To a file", id="write_record"),
        back_key("peel"),
        help_key(),
    ]

    def __init__(
        self,
        view: LogView,
        find: FindSubjects,
        inspector: Callable[[LookUp], Screen[None]],
    ) -> None:
        super().__init__(view)
        self.table, self.about = HistoryView(), About()
        self.lookup = HistoryLookup(view.access, find)
        self._inspector = inspector
        self._shown: HistorySoFar | None = None

    def body(self) -> ComposeResult:
        yield self.table
        yield self.about

    def on_mount(self) -> None:
        self.table.focus()
        self.lookup.start()

    def on_unmount(self) -> None:
        self.lookup.stop()

    @property
    def so_far(self) -> HistorySoFar:
        """What was found by now."""
        return self.lookup.so_far

    def look(self) -> None:
        super().look()
        so_far = self.so_far
        if so_far is not self._shown:
            self._shown = so_far
            self.table.show(so_far)
            self._retitle(so_far)

    def _retitle(self, so_far: HistorySoFar) -> None:
        table = self.table
        parts = ["History"]
        if so_far.subjects:
            subject = so_far.subjects[0]
            parts.append(terminal_safe(f"{subject.label} {subject.key}"))
            parts.append(plural(so_far.dropped + len(so_far.steps), "record"))
            parts.append(_searched(so_far))
            # Of summer and winter time both, where there are records of both.
            zones = (formats.zone(step.record.timestamp) for step in so_far.steps)
            parts += ["/".join(dict.fromkeys(zones))] if so_far.steps else []
        table.entitle(" · ".join(parts), "INCOMPLETE" if so_far.lacks else "")
        self._show_whole()

    @on(HistoryView.CursorMoved)
    def _show_whole(self) -> None:
        line, so_far = self.table.current, self._shown
        if so_far is not None and so_far.error:
            self.about.say(Content.styled(terminal_safe(so_far.error), Tone.BAD))
        else:
            self.about.say(Content(line.whole if line else ""))

    # Keys

    def _step(self) -> Step | None:
        line = self.table.current
        return line.step if line else None

    @on(HistoryView.Chosen)
    def action_inspect(self) -> None:
        """Look at the record under the cursor."""
        step = self._step()
        if step is None:
            return
        if step.letter is not None:
            look_up = look_up_letter(self.view, step.letter.id)
        else:
            look_up = look_up_line(self.view, record_line(step.record, Outcome.SAVED))
        self.app.push_screen(self._inspector(look_up))

    def action_copy(self) -> None:
        """Copy the record under the cursor."""
        step = self._step()
        if step is not None:
            self.copy_text(step.record.raw.decode("utf-8", "replace"), "the record")

    def action_write_record(self) -> None:
        """Write the record under the cursor to a file."""
        step = self._step()
        if step is not None:
            self.write_line(step.record.raw, step.record.location, whole=True)

    def action_peel(self) -> None:
        """Stop the search, or go back."""
        if self.lookup.is_stopped or self.so_far.is_over:
            self.dismiss()
        else:
            self.lookup.stop()


def _searched(so_far: HistorySoFar) -> str:
    if not so_far.is_over:
        share = so_far.done * 100 // max(1, so_far.total)
        return f"searching, {share} % of {size(so_far.total)}"
    return f"in {size(so_far.done)} of the log"


class HistoryActions(ConsoleScreen):
    """The key of the screens on which a row is meant."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "h",
            "history",
            "History of the row",
            tooltip="All its records, and the row now",
            show=False,
            id="history",
        ),
    ]

    def row_meant(self) -> FindSubjects | None:
        """Return what finds the row that the key is about; None if none is."""
        raise NotImplementedError

    def log_meant(self) -> LogView:
        """Return the log that the row is looked for in."""
        return self.view

    def inspector(self, look_up: LookUp) -> Screen[None]:
        """Return the screen that shows one of the row's records."""
        raise NotImplementedError

    def no_row(self) -> str:
        """Say why no row is meant."""
        return "No record is under the cursor."

    def action_history(self) -> None:
        """Show every record of the row, and the row now."""
        find = self.row_meant()
        if find is None:
            self.notify(self.no_row(), severity="warning")
        else:
            self.app.push_screen(HistoryScreen(self.log_meant(), find, self.inspector))
