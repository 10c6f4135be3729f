"""An order to stop reaches a session that waits for its database, too."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from tui_ingest.ingest.connecting import GuardedConnection
from tui_ingest.ingest.session.control import Control

LOOK_SECONDS = 0.2  # between two looks at the orders
GRACE_SECONDS = 0.75  # for a running statement: a batch that is about to end may end


@contextlib.contextmanager
def interrupted_by_stop(control: Control, connection: GuardedConnection) -> Iterator[None]:
    """While the context lasts, end statements that keep a session from stopping.

    A handler of SIGTERM runs in the thread that waits, but the wait goes on in C after it: so a
    thread of its own looks.
    """
    over = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(control, connection, over), name="interrupter", daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(control: Control, connection: GuardedConnection, over: threading.Event) -> None:
    while not control.stopping:
        if over.wait(LOOK_SECONDS):
            return
    was_asked = False
    while not over.wait(LOOK_SECONDS):
        if connection.waits_longer_than(GRACE_SECONDS):
            connection.cut() if was_asked else connection.interrupt()
            was_asked = True
