"""Records per second: one bar a second, the present rate, the peak."""

from __future__ import annotations

from textual.content import Content

from tui_ingest.tui.view import formats
from tui_ingest.tui.view.rates import RateHistory, sparkline
from tui_ingest.tui.widgets.throttle import Steady


class RatePanel(Steady):
    """A sparkline whose full height is the peak of the session."""

    DEFAULT_CSS = "RatePanel { height: 1; }"

    def __init__(self, rates: RateHistory, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
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
