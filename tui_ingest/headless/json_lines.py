"""A line of JSON for each thing worth telling: for programs that read a service's output."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tui_ingest.fields import as_iso
from tui_ingest.headless.output import SUMMARY_SECONDS, Output, Sink
from tui_ingest.ingest import totals
from tui_ingest.ingest.events import (
    DeadLetterResolved,
    Event,
    ModelVerified,
    Noticed,
    OrdersTaken,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
    StoppedOnError,
)
from tui_ingest.ingest.status import SessionStatus, lag_seconds
from tui_ingest.running.options import IngestOptions

# What an event is called, and which of its facts are told.
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


class JsonOutput(Output):
    """Writes events, and every so often how far it is. Times are ISO 8601 in UTC."""

    def __init__(
        self, options: IngestOptions, sink: Sink, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = str(options.path)
        self._sink = sink
        self._clock = clock
        self._status = SessionStatus()
        self._summary_at = clock()
        self._summarised: tuple[State, int] | None = None

    def __call__(self, event: Event) -> None:
        self._status = self._status.after(event)
        if isinstance(event, SessionStarted):
            self._path = event.path
        if isinstance(event, StateChanged) and event.state is not State.RUNNING:
            self._summarise()  # the state is a part of it
        if type(event) in _TOLD and not (isinstance(event, SessionStarted) and event.again):
            self._tell(event)
        if self._clock() - self._summary_at >= SUMMARY_SECONDS:
            self._summarise()

    def _tell(self, event: Event) -> None:
        name, facts = _TOLD[type(event)]
        told = {fact: getattr(event, fact) for fact in facts}
        if isinstance(event, RecordSetAside | StoppedOnError):
            told["position"] = event.location.start
        if isinstance(event, ModelVerified):
            told["verdict"] = event.verdict.state
        if isinstance(event, SessionEnded):
            told["models"] = totals.by_model(event.counts)
            told["failed_without_model"] = totals.without_model(event.counts)
        self._line(name, told)

    def _summarise(self) -> None:
        self._summary_at = self._clock()
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
            "lag_seconds": lag_seconds(status, self._clock()),
            "records": status.records,
            "dead_letters": status.dead_letters,
            "gaps": status.gaps,
        }
        self._line("progress", told)

    def _line(self, name: str, told: dict[str, Any]) -> None:
        line = {"time": as_iso(self._clock()), "event": name, "log": self._path, **told}
        self._sink.write(json.dumps(line) + "\n")  # in ASCII: nothing acts on a terminal
