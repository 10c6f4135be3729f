"""The end of a console that was not asked for by a key: a signal, or a terminal that is gone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tui_ingest.tui.app import ConsoleApp

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 3.0  # for the screen to be put away, once the session is over


@contextmanager
def stop_on_signals(app: ConsoleApp) -> Iterator[None]:
    """Have the signals that ask a program to end stop the session, and then the screen.

    A plain handler and not the event loop's: the loop may be blocked in writing to a terminal
    that nobody reads, and a plain handler runs even then.
    """
    gone = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not app.control.stopping:
            threading.Thread(target=_leave, args=(app, gone), daemon=True).start()
        app.control.stop()

    previous = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        gone.set()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _leave(app: ConsoleApp, gone: threading.Event) -> None:
    """End the process if the screen cannot: everything worth keeping is committed by then."""
    app.session_over.wait()
    if not gone.wait(GRACE_SECONDS):
        os._exit(app.status)
