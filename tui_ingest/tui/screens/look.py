"""The log at another time, to look at: the session goes on meanwhile, and nothing is applied."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui_ingest.oplog.log import FromTime, LogError, StartPoint
from tui_ingest.tui.screens.console_screen import back_key, help_key
from tui_ingest.tui.screens.copying import Copying
from tui_ingest.tui.screens.go_to import LookAtDialog
from tui_ingest.tui.screens.history import HistoryActions
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.view import formats, history
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.history import FindSubjects
from tui_ingest.tui.view.inspection import LookUp, look_up_line
from tui_ingest.tui.view.lines import RecordLine, next_failure, place_of_time
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.log_window import LogWindow
from tui_ingest.tui.widgets.lines_view import LinesView

MINUTE, HOUR = 60, 3600  # seconds
NEAR_ROWS = 20  # from an end of what was read, where more is read


def looking_keys(*, show: bool) -> list[BindingType]:
    """Return the keys that move what is looked at.

    Args:
        show: in the footer.
    """
    jumps = (
        ("left_square_bracket", -MINUTE, "Minute back", "minute_back"),
        ("right_square_bracket", MINUTE, "Minute on", "minute_on"),
        ("left_curly_bracket", -HOUR, "Hour back", "hour_back"),
        ("right_curly_bracket", HOUR, "Hour on", "hour_on"),
    )
    return [
        Binding("at", "look_at", "Look at …", tooltip="Applies nothing", show=show, id="look_at"),
        *(
            Binding(key, f"jump({seconds})", what, show=show, id=key_id)
            for key, seconds, what, key_id in jumps
        ),
    ]


class LookScreen(HistoryActions, Copying):
    """Records from a place of the log on.

    Args:
        view: the log.
        place: where to look first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        back_key("dismiss"),
        *looking_keys(show=True),
        Binding("c", "copy", "Copy", show=False, id="copy"),
        Binding("Y", "write_record", "Write record", show=False, id="write_record"),
        help_key(),
    ]

    def __init__(self, view: LogView, place: StartPoint) -> None:
        super().__init__(view)
        self.lines = LinesView()
        self.ready.clear()
        self._place = place
        self._log = view.access.open_log()
        self._window = LogWindow(self._log, view.access.target)
        self._at_beginning = False  # nothing is to be had before

    def body(self) -> ComposeResult:
        yield self.lines

    def on_mount(self) -> None:
        self.lines.focus()
        self._go_to(self._place)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _go_to(self, place: StartPoint) -> None:
        self.lines.entitle("Reading the log …")
        try:
            found = await in_thread(self._window.go_to, place, self.view.status.position)
            self.lines.show(found)
            before = await in_thread(self._window.earlier, self.view.status.position)
            self._at_beginning = not before
            self.lines.prepend(before)
        except LogError as error:
            self.complain(error, "There is nothing to look at")
        finally:
            self._retitle()
            self.ready.set()

    @on(LinesView.CursorMoved)
    def _read_on(self) -> None:
        lines = self.lines
        self._retitle()
        if not self.ready.is_set():
            return
        later = lines.cursor >= len(lines.lines) - NEAR_ROWS
        earlier = lines.cursor < NEAR_ROWS and not self._at_beginning
        if later or earlier:
            self._read(later=later, earlier=earlier)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _read(self, *, later: bool, earlier: bool) -> None:
        self.ready.clear()
        try:
            if later:
                self.lines.append(await in_thread(self._window.later, self.view.status.position))
            if earlier:
                found = await in_thread(self._window.earlier, self.view.status.position)
                self._at_beginning = not found
                self.lines.prepend(found)
        finally:
            self.ready.set()

    def _retitle(self) -> None:
        line = self.lines.current
        when = formats.date_and_time(line.time) if line and line.time is not None else ""
        parts = ["Looking", when, "nothing is applied here"]
        self.lines.entitle(" · ".join(part for part in parts if part))

    # Keys

    def action_look_at(self) -> None:
        """Look at another place."""
        self.ask(LookAtDialog(self._log.unit), self._look)

    def _look(self, place: StartPoint) -> None:
        self.ready.clear()
        self._go_to(place)

    def action_jump(self, seconds: int) -> None:
        """Go so many seconds on, or back."""
        lines = self.lines
        now = next((one.time for one in lines.lines[lines.cursor :] if one.time is not None), None)
        if now is None:
            return
        place = place_of_time(lines.lines, now + seconds)
        if place is not None:
            lines.cursor = place
        else:
            self._look(FromTime(now + seconds))

    @on(LinesView.Chosen)
    def _inspect(self) -> None:
        if (line := self.lines.current) is not None:
            look_up = look_up_line(self.view, line)
            self.app.push_screen(InspectorScreen(self.view, look_up, self._other_failure))

    def _other_failure(self, direction: int) -> LookUp | None:
        """Go to the next failure among these lines, or the one before."""
        lines = self.lines
        place = next_failure(lines.lines, lines.cursor, direction)
        if place is None:
            return None
        lines.cursor = place
        return look_up_line(self.view, lines.lines[place])

    def row_meant(self) -> FindSubjects | None:
        line = self.lines.current
        return history.of_line(line, self.view.access.read_again) if line else None

    def inspector(self, look_up: LookUp) -> InspectorScreen:
        return InspectorScreen(self.view, look_up)

    def record_meant(self) -> RecordLine | None:
        return self.lines.current

    def on_unmount(self) -> None:
        self._log.close()
