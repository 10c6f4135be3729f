"""Waiting for what is expected to come back: a locked database, a lost connection, a lost mount."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TypeVar

from django.db import DatabaseError

from tui_ingest.databases.faults import is_damage, is_lock_timeout
from tui_ingest.ingest.connecting import holder_of
from tui_ingest.ingest.events import EventKind, State
from tui_ingest.ingest.exact.database_errors import is_transient
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import LogUnavailableError

RETRY_CAP_SECONDS = 30.0  # between two tries
CONTACT_SECONDS = 0.5  # between two signs of life, and looks for orders, while it waits for a log

T = TypeVar("T")


class Ended(Exception):  # noqa: N818  # not an error: how a session's turn says it was the last
    """The session is over, for the reason given."""

    def __init__(self, state: State, error: str = "") -> None:
        super().__init__(error)
        self.state = state
        self.error = error


class Backoff:
    """Exponential, capped and jittered, so that waiting clients do not return in step."""

    FIRST = 0.5  # seconds

    def __init__(
        self, cap: float = RETRY_CAP_SECONDS, jitter: Callable[[], float] = random.random
    ) -> None:
        self._cap = cap  # seconds
        self._jitter = jitter
        self.attempt = 0

    def next(self) -> float:
        """Count another failure and return how long to wait, in seconds."""
        # Far past the cap the power itself would overflow.
        delay = min(self._cap, self.FIRST * 2.0 ** min(self.attempt, 32))
        self.attempt += 1
        return delay * (0.75 + 0.25 * self._jitter())

    def reset(self) -> None:
        """Begin again after a success."""
        self.attempt = 0


def _rest() -> None:
    """Do no more than rest between two tries."""


@dataclass(eq=False)
class Retrier:
    """Rests between tries, says why, and never keeps an operator who wants to leave.

    Raises:
        Ended: from every method that rests, when the session is told to stop.
    """

    target: Target
    control: Control
    publisher: Publisher
    contact: Callable[[], None]  # with those who look and order from elsewhere
    _: KW_ONLY
    path: str

    @property
    def is_stopping(self) -> bool:
        """Tell whether the session was told to stop."""
        return self.control.stopping

    def until_done(self, action: Callable[[], T], *, between: Callable[[], None] = _rest) -> T:
        """Do what may fail for a while, as often as it takes.

        Args:
            between: called before every try but the first.
        """
        backoff = Backoff()
        while True:
            try:
                result = action()
            except Exception as error:
                if not self.passes_by_itself(error):
                    raise
                self.wait_after(error, backoff)
                between()
            else:
                self.came_back(backoff)
                return result

    def passes_by_itself(self, error: Exception) -> bool:
        """Tell whether trying again later can help.

        Raises:
            Ended: the database is damaged.
        """
        if is_damage(error):
            raise Ended(
                State.STOPPED,
                f"Database '{self.target.database}' is damaged: {first_line(error)}. Restore"
                " it from a backup and start again: the log is read on from where that stands.",
            ) from error
        return isinstance(error, LogUnavailableError) or is_transient(error)

    def wait_after(self, error: Exception, backoff: Backoff) -> None:
        """Rest after a failure, longer each time."""
        # A connection that failed is not asked again: the next statement opens another.
        self.target.connection.close()
        if self.control.stopping:  # which may be what ended the statement
            raise Ended(State.STOPPED)
        reason = self._reason(error)
        delay = backoff.next()
        if backoff.attempt == 1:
            self.publisher.notice(EventKind.WAITING, f"Waiting for the {reason}")
        self.rest(reason, delay, attempt=backoff.attempt, is_log=_is_log(error))

    def _reason(self, error: Exception) -> str:
        if _is_log(error):
            return f"log: {first_line(error)}"
        said = f"database: {first_line(error)}"
        if is_lock_timeout(error):
            with contextlib.suppress(DatabaseError):  # then it stays unknown
                if holder := holder_of(self.path, self.target.connection):
                    return f"{said}; {holder}"
        return said

    def came_back(self, backoff: Backoff) -> None:
        """Say that the waiting is over, if there was any."""
        if backoff.attempt:
            self.publisher.notice(
                EventKind.RECOVERED, f"It is back, at attempt {backoff.attempt + 1}."
            )
            backoff.reset()

    def rest(self, reason: str, seconds: float, *, attempt: int = 0, is_log: bool = False) -> None:
        """Do nothing for a while.

        Args:
            is_log: it is the log that is waited for.
        """
        self.publisher.change_state(
            State.WAITING, reason, attempt=attempt, retry_at=time.time() + seconds
        )
        deadline = time.monotonic() + seconds
        ordered = self.control.lasting
        # Whoever orders something does not wait for the next try: it is taken before that.
        while (left := deadline - time.monotonic()) > 0 and self.control.lasting == ordered:
            if self.control.stopping:
                raise Ended(State.STOPPED)
            if is_log:  # the database is there: the session keeps its lease
                self.contact()
            self.control.wait(min(left, CONTACT_SECONDS) if is_log else left)


def _is_log(error: Exception) -> bool:
    return isinstance(error, LogUnavailableError)
