"""A progress bar for a terminal, with what happened scrolling by above it."""

from __future__ import annotations

import time
from typing import Self, TextIO, cast

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tui_ingest.headless.lines import Standing, told
from tui_ingest.headless.output import Output, Sink
from tui_ingest.ingest.events import Event, State
from tui_ingest.running.options import IngestOptions
from tui_ingest.words.terminal_safe import terminal_safe

REDRAWS_PER_SECOND = 4

_STYLES = {
    State.RUNNING: "green",
    State.CAUGHT_UP: "cyan",
    State.FINISHED: "cyan",
    State.WAITING: "yellow",
    State.STANDING_BY: "yellow",
    State.NO_FILE_YET: "yellow",
    State.STOPPED_ON_ERROR: "red",
}


class BarOutput(Output):
    """Redraws the bar from the last known facts; lines are gathered between two redraws."""

    def __init__(self, options: IngestOptions, sink: Sink) -> None:
        self._options = options
        self._standing = Standing()
        self._console = Console(
            file=cast(TextIO, sink), highlight=False, markup=False, emoji=False, soft_wrap=True
        )
        self._live = Live(
            console=self._console,
            get_renderable=self._render,
            refresh_per_second=REDRAWS_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._lines: list[str] = []
        self._printed_at = 0.0  # monotonic seconds

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._print()
        self._live.stop()

    def __call__(self, event: Event) -> None:
        self._standing.take(event)
        options = self._options
        self._lines.extend(told(event, project=options.project, dry_run=options.dry_run))
        if time.monotonic() - self._printed_at >= 1 / REDRAWS_PER_SECOND:
            self._print()

    def _print(self) -> None:
        self._printed_at = time.monotonic()
        if self._lines:
            self._console.print(Text("\n".join(self._lines)))
            self._lines.clear()

    def _render(self) -> RenderableType:
        standing = self._standing
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(no_wrap=True, overflow="ellipsis", max_width=self._console.width // 2)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True)
        bar.add_row(
            Text(terminal_safe(standing.title), style=_STYLES.get(standing.status.state, "")),
            ProgressBar(total=1.0, completed=standing.status.share),
            standing.percent,
        )
        figures = " · ".join(standing.figures())
        return Group(bar, Text(figures, style="dim", no_wrap=True, overflow="ellipsis"))
