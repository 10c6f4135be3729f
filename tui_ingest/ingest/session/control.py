"""Orders to a running session: pause, resume, step, stop, seek, and what to do about an error."""

from __future__ import annotations

import contextlib
import enum
import queue
from collections.abc import Callable
from typing import TypeVar

from tui_ingest.oplog.log import StartPoint

T = TypeVar("T")


class Decision(enum.StrEnum):
    """What to do about the record that a session stopped on."""

    RETRY = "retry"
    SET_ASIDE = "set aside"


class StepTo(enum.Enum):
    """How far one order to step goes."""

    RECORD = enum.auto()
    FAILURE = enum.auto()


class Control:
    """The operator's side gives orders; the session's side looks at them between batches.

    Every method is safe from any thread and from a signal handler: orders are single
    assignments, and the wake-up is a `SimpleQueue`, whose `put` is reentrant.
    """

    def __init__(self, *, paused: bool = False, stop_on_error: bool = False) -> None:
        self._paused = paused
        self._stop_on_error = stop_on_error
        self._stopping = False
        self._steps: queue.SimpleQueue[StepTo] = queue.SimpleQueue()
        self._seeks: queue.SimpleQueue[StartPoint] = queue.SimpleQueue()
        self._decisions: queue.SimpleQueue[Decision] = queue.SimpleQueue()
        self._changed: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._wake: Callable[[], None] | None = None

    # The operator's side

    def pause(self) -> None:
        """Stop after the running batch, which ends within a quarter of a second."""
        self._paused = True
        self._notify()

    def resume(self) -> None:
        """Go on."""
        self._paused = False
        self._notify()

    def step(self, to: StepTo = StepTo.RECORD) -> None:
        """While paused: apply one record, or go on until one fails, and stay paused."""
        self._steps.put(to)
        self._notify()

    def order_stop_on_error(self, on: bool) -> None:
        """Stand before the next record that fails, or set such records aside again."""
        self._stop_on_error = on
        self._notify()

    def seek(self, start: StartPoint) -> None:
        """While paused: continue from another place. Refused, and said so, while running."""
        self._seeks.put(start)
        self._notify()

    def decide(self, decision: Decision) -> None:
        """Say what to do about the record that the session stopped on."""
        self._decisions.put(decision)
        self._notify()

    def stop(self) -> None:
        """End the session after the running batch."""
        self._stopping = True
        self._notify()

    # The session's side

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def stop_on_error(self) -> bool:
        return self._stop_on_error

    @property
    def stopping(self) -> bool:
        return self._stopping

    def attach(self, wake: Callable[[], None] | None) -> None:
        """Have every order end the session's wait for the log."""
        self._wake = wake

    def take_step(self) -> StepTo | None:
        """Return the next order to step, if there is one."""
        return _take(self._steps)

    def take_seek(self) -> StartPoint | None:
        """Return the next order to seek, if there is one."""
        return _take(self._seeks)

    def take_decision(self) -> Decision | None:
        """Return the next decision, if there is one."""
        return _take(self._decisions)

    def wait(self, timeout: float) -> None:
        """Return at the next order, or after `timeout` seconds."""
        with contextlib.suppress(queue.Empty):
            self._changed.get(timeout=timeout)
            while True:  # orders given since then are looked at together
                self._changed.get_nowait()

    def _notify(self) -> None:
        self._changed.put(None)
        if self._wake is not None:
            self._wake()


def _take(orders: queue.SimpleQueue[T]) -> T | None:
    try:
        return orders.get_nowait()
    except queue.Empty:
        return None
