"""Asks for a place of the log: to look at, or to continue from, once it is seen what that means."""

from __future__ import annotations

from collections.abc import Iterator

from textual import on, work
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from tui_ingest.oplog.log import FromTime, Log, LogError, Position, StartPoint
from tui_ingest.tui.screens.dialogs import Dialog
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.places import parse_place
from tui_ingest.tui.view.wording import Tone
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

HINT = "a {} of the log · 15:00 · 2023-10-27 10:18 · an epoch such as 1698395500.97 · start"


class PlaceDialog(Dialog[StartPoint]):
    """Returns a place, as it is typed.

    Args:
        unit: what places of this log count: "byte".
        example: of what can be typed.
    """

    def __init__(self, question: str, unit: str, example: str) -> None:
        super().__init__(question)
        self._unit, self._example = unit, example

    def fields(self) -> Iterator[Widget]:
        yield Input(placeholder=self._example, id="place")
        yield Static(Content.styled(HINT.format(self._unit), Tone.QUIET), id="meaning")

    def typed(self, place: StartPoint) -> None:
        """Do what is done with a place."""
        self.dismiss(place)

    @on(Input.Submitted)
    @on(Button.Pressed, "#look")
    def _look(self) -> None:
        try:
            place = parse_place(self.query_one(Input).value)
        except ValueError as error:
            self.say(str(error), Tone.BAD)
        else:
            self.typed(place)

    def say(self, text: str, tone: Tone) -> None:
        """Say something about the place."""
        self.query_one("#meaning", Static).update(
            Content.styled(terminal_safe(text, lines=True), tone)
        )


class LookAtDialog(PlaceDialog):
    """Returns where to look. Nothing is applied there."""

    def __init__(self, unit: str) -> None:
        super().__init__("Look at the log at another time; nothing is applied", unit, "15:00")

    def buttons(self) -> Iterator[Button]:
        yield Button("Look", variant="primary", id="look")


class GoToDialog(PlaceDialog):
    """Returns where to continue, confirmed after a look at what that means, or None.

    Args:
        log: a reader of its own; closed with the dialog.
        position: where the session stands.
    """

    def __init__(self, log: Log, position: Position) -> None:
        super().__init__("Continue from another place", log.unit, "start")
        self._log = log
        self._position = position
        self._place: StartPoint | None = None  # what was looked up; goes there if confirmed

    def buttons(self) -> Iterator[Button]:
        yield Button("Look up", variant="primary", id="look")
        yield Button("Go there", variant="warning", id="go", disabled=True)

    def on_unmount(self) -> None:
        self._log.close()

    @on(Input.Changed)
    def _forget(self) -> None:
        self._place = None
        self.query_one("#go", Button).disabled = True

    def typed(self, place: StartPoint) -> None:
        self.say("Reading the log …", Tone.QUIET)
        self._preview(place)

    @work(exclusive=True, exit_on_error=False)
    async def _preview(self, place: StartPoint) -> None:
        try:
            target, between = await in_thread(self._measure, place)
        except LogError as error:
            self.say(str(error), Tone.BAD)
            return
        self._place = place
        kind = "file" if self._log.unit == "byte" else "stream"
        is_read = target.generation == self._position.generation
        whole = f"the {kind} being read" if is_read else f"another {kind}"
        where = f"{self._log.unit} {target.offset:,} of {whole}"
        self.say(_meaning(place, where, between), Tone.WARNING)
        self.query_one("#go", Button).disabled = False
        self.query_one("#go", Button).focus()

    def _measure(self, place: StartPoint) -> tuple[Position, int | None]:
        """In a thread: find the place, and how many records lie between it and the session."""
        target = self._log.locate(place)
        return target, self._log.count(self._position, target)

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
