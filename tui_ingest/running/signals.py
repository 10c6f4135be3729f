"""The signals that ask a program to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def handling(handle: Callable[[int], None], *signals: signal.Signals) -> Iterator[None]:
    """Have signals call a function in the main thread, wherever that is just then.

    A plain handler and not an event loop's: the loop may be blocked in writing to a terminal that
    nobody reads, and a plain handler runs even then.
    """

    def handler(number: int, _frame: FrameType | None) -> None:
        handle(number)

    previous = {number: signal.signal(number, handler) for number in signals}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)
