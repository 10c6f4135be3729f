"""The right of a session to apply its log.

It is renewed with the heartbeat, and also while the session's own thread is busy for longer than a
lease lasts. A read may take minutes: a slow mount, an archive that is unpacked up to the position.
The process is alive meanwhile, and says so from another thread; one that is frozen says nothing,
and what it commits when it wakes up is fenced as ever: only the lease that is still its own is
renewed.

A session that hangs looks the same from outside. After a while its lease is left to end, so that
another one, which may be on a machine whose mount works, can take the log.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from tui_ingest.ingest import checkpoints, leases
from tui_ingest.ingest.connecting import GuardedConnection
from tui_ingest.ingest.events import Event, State
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.leases import Holder, Owner
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn

HANDED_OVER_SECONDS = 5.0  # for others, before whoever handed it over takes it back
HUNG_SECONDS = 600.0  # without a sign of life from the session's thread
END_SECONDS = 1.0  # for a last renewal; where its database hangs, it is left behind

# In which a session stays until somebody does something. One that works once only does by order.
_STAYING = {State.CAUGHT_UP, State.PAUSED, State.STOPPED_ON_ERROR, State.NO_FILE_YET}


class Lease:
    """Taken before the first record, renewed with the heartbeat, given back at the end.

    Attributes:
        owner: as whom; None for a dry run, which commits nothing and keeps nobody out.
        is_handed_over: lost by order.
        held: as far as is known; the database knows better, and fences every transaction.
        holder: who had the lease when this session last tried to take it; None if nobody had.
        is_staying: that holder follows the log, or stands still: it will not end by itself.
    """

    def __init__(self, target: Target, path: str, owner: Owner | None, *, seconds: float) -> None:
        self.held = False
        self.holder: Holder | None = None
        self.is_staying = False
        self._target = target
        self._path = path
        self.owner = owner
        self.is_handed_over = False
        self._seconds = seconds
        self._barred_until = 0.0  # monotonic seconds

    def take(self) -> bool:
        """Take the lease if it is to be had, and tell whether it is this session's now.

        Raises:
            Exception: the database cannot be used now.
        """
        if self.owner is not None and not self.held:
            file = checkpoints.load(self._target, self._path)
            found = leases.holder_as_of(self._target, file)
            self.holder = found if found and found.owner.id != self.owner.id else None
            self.is_staying = file.state in _STAYING
            self.held = self._is_to_be_had() and self._try(self.owner)
            self.is_handed_over = False
        return self.owner is None or self.held

    def _try(self, owner: Owner) -> bool:
        with write_turn(self._target.connection, short=True):
            return leases.take(
                self._target, self._path, owner, seconds=self._seconds, dead=self._dead()
            )

    def _is_to_be_had(self) -> bool:
        """Look before writing: whoever has it is not to be kept waiting by who wants it."""
        if time.monotonic() < self._barred_until:
            return False
        holder = self.holder
        return holder is None or holder.owner.is_gone() or holder.silent_seconds > self._seconds

    def _dead(self) -> Owner | None:
        return self.holder.owner if self.holder and self.holder.owner.is_gone() else None

    @property
    def is_lost(self) -> bool:
        """Whether this session needs the lease and has it no more."""
        return self.owner is not None and not self.held

    def lose(self) -> None:
        """Take note that somebody else has it."""
        self.held = False

    def hand_over(self, heir: Owner | None) -> None:
        """Give it to another session, or to whoever takes it within a few seconds.

        Raises:
            Exception: the database cannot be used now.
        """
        if self.owner is None or not self.held:
            return
        if heir is not None:
            leases.hand_over(self._target, self._path, self.owner, heir)
        else:
            leases.release(self._target, self._path, self.owner)
        self.held, self.is_handed_over = False, True
        self._barred_until = time.monotonic() + HANDED_OVER_SECONDS

    def release(self, *, is_there: bool) -> None:
        """Give it back, so that another session begins at once.

        Args:
            is_there: the log; of one that never was, as of a mistyped path, nothing is kept.

        Raises:
            Exception: the database cannot be used now.
        """
        if self.owner is not None and self.held:
            self.held = False
            if not is_there:
                leases.forget(self._target, self._path, self.owner)
            leases.release(self._target, self._path, self.owner)


class Pulse:
    """Listens to a session, and renews its lease where it has been silent for too long.

    Args:
        lease_seconds: for which the lease lasts.
    """

    def __init__(self, target: Target, path: str, *, lease_seconds: float) -> None:
        self._target = target
        self._path = path
        self._pause = lease_seconds / 4  # enough for one or two tries that fail
        self._heard_at = time.monotonic()

    def __call__(self, _event: Event) -> None:
        """Take note that the session's thread does something."""
        self._heard_at = time.monotonic()

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Look after the session while the context lasts, from a thread of its own."""
        if not self._target.owner:  # a dry run has no lease
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self._beat, args=(over,), name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(END_SECONDS)

    def _beat(self, over: threading.Event) -> None:
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
