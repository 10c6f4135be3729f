"""A session in the database, for those who look: its signs of life, its state, its events."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime

from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.events import (
    Event,
    EventKind,
    Noticed,
    OrdersTaken,
    Progressed,
    State,
    StateChanged,
)
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.session.lease import Lease
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import ProcessedFile

HEARTBEAT_SECONDS = 5.0  # between two signs of life in the database
LAST_TRIES = 3  # to say how a session has ended
STATE_SECONDS = 1.0  # before the database learns of a state that comes and goes

# RUNNING comes and goes with every record of a quiet source; while WAITING the database is away.
_WRITTEN_LATER = frozenset({State.RUNNING, State.WAITING})
_NOTHING_UNREAD = frozenset({State.CAUGHT_UP, State.FINISHED})


class Heartbeat:
    """Listens to a session and keeps the database told: at once of what lasts, else in time.

    Signs of life are never worth an error: what the database cannot take now is written when it
    is back, events with the time at which they happened. They renew the session's lease, or find
    it lost.
    """

    def __init__(self, target: Target, path: str, lease: Lease, *, dry_run: bool) -> None:
        self._path = path
        self._lease = lease
        self._target = target
        self._dry_run = dry_run  # leaves no trace
        self._state = State.STARTING
        self._reason = ""
        self._orders: OrdersTaken | None = None  # that are obeyed, once some were given
        self._unread: int | None = None  # bytes
        self._unwritten: deque[Noticed] = deque()  # events for the list of those
        self._written: State | None = None  # as the database has it
        self._beat_at = 0.0  # monotonic seconds

    def __call__(self, event: Event) -> None:
        """Take note of the session's state, and of what goes into the list of events."""
        match event:
            case StateChanged():
                self._state, self._reason = event.state, event.reason
                if event.state not in _WRITTEN_LATER:
                    self.beat()
            case Progressed():
                self._unread = event.backlog.applicable_bytes if event.backlog.readable else None
            case OrdersTaken():
                self._orders = event
                self.beat()
            case Noticed():
                # The others are kept by the transaction of what they tell.
                if not EventKind(event.kind).comes_with_its_change:
                    self._unwritten.append(event)
                if event.kind != EventKind.WAITING:
                    self.beat()

    def beat_if_due(self) -> None:
        """Give a sign of life from time to time."""
        silence = time.monotonic() - self._beat_at
        stale = self._written is not self._state and silence > STATE_SECONDS
        if stale or silence > HEARTBEAT_SECONDS:
            self.beat()

    def beat(self) -> None:
        """Give a sign of life, and write what has happened."""
        if self._dry_run:
            return
        self._beat_at = time.monotonic()
        connection = self._target.connection
        with unless_unusable(connection), write_turn(connection, short=True):
            self._write()

    def _write(self) -> None:
        is_done = self._state in _NOTHING_UNREAD  # it may know before the next look says so
        renewed = checkpoints.beat(
            self._target,
            self._path,
            self._state,
            self._reason,
            self._orders,
            unread=0 if is_done else self._unread,
        )
        if not renewed:
            self._lease.lose()
        self._write_events()
        self._written = self._state if renewed else None

    def _write_events(self) -> None:
        """Write what was not written yet; what the database does not take is written next time."""
        if not self._unwritten:
            return
        file = self._target.rows(ProcessedFile).filter(file_path=self._path).first()
        while file is not None and self._unwritten:
            event = self._unwritten[0]
            when = datetime.fromtimestamp(event.at, UTC)
            checkpoints.note(self._target, file, event.kind, event.message, time=when)
            self._unwritten.popleft()

    def end(self, *, is_there: bool) -> None:
        """Give the lease back; where that fails, it ends by itself.

        Args:
            is_there: as of `Lease.release`.
        """
        for _ in range(LAST_TRIES):  # a state that was not written would be missed for good
            if self._written is self._state or not self._lease.held:
                break
            self.beat()
        connection = self._target.connection
        with unless_unusable(connection), write_turn(connection, short=True):
            self._lease.release(is_there=is_there)
