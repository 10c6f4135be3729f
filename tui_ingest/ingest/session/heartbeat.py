"""A session in the database, for those who look: its signs of life, its state, its events.

They renew its lease. So does another thread while the session's own is busy for longer than a lease
lasts. A read may take minutes: a slow mount, an archive that is unpacked up to the position. The
process is alive meanwhile, and says so; one that is frozen says nothing, and what it commits when
it wakes up is fenced as ever: only the lease that is still its own is renewed.

A session that hangs looks the same from outside. After a while its lease is left to end, so that
another one, which may be on a machine whose mount works, can take the log.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

from tui_ingest.ingest import checkpoints, leases
from tui_ingest.ingest.connecting import GuardedConnection, beside
from tui_ingest.ingest.events import (
    KEPT_WITH_THEIR_CHANGE,
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
HUNG_SECONDS = 600.0  # without a sign of life from the session's thread
END_SECONDS = 1.0  # for a last renewal; where its database hangs, it is left behind

# RUNNING comes and goes with every record of a quiet source; while WAITING the database is away.
_WRITTEN_LATER = frozenset({State.RUNNING, State.WAITING})
_NOTHING_UNREAD = frozenset({State.CAUGHT_UP, State.FINISHED})


class Heartbeat:
    """Listens to a session and keeps the database told: at once of what lasts, else in time.

    Signs of life are never worth an error: what the database cannot take now is written when it
    is back, events with the time at which they happened. They renew the session's lease, or find
    it lost.
    """

    def __init__(self, target: Target, path: str, lease: Lease) -> None:
        self._path = path
        self._lease = lease
        self._target = target
        self._state = State.STARTING
        self._reason = ""
        self._orders: OrdersTaken | None = None  # that are obeyed, once some were given
        self._unread: int | None = None  # bytes
        self._unwritten: deque[Noticed] = deque()  # events for the list of those
        self._written: State | None = None  # as the database has it
        self._beat_at = 0.0  # monotonic seconds
        self._heard_at = time.monotonic()  # when the session's thread did something
        self._pause = lease.seconds / 4  # enough for one or two tries that fail

    def __call__(self, event: Event) -> None:
        """Take note of the session's state, and of what goes into the list of events."""
        self._heard_at = time.monotonic()
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
                if EventKind(event.kind) not in KEPT_WITH_THEIR_CHANGE:
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
        if self._target.dry_run:
            return  # it leaves no trace
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

    # Another thread

    def beating(self) -> AbstractContextManager[None]:
        """While the context lasts, renew the lease where the session is silent for too long."""
        if self._target.dry_run:  # which has none
            return nullcontext()
        return beside(self._look_after, name="pulse", end_seconds=END_SECONDS)

    def _look_after(self, over: threading.Event) -> None:
        with GuardedConnection(self._target.connection).guarded():
            while not over.wait(self._pause):
                silence = time.monotonic() - self._heard_at
                if self._pause < silence < HUNG_SECONDS:
                    self._renew()

    def _renew(self) -> None:
        connection = self._target.connection
        with unless_unusable(connection), write_turn(connection, short=True):
            leases.renew(self._target, self._path)
        connection.close()  # it is seldom needed
