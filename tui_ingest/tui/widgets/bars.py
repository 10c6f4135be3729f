"""Two bars: how fast records are applied, and how far the file being read is."""

from __future__ import annotations

from pathlib import PurePath

from textual.content import Content
from textual.widget import Widget

from tui_ingest.ingest.status import SessionStatus
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.rates import RateHistory, sparkline
from tui_ingest.tui.widgets.throttle import Throttle
from tui_ingest.words.numbers import plural

BYTES_PER_SECOND = 2_000  # that the terminal is sent of each while it changes
MIN_BAR_CELLS = 8
_WORDS = {"byte": "offset"}  # for what positions count, where that is not its own word


class Steady(Widget):
    """Looked at several times a second, and drawn only when it looks different.

    Subclasses say in `content` what is drawn.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name
        super().__init__(id=id)
        self.throttle = Throttle(BYTES_PER_SECOND)
        self._drawn: Content | None = None

    def content(self) -> Content:
        """Return what is to be seen now."""
        raise NotImplementedError

    def look(self) -> None:
        """Draw what has changed."""
        if self.throttle.is_resting:
            return
        if self._drawn is None or not self._drawn.is_same(self.content()):
            self.refresh()
            self.throttle.drew(self.size)

    def render(self) -> Content:
        self._drawn = self.content()
        return self._drawn


class RatePanel(Steady):
    """A sparkline whose full height is the peak of the session."""

    DEFAULT_CSS = "RatePanel { height: 1; }"

    def __init__(self, rates: RateHistory) -> None:
        super().__init__(id="rate")
        self._rates = rates
        self.border_title = Content("records/s")

    def content(self) -> Content:
        now = round(self._rates.now)
        peak = max(now, self._rates.peak)
        label = "" if self.styles.border_top[0] else "records/s "
        figures = f" {formats.count(now)} now · {formats.count(peak)} peak"
        room = max(0, self.size.width - len(label) - len(figures))
        return Content.assemble((label, "$text-muted"), (self._bars(room), "$primary"), figures)

    def _bars(self, width: int) -> str:
        bars = list(self._rates.bars)[-width:] if width else []
        top = max([self._rates.peak, *bars])  # the peak that is named is the full height
        return sparkline(bars, width, top)


class OffsetBar(Steady):
    """The log's name, a bar, the offset in bytes of how many, and the older files to go."""

    DEFAULT_CSS = "OffsetBar { height: 1; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._snapshot = SessionStatus()

    def show(self, snapshot: SessionStatus) -> None:
        """Show where a session stands."""
        self._snapshot = snapshot
        self.look()

    def content(self) -> Content:
        snapshot = self._snapshot
        offset = snapshot.position.offset
        total = max(offset, snapshot.backlog.generation_size if snapshot.backlog else 0)
        share = offset / total if total else 0.0
        unit = snapshot.backlog.unit if snapshot.backlog else "byte"
        word = _WORDS.get(unit, unit)
        figures = f" {word} {formats.count(offset)} / {formats.count(total)}  {int(share * 100)} %"
        older = snapshot.backlog.older_generations if snapshot.backlog else 0
        if older:
            figures += f"  {plural(older, 'older file')} to go"
        name = PurePath(snapshot.path).name
        room = self.size.width - len(figures)
        name = formats.fit(name, min(len(name), 24, max(0, room - MIN_BAR_CELLS - 1)))
        done, ahead = _bar(max(MIN_BAR_CELLS, room - len(name) - 1), share)
        return Content.assemble(f"{name} ", (done, "$primary"), (ahead, "$text-muted"), figures)


def _bar(width: int, share: float) -> tuple[str, str]:
    """Return the done and the open part; they differ in weight, not in colour alone."""
    done = int(width * share)
    return "━" * done, "─" * (width - done)
