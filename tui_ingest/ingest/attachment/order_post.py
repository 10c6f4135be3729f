"""Orders of an operator here, on their way to a session elsewhere."""

from __future__ import annotations

import queue

from tui_ingest.flag import Flag
from tui_ingest.ingest.orders import OrderKind, seek_argument
from tui_ingest.ingest.session.control import Decision, StepTo, next_of
from tui_ingest.oplog.log import StartPoint


class OrderPost:
    """Takes orders as a session's `Control` does; whoever watches gives them to the database.

    Every method is safe from any thread and from a signal handler.

    Attributes:
        stopping: nobody wants to look any more.
        taking_over: the log is to be applied here.
    """

    def __init__(self) -> None:
        self.stopping = False
        self.taking_over = False
        self._orders: queue.SimpleQueue[tuple[OrderKind, str]] = queue.SimpleQueue()
        self._changed = Flag()

    # The operator's side

    def pause(self) -> None:
        """See `Control.pause`, as for the next ones."""
        self._put(OrderKind.PAUSE)

    def resume(self) -> None:
        self._put(OrderKind.RESUME)

    def step(self, to: StepTo = StepTo.RECORD) -> None:
        self._put(OrderKind.STEP if to is StepTo.RECORD else OrderKind.STEP_TO_FAILURE)

    def order_stop_on_error(self, on: bool) -> None:
        self._put(OrderKind.STOP_ON_ERROR, "on" if on else "off")

    def seek(self, start: StartPoint) -> None:
        self._put(OrderKind.SEEK, seek_argument(start))

    def decide(self, decision: Decision) -> None:
        self._put(OrderKind.RETRY if decision is Decision.RETRY else OrderKind.SET_ASIDE)

    def take_over(self) -> None:
        """End looking, in order to apply the log here."""
        self.taking_over = True
        self._changed.set()

    def stop(self) -> None:
        """End looking; the session goes on."""
        self.stopping = True
        self._changed.set()

    def _put(self, kind: OrderKind, argument: str = "") -> None:
        self._orders.put((kind, argument))
        self._changed.set()

    # The side of whoever watches

    def take(self) -> tuple[OrderKind, str] | None:
        """Return the next order and its argument, if there is one."""
        return next_of(self._orders)

    def wait(self, timeout: float) -> None:
        """Return at the next order, or after `timeout` seconds."""
        self._changed.wait(timeout)
        self._changed.clear()
