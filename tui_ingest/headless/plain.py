"""Lines for a pipe or a service's journal, each with its time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from tui_ingest.headless.lines import told
from tui_ingest.headless.output import SUMMARY_SECONDS, Output, Sink
from tui_ingest.headless.standing import Standing
from tui_ingest.ingest.events import Event, Noticed, SessionEnded, State, StateChanged
from tui_ingest.ingest.status import EventKind
from tui_ingest.running.options import IngestOptions
from tui_ingest.troubles import Troubles
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

# These two take turns with every record of a quiet source: the summary tells of them.
_COMES_AND_GOES = (State.RUNNING, State.CAUGHT_UP)
# The last line of the session says how it ended.
_FINAL = (State.FINISHED, State.STOPPED, State.STOPPED_ON_ERROR)


class PlainOutput(Output):
    """Writes what happened, and every so often how far it is."""

    def __init__(
        self,
        options: IngestOptions,
        sink: Sink,
        clock: Callable[[], float] = time.time,
        *,
        label: str = "",
    ) -> None:
        self._options = options
        self._label = f"{terminal_safe(label)}: " if label else ""  # which of several logs
        self._sink = sink
        self._clock = clock
        self._standing = Standing(clock)
        self._troubles = Troubles(clock)
        self._summary_at = clock()
        self._summarised: tuple[State, int] | None = None  # state and records of the last one

    def __call__(self, event: Event) -> None:
        self._standing.take(event)
        match event:
            case StateChanged(state=State.WAITING):
                self._waits(event.reason)
            case StateChanged():
                self._state(event.state)
            case Noticed(kind=EventKind.RECOVERED) if not self._troubles.over():
                return  # of what was not said
            case SessionEnded():
                self._summarise()
        for line in told(event, project=self._options.project, dry_run=self._options.dry_run):
            self._line(line)
        if self._clock() - self._summary_at >= SUMMARY_SECONDS:
            self._summarise()

    def _state(self, state: State) -> None:
        if state not in (*_COMES_AND_GOES, *_FINAL):
            self._line(terminal_safe(self._standing.title))
        elif state is State.CAUGHT_UP and self._summarised is None:
            self._summarise()

    def _waits(self, reason: str) -> None:
        """Say for what it waits: where it is for ever, not at every try."""
        how_often = self._troubles.again(reason)
        if how_often is not None:
            self._line(
                terminal_safe(self._standing.title) + (f"; {how_often}" if how_often else "")
            )

    def _summarise(self) -> None:
        """Say how far it is, if that is news."""
        self._summary_at = self._clock()
        standing, status = self._standing, self._standing.status
        news = status.state, status.records
        if news == self._summarised or status.state not in (*_COMES_AND_GOES, *_FINAL):
            return
        self._summarised = news
        # Why it ended is in the last line of the session.
        title = standing.word if status.state in _FINAL else standing.title
        figures = [
            standing.percent,
            plural(status.records, "record"),
            *standing.figures(),
        ]
        self._line(f"{terminal_safe(title)}: {', '.join(figures)}")

    def _line(self, text: str) -> None:
        moment = datetime.fromtimestamp(self._clock()).astimezone()
        self._sink.write(f"{moment:%Y-%m-%d %H:%M:%S} {self._label}{text}\n")
