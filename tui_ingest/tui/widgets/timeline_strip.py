"""The whole log in one line: what failed in it, what is missing, and where the session stands."""

from __future__ import annotations

import itertools
import operator
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui_ingest.oplog.log import Position
from tui_ingest.tui.speaking import key_name
from tui_ingest.tui.view.timeline import Cell, Timeline, cells
from tui_ingest.tui.view.wording import Tone
from tui_ingest.tui.widgets.throttle import Throttle
from tui_ingest.words.numbers import plural, size

FEWEST_CELLS, FEWEST_LINES = 120, 36  # of the screen; on a smaller one it would say nothing
LABEL = "log "
BYTES_PER_SECOND = 2_000  # that the terminal is sent of it while the session moves


class TimelineStrip(Widget, can_focus=True):
    """A line that is looked at as a whole, and walked from mark to mark."""

    DEFAULT_CSS = """
    TimelineStrip {
        height: 1; padding: 0 1; display: none;
        &.-shown { display: block; }
        &:focus { background: $boost; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "walk(-1)", "Mark before", show=False, id="mark_before"),
        Binding("right", "walk(1)", "Next mark", show=False, id="next_mark"),
        Binding("home", "end_of(-1)", "Beginning", show=False, id="first"),
        Binding("end", "end_of(1)", "End", show=False, id="last"),
        Binding("enter", "choose", "Go there", show=False, id="inspect"),
    ]

    timeline: reactive[Timeline] = reactive(Timeline())
    position: reactive[Position] = reactive(Position())
    cursor: reactive[int] = reactive(0)

    class Chosen(Message):
        """Somebody wants to see what is in a cell."""

        def __init__(self, strip: TimelineStrip, cell: Cell) -> None:
            super().__init__()
            self.strip = strip
            self.cell = cell

    def __init__(self) -> None:
        super().__init__(id="timeline")
        self.throttle = Throttle(BYTES_PER_SECOND)

    @property
    def has_room(self) -> bool:
        """Whether the screen is large enough for it."""
        width, height = self.screen.size
        return width >= FEWEST_CELLS and height >= FEWEST_LINES

    def show(self, timeline: Timeline) -> None:
        """Show another one; nothing of a log without bytes."""
        self.timeline = timeline
        self.set_class(bool(timeline.total), "-shown")

    def move(self, position: Position) -> None:
        """Show where the session stands."""
        if position != self.position and not self.throttle.is_resting:
            self.position = position
            self.throttle.drew(self.size)

    def cells(self) -> list[Cell]:
        """Return what is drawn."""
        grown = self.timeline.grown_to(self.position)
        return cells(grown, self.position, self.size.width - len(LABEL + self._figures()))

    def _figures(self) -> str:
        total = self.timeline.grown_to(self.position).total
        return f" {size(total)} in {plural(self.timeline.files, 'file')}"

    def render(self) -> Content:
        drawn = [_drawn(cell) for cell in self.cells()]
        if self.has_focus and drawn:
            at = min(self.cursor, len(drawn) - 1)
            drawn[at] = (drawn[at][0], f"{drawn[at][1]} reverse")
        # A terminal is told the colour of each part: one part for each run of the same.
        runs = [
            ("".join(sign for sign, _ in run), style)
            for style, run in itertools.groupby(drawn, key=operator.itemgetter(1))
        ]
        return Content.assemble((LABEL, "$text-muted"), *runs, self._figures())

    # Walking

    def on_focus(self) -> None:
        here = (number for number, cell in enumerate(self.cells()) if cell.is_here)
        self.cursor = next(here, 0)
        self._say()

    def action_walk(self, direction: int) -> None:
        """Move to the next mark, or the one before."""
        found = self.cells()
        places = range(self.cursor + direction, len(found) if direction > 0 else -1, direction)
        self.cursor = next((at for at in places if found[at].is_marked), self.cursor)
        self._say()

    def action_end_of(self, direction: int) -> None:
        """Move to the first cell, or the last."""
        self.cursor = len(self.cells()) - 1 if direction > 0 else 0
        self._say()

    def action_choose(self) -> None:
        """Go to what is there."""
        if (cell := self._under_cursor()) is not None:
            self.post_message(self.Chosen(self, cell))

    def on_click(self, event: events.Click) -> None:
        at = event.x - self.gutter.left - len(LABEL)
        if 0 <= at < len(self.cells()):
            self.cursor = at
            self.action_choose()

    def _say(self) -> None:
        if (cell := self._under_cursor()) is not None:
            self.notify(said(cell, key_name(self, "inspect")))

    def _under_cursor(self) -> Cell | None:
        found = self.cells()
        return found[min(self.cursor, len(found) - 1)] if found else None


def said(cell: Cell, key: str) -> str:
    """Return what is in a cell, in words.

    Args:
        key: the one that goes there, for people.
    """
    parts = [plural(len(cell.letters), "open dead letter")] if cell.letters else []
    parts += [plural(cell.gaps, "gap")] if cell.gaps else []
    parts += ["the session stands here"] if cell.is_here else []
    what = ", ".join(parts) or "nothing is marked"
    return f"Byte {cell.start:,} of all files: {what} · {key} goes there"


def _drawn(cell: Cell) -> tuple[str, str]:
    if cell.letters:
        return "✗", Tone.BAD
    if cell.gaps:
        return "!", f"bold {Tone.WARNING}"
    if cell.is_here:
        return "▼", "bold $text-accent"
    return ("━", "$primary") if cell.is_done else ("─", "$text-muted")
