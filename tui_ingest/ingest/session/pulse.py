"""A session's lease, renewed while its own thread is busy for longer than a lease lasts.

A read may take minutes: a slow mount, an archive that is unpacked up to the position. The process
is alive meanwhile, and says so from another thread; one that is frozen says nothing, and what it
commits when it wakes up is fenced as ever: only the lease that is still its own is renewed.

A session that hangs looks the same from outside. After a while its lease is left to end, so that
another one, which may be on a machine whose mount works, can take the log.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from tui_ingest.ingest import leases
from tui_ingest.ingest.connecting import GuardedConnection
from tui_ingest.ingest.events import Event
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn

HUNG_SECONDS = 600.0  # without a sign of life from the session's thread
END_SECONDS = 1.0  # for a last renewal; where its database hangs, it is left behind


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
        try:
            with write_turn(self._target.connection, short=True):
                leases.renew(self._target, self._path)
        except Exception as error:
            if not is_of_the_database(error):
                raise
        finally:
            self._target.connection.close()  # it is seldom needed
