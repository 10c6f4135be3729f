"""One record: what it says, what the database says, what failed, what a retry will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui_ingest.tui.screens.console_screen import back_key, help_key
from tui_ingest.tui.screens.copying import Copying
from tui_ingest.tui.screens.history import HistoryActions
from tui_ingest.tui.screens.repair_actions import RepairActions
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.history import FindSubjects, named
from tui_ingest.tui.view.inspection import Inspection, LookUp
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.field_table import FieldTable, both_values
from tui_ingest.tui.widgets.json_area import JsonArea

PANES = ("record", "fields", "traceback")


class InspectorScreen(RepairActions, HistoryActions, Copying):
    """What is known of one record.

    Args:
        view: the log that it is of.
        look_up: of the record.
        other: goes to the next failure (1) where the record was chosen, or to the one before (-1).
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        back_key("dismiss"),
        Binding("1", "show_pane('record')", "Record", id="record_pane"),
        Binding("2", "show_pane('fields')", "Fields", id="fields_pane"),
        Binding("3", "show_pane('traceback')", "Traceback", id="traceback_pane"),
        Binding("n", "other(1)", "Next", tooltip="The next failure of the list", id="next_failure"),
        Binding("p", "other(-1)", "Previous failure", show=False, id="previous_failure"),
        Binding("c", "copy", "Copy", show=False, id="copy"),
        help_key(),
    ]

    def __init__(
        self,
        view: LogView,
        look_up: LookUp,
        other: Callable[[int], LookUp | None] | None = None,
    ) -> None:
        super().__init__(view)
        self.ready.clear()
        self._look_up = look_up
        self._other = other
        self.inspection: Inspection | None = None  # None until it was looked up

    def body(self) -> ComposeResult:
        yield Static(id="summary")
        with Container(id="inspector"):
            yield JsonArea(read_only=True, show_cursor=False, id="record", classes="-chosen")
            with Vertical(id="fields"):
                yield FieldTable()
                yield Static(id="both")
            with VerticalScroll(id="traceback"):
                yield Static(id="trace")

    def on_mount(self) -> None:
        for number, pane in enumerate(PANES, 1):
            self.query_one(f"#{pane}").border_title = Content(f"{number} {pane}")
        self.query_one("#summary", Static).update(Content("Looking it up …"))
        self.query_one(JsonArea).focus()
        self.reload()

    @work(exclusive=True, group="inspect", exit_on_error=False)
    async def reload(self) -> None:
        """Look the record up again, after something was done about it."""
        try:
            self.inspection = await in_thread(self._look_up)
        finally:
            self.ready.set()
        if self.inspection is None:
            self.query_one("#summary", Static).update(Content("This record is gone."))
            return
        self._show(self.inspection)
        self.refresh_bindings()

    def _show(self, found: Inspection) -> None:
        self.query_one("#summary", Static).update(_summary(found))
        self.query_one(JsonArea).load_text(found.text)
        self.query_one(FieldTable).show(found.rows)
        self.query_one("#trace", Static).update(Content(found.traceback or "No traceback."))
        self.query_one("#inspector").set_class(bool(found.traceback), "-failed")
        self._show_the_error()

    def _show_the_error(self) -> None:
        """In a traceback it stands last."""
        self.query_one("#traceback", VerticalScroll).scroll_end(animate=False)

    @on(FieldTable.CursorMoved)
    def _show_both(self) -> None:
        self.query_one("#both", Static).update(both_values(self.query_one(FieldTable).current))

    # What RepairActions works on

    def chosen_letter(self) -> int | None:
        return self.inspection.dead_letter if self.inspection else None

    def repaired(self) -> None:
        self.reload()

    # What HistoryActions works on

    def row_meant(self) -> FindSubjects | None:
        row = self.query_one(FieldTable).current_row
        return named(row.label, row.key) if row is not None else None

    def log_meant(self) -> LogView:
        return self.view.log_at(self.inspection.path) if self.inspection else self.view

    def inspector(self, look_up: LookUp) -> InspectorScreen:
        return InspectorScreen(self.view, look_up)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "other" and self._other is None:
            return None
        return super().check_action(action, parameters)

    def why_not(self, action: str) -> str:
        if action.startswith("other"):
            return "This record was not chosen from a list."
        return super().why_not(action)

    def action_other(self, direction: int) -> None:
        """Look at the next failure, or the one before."""
        found = self._other(direction) if self._other else None
        if found is None:
            where = "later" if direction > 0 else "earlier"
            self.notify(f"No {where} failure in the list.", severity="warning")
            return
        self._look_up = found
        self.ready.clear()
        self.reload()

    def action_show_pane(self, pane: str) -> None:
        """Show a pane, where not all have room, and move the keyboard to it."""
        for name in PANES:
            self.query_one(f"#{name}").set_class(name == pane, "-chosen")
        self.query_one("#field-table" if pane == "fields" else f"#{pane}").focus()
        if pane == "traceback":
            self.call_after_refresh(self._show_the_error)

    def action_copy(self) -> None:
        """Copy the record as it is shown."""
        if self.inspection is not None:
            self.copy_text(self.inspection.text, "the record")


def _summary(found: Inspection) -> Content:
    fate = ("✗ ", Tone.BAD) if found.failed else ("", "")
    lines = [
        Content.assemble(
            (found.subject.strip() or "a line", "bold"),
            "  ",
            fate,
            (found.fate, Tone.BAD if found.failed else ""),
        ),
        Content.styled(found.place, Tone.QUIET),
    ]
    error, _, details = found.error.partition("\n")
    if error:
        lines.append(Content.styled(error, Tone.BAD if found.failed else Tone.QUIET))
    if found.outlook:
        lines.append(Content(found.outlook))
    if details:  # the last to be cut off
        lines.append(Content.styled(details, Tone.QUIET))
    return Content("\n").join(lines)
