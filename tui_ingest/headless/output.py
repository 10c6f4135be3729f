"""What becomes of events without a screen: lines, for people and for programs.

They go to a stream that may be closed or full while the session works on.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TextIO

from tui_ingest.fields import as_iso
from tui_ingest.headless.lines import Standing, told
from tui_ingest.ingest import totals
from tui_ingest.ingest.events import (
    DeadLetterResolved,
    Event,
    EventKind,
    ModelVerified,
    Noticed,
    OrdersTaken,
    RecordFailed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
    StoppedOnError,
)
from tui_ingest.ingest.status import SessionStatus, lag_seconds
from tui_ingest.running.options import IngestOptions
from tui_ingest.troubles import Troubles
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

SUMMARY_SECONDS = 10.0  # between two lines about how far it is

# These two take turns with every record of a quiet source: the summary tells of them.
_COMES_AND_GOES = (State.RUNNING, State.CAUGHT_UP)
# The last line of the session says how it ended.
_FINAL = (State.FINISHED, State.STOPPED, State.STOPPED_ON_ERROR)

# What an event is called in JSON, and which of its facts are told.
_TOLD: dict[type[Event], tuple[str, tuple[str, ...]]] = {
    SessionStarted: ("started", ("database", "dead_letters", "gaps")),
    OrdersTaken: ("orders", ("paused", "paused_by", "stop_on_error")),
    RecordSetAside: ("set_aside", ("dead_letter", "operation", "model", "pk", "reason", "error")),
    StoppedOnError: ("stopped_before", ("operation", "model", "pk", "reason", "error")),
    DeadLetterResolved: ("dead_letter", ("dead_letter", "status")),
    Noticed: ("notice", ("kind", "message", "missing_bytes")),
    ModelVerified: ("verified", ("model",)),
    SessionEnded: ("ended", ("state", "error", "set_aside")),
}


class _Nowhere(io.TextIOBase):
    """The standard output of a process that was started with a closed one."""

    def write(self, text: str) -> int:
        return len(text)


class Sink:
    """Writes lines to standard output, at once.

    A reader that goes away (`| head`) ends the session after the running batch. A full disk
    costs lines, never records.
    """

    def __init__(self, stream: TextIO | None, *, on_broken: Callable[[], None]) -> None:
        self.broken = False
        self._stream = stream or _Nowhere()
        self._on_broken = on_broken
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a line must not fail for the sake of the locale
            reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write text and flush it."""
        if self.broken:
            return len(text)
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self.broken = True
            self._forget_what_is_buffered()
            self._on_broken()
        except OSError:
            pass
        return len(text)

    def flush(self) -> None:
        """Do nothing: every write was flushed."""

    @property
    def encoding(self) -> str:
        """The stream's, after which a bar chooses its characters."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Tell whether somebody looks at a terminal."""
        return self._stream.isatty()

    def can_redraw(self) -> bool:
        """Tell whether that terminal can do more than scroll."""
        return self.isatty() and os.environ.get("TERM") not in {None, "dumb", "unknown"}

    def fileno(self) -> int:
        """Return the descriptor, of which a terminal's size is asked."""
        return self._stream.fileno()

    def _forget_what_is_buffered(self) -> None:
        """Keep Python from complaining about the closed pipe once more when it exits."""
        if self._stream is sys.__stdout__:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


class Output(AbstractContextManager["Output", None]):
    """Listens to a session for as long as it is entered."""

    def __call__(self, event: Event) -> None:
        """Take an event."""
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        """End; whatever was held back is written."""


class PlainOutput(Output):
    """Lines for a pipe or a service's journal, each with its time; every so often how far it is."""

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
            more = f"; {how_often}" if how_often else ""
            self._line(terminal_safe(self._standing.title) + more)

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
        figures = [standing.percent, plural(status.records, "record"), *standing.figures()]
        self._line(f"{terminal_safe(title)}: {', '.join(figures)}")

    def _line(self, text: str) -> None:
        moment = datetime.fromtimestamp(self._clock()).astimezone()
        self._sink.write(f"{moment:%Y-%m-%d %H:%M:%S} {self._label}{text}\n")


class JsonOutput(Output):
    """A line of JSON for each thing worth telling, for programs that read a service's output.

    And every so often how far it is. Times are ISO 8601 in UTC.
    """

    def __init__(self, options: IngestOptions, sink: Sink) -> None:
        self._path = str(options.path)
        self._sink = sink
        self._status = SessionStatus()
        self._summary_at = time.time()
        self._summarised: tuple[State, int] | None = None

    def __call__(self, event: Event) -> None:
        self._status = self._status.after(event)
        if isinstance(event, SessionStarted):
            self._path = event.path
        if isinstance(event, StateChanged) and event.state is not State.RUNNING:
            self._summarise()  # the state is a part of it
        if type(event) in _TOLD and not (isinstance(event, SessionStarted) and event.again):
            self._tell(event)
        if time.time() - self._summary_at >= SUMMARY_SECONDS:
            self._summarise()

    def _tell(self, event: Event) -> None:
        name, facts = _TOLD[type(event)]
        told = {fact: getattr(event, fact) for fact in facts}
        if isinstance(event, RecordFailed):
            told["position"] = event.location.start
        if isinstance(event, ModelVerified):
            told["verdict"] = event.verdict.state
        if isinstance(event, SessionEnded):
            told["models"] = totals.by_model(event.counts)
            told["failed_without_model"] = totals.without_model(event.counts)
        self._line(name, told)

    def _summarise(self) -> None:
        self._summary_at = time.time()
        status = self._status
        if (status.state, status.records) == self._summarised:
            return
        self._summarised = status.state, status.records
        told = {
            "state": status.state,
            "reason": status.reason,
            "position": status.position.offset,
            "size": status.size,
            "lag_bytes": status.backlog.remaining_bytes if status.backlog else None,
            "lag_seconds": lag_seconds(status, time.time()),
            "records": status.records,
            "dead_letters": status.dead_letters,
            "gaps": status.gaps,
        }
        self._line("progress", told)

    def _line(self, name: str, told: dict[str, Any]) -> None:
        line = {"time": as_iso(time.time()), "event": name, "log": self._path, **told}
        self._sink.write(json.dumps(line) + "\n")  # in ASCII: nothing acts on a terminal
