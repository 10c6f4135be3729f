"""Continue from another place: what the operator means, and what it will mean for the rows."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui_ingest.oplog.log import FromTime, Log, LogError, Position, StartPoint
from tui_ingest.tui.screens.dialog import Dialog
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.places import parse_place
from tui_ingest.tui.view.wording import Tone
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

HINT = "a {} of the log · 15:00 · 2023-10-27 10:18 · an epoch such as 1698395500.97 · start"


class GoToDialog(Dialog[StartPoint]):
    """Returns where to continue, confirmed after a look at what that means, or None.

    Args:
        log: a reader of its own; closed with the dialog.
        position: where the session stands.
    """

    def __init__(self, log: Log, position: Position) -> None:
        super().__init__()
        self._log = log
        self._position = position
        self._place: StartPoint | None = None  # what was looked up; goes there if confirmed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content("Continue from another place"))
            yield Input(placeholder="start", id="place")
            yield Static(Content.styled(HINT.format(self._log.unit), Tone.QUIET), id="meaning")
            with Horizontal(classes="buttons"):
                yield Button("Look up", variant="primary", id="look-up")
                yield Button("Go there", variant="warning", id="go", disabled=True)
                yield self.cancel_button()

    def on_unmount(self) -> None:
        self._log.close()

    @on(Input.Changed)
    def _forget(self) -> None:
        self._place = None
        self.query_one("#go", Button).disabled = True

    @on(Input.Submitted)
    @on(Button.Pressed, "#look-up")
    def _look_up(self) -> None:
        try:
            place = parse_place(self.query_one(Input).value)
        except ValueError as error:
            self._say(str(error), Tone.BAD)
            return
        self._say("Reading the log …", Tone.QUIET)
        self._preview(place)

    @work(exclusive=True, exit_on_error=False)
    async def _preview(self, place: StartPoint) -> None:
        try:
            target, between = await in_thread(self._measure, place)
        except LogError as error:
            self._say(str(error), Tone.BAD)
            return
        self._place = place
        kind = "file" if self._log.unit == "byte" else "stream"
        is_read = target.generation == self._position.generation
        whole = f"the {kind} being read" if is_read else f"another {kind}"
        where = f"{self._log.unit} {target.offset:,} of {whole}"
        self._say(_meaning(place, where, between), Tone.WARNING)
        self.query_one("#go", Button).disabled = False
        self.query_one("#go", Button).focus()

    def _measure(self, place: StartPoint) -> tuple[Position, int | None]:
        """In a thread: find the place, and how many records lie between it and the session."""
        target = self._log.locate(place)
        return target, self._log.count(self._position, target)

    def _say(self, text: str, tone: Tone) -> None:
        self.query_one("#meaning", Static).update(
            Content.styled(terminal_safe(text, lines=True), tone)
        )

    @on(Button.Pressed, "#go")
    def _go(self) -> None:
        self.dismiss(self._place)


def _meaning(place: StartPoint, where: str, between: int | None) -> str:
    if isinstance(place, FromTime):
        where = f"{formats.date_and_time(place.timestamp)} is {where}"
    if between is None:
        effect = "How many records lie between is not known: the session's place left the log."
    elif between < 0:
        effect = f"{plural(-between, 'record')} will be applied again."
    elif between > 0:
        effect = f"{plural(between, 'record')} will be skipped and not applied."
    else:
        effect = "That is where the session stands."
    return f"{where}\n{effect}"
