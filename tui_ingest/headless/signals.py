"""SIGINT and SIGTERM, as orders to the session."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tui_ingest.ingest.session.control import Control


@contextmanager
def stop_on_signals(control: Control) -> Iterator[None]:
    """Have SIGINT and SIGTERM end the session after the running batch.

    The second SIGINT raises KeyboardInterrupt: somebody who asks twice does not want to wait.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        if control.stopping and number == signal.SIGINT:
            raise KeyboardInterrupt
        control.stop()

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
