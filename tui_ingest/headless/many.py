"""Sessions of many logs in one process, each in a thread with a database connection of its own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from django.db import close_old_connections, connections

from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.session.control import Control
from tui_ingest.running.errors import describe
from tui_ingest.running.exit_status import APPLIED, FATAL, SET_ASIDE
from tui_ingest.running.named_logs import PATTERN_SECONDS, logs_of
from tui_ingest.running.options import IngestOptions, is_pattern
from tui_ingest.running.starting import session, status_of

LOOK_SECONDS = 0.5  # between two looks whether all have ended

Report = Callable[[Event], None]
ReportOf = Callable[[IngestOptions], Report]

logger = logging.getLogger(__name__)


class Fleet:
    """Applies every log that is named, also those that appear later."""

    def __init__(self, options: IngestOptions) -> None:
        self._options = options
        self._members: dict[str, _Member] = {}
        self._stopping = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether the end was ordered."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """End all sessions after their running batches. Safe in a signal handler."""
        self._stopping.set()
        for member in list(self._members.values()):
            member.control.stop()

    def run(self, report_of: ReportOf, *, between_looks: Callable[[], None]) -> int:
        """Work until stopped, or until no session is left; return the process's exit status.

        Args:
            report_of: returns who listens to the session of a log; its calls come from that one's
                thread.
            between_looks: called every half second or so, in this thread.
        """
        while not self._stopping.is_set():
            self._add_new(report_of)
            if self._are_over(PATTERN_SECONDS, between_looks):
                break
        self.stop()
        for member in self._members.values():
            member.thread.join()
        return self._status()

    def _add_new(self, report_of: ReportOf) -> None:
        for path in logs_of((self._options.path, *self._options.more)):
            if str(path) not in self._members and not self._stopping.is_set():
                member = _Member(replace(self._options, path=path, more=()), report_of)
                self._members[str(path)] = member
                member.thread.start()

    def _are_over(self, seconds: float, between_looks: Callable[[], None]) -> bool:
        """Wait; tell early if no session is left, and no pattern may bring another."""
        may_grow = not self._options.once and any(
            map(is_pattern, (self._options.path, *self._options.more))
        )
        for _ in range(int(seconds / LOOK_SECONDS)):
            between_looks()
            if self._stopping.wait(LOOK_SECONDS):
                return True
            if not may_grow and not any(m.thread.is_alive() for m in self._members.values()):
                return True
        return False

    def _status(self) -> int:
        statuses = {member.status for member in self._members.values()}
        return next((one for one in (FATAL, SET_ASIDE) if one in statuses), APPLIED)


class _Member:
    """One log, and the thread of its session."""

    def __init__(self, options: IngestOptions, report_of: ReportOf) -> None:
        self.control = Control(stop_on_error=options.stop_on_error)
        self.status = APPLIED
        self._options = options
        self._report = report_of(options)
        self.thread = threading.Thread(target=self._work, name=f"session {options.path}")

    def _work(self) -> None:
        close_old_connections()
        try:
            self.status = status_of(self._run())
        except Exception as error:
            logger.exception("The session of %s crashed; the others go on.", self._options.path)
            self.status = FATAL
            self._report(_crashed(error))
        finally:
            connections.close_all()

    def _run(self) -> SessionEnded:
        return session(self._options, self.control, self._report).run()


def _crashed(error: Exception) -> SessionEnded:
    said = f"It crashed: {describe(error)}"
    return SessionEnded(at=time.time(), state=State.STOPPED, error=said)
