"""An event that a signal handler may set."""

from __future__ import annotations

import contextlib
import queue


class Flag:
    """Like `threading.Event`, with one difference: it may be set by a signal handler.

    An event has a lock, which the very thread that the handler interrupts may hold, because it is
    about to wait: the handler, and so that thread, would wait for itself for ever. What is put into
    a `SimpleQueue` needs no such lock.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        """Set it, and wake whoever waits."""
        self._is_set = True
        self._news.put(None)

    def clear(self) -> None:
        """Take it back."""
        self._is_set = False
        with contextlib.suppress(queue.Empty):
            while True:
                self._news.get_nowait()

    def is_set(self) -> bool:
        """Tell whether it is set."""
        return self._is_set

    def wait(self, timeout: float) -> bool:
        """Wait until it is set, for at most some seconds; tell whether it is."""
        if not self._is_set:
            with contextlib.suppress(queue.Empty):
                self._news.get(timeout=timeout)
                if self.is_set():
                    self._news.put(None)  # others may wait, too
        return self._is_set
