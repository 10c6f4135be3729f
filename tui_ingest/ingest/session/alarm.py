"""Tells the project of what is grave: a command, or a callable, that may fail or hang."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import Any

from django.utils.module_loading import import_string

from tui_ingest.fields import as_iso
from tui_ingest.ingest.events import (
    Event,
    EventKind,
    ModelVerified,
    Noticed,
    RecordFailed,
    RecordSetAside,
    SessionEnded,
    StoppedOnError,
    VerifiedState,
)

QUIET_SECONDS = 600.0  # without a dead letter, after which the next one is told
COMMAND_SECONDS = 30.0  # for a command to end
LAST_WORD_SECONDS = 5.0  # at the end of a session, for what is still to be told
MOST_WAITING = 100  # while one hangs; later ones are left out

logger = logging.getLogger(__name__)

Facts = dict[str, Any]


class Alarm:
    """Listens to a session, and calls in a thread of its own, so that nothing waits for it."""

    def __init__(self, wanted: Sequence[str] | str | None, path: str) -> None:
        self._wanted = wanted
        self._path = path
        self._set_aside_at: float | None = None  # monotonic seconds
        self._waiting: queue.Queue[Facts | None] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None

    def __call__(self, event: Event) -> None:
        """Tell of an event, if it is one of those."""
        if self._wanted is None or (facts := self._facts(event)) is None:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="on-event", daemon=True)
            self._thread.start()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait({"time": as_iso(event.at), "log": self._path, **facts})

    def end(self) -> None:
        """Wait a moment for what is still to be told."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)
            self._thread.join(LAST_WORD_SECONDS)

    def _facts(self, event: Event) -> Facts | None:
        match event:
            case Noticed(kind=EventKind.GAP | EventKind.HALTED):
                return {"event": str(event.kind), "message": event.message}
            case StoppedOnError():
                return {"event": "stopped_on_error", "message": _said(event)}
            case SessionEnded() if event.error:
                return {"event": "stopped", "message": event.error}
            case ModelVerified() if event.verdict.state is VerifiedState.DIFFERS:
                return {"event": "differs", "message": f"{event.model}: {event.verdict.reason}"}
            case RecordSetAside() if self._is_news():
                return {"event": "dead_letter", "message": _said(event)}
        return None

    def _is_news(self) -> bool:
        """Tell whether no record was set aside for a while."""
        before, self._set_aside_at = self._set_aside_at, time.monotonic()
        return before is None or self._set_aside_at - before > QUIET_SECONDS

    def _work(self) -> None:
        while (facts := self._waiting.get()) is not None:
            try:
                _call(self._wanted, facts)
            except Exception:
                logger.exception("ON_EVENT failed for: %s", facts["event"])


def _said(event: RecordFailed) -> str:
    return f"{event.model} {event.pk} {event.reason}: {event.error}".strip()


def _call(wanted: Sequence[str] | str | None, facts: Facts) -> None:
    if isinstance(wanted, str):
        import_string(wanted)(facts)
    elif wanted is not None:
        subprocess.run(  # noqa: S603  # the project's own settings name it
            [*wanted],
            input=json.dumps(facts).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=True,
        )
