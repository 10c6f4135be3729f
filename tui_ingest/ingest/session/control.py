"""Orders to a running session: pause, resume, step, stop, seek, and what to do about an error."""

from __future__ import annotations

import enum
import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from tui_ingest.flag import Flag
from tui_ingest.oplog.log import StartPoint

T = TypeVar("T")


def _to_nobody(text: str, *, refused: bool) -> None:
    """Nobody waits for an answer."""


class Answer(Protocol):
    """Takes what became of an order, in a sentence."""

    def __call__(self, text: str, *, refused: bool) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Seek:
    """An order to go to another place."""

    start: StartPoint
    by: str = ""  # who gave it, for people
    answer: Answer = _to_nobody


class Decision(enum.StrEnum):
    """What to do about the record that a session stopped on."""

    RETRY = "retry"
    SET_ASIDE = "set aside"


class StepTo(enum.Enum):
    """How far one order to step goes."""

    RECORD = enum.auto()
    FAILURE = enum.auto()


@dataclass(frozen=True, kw_only=True)
class Lasting:
    """An order that is obeyed until the opposite is given."""

    on: bool
    by: str = ""  # who gave it, for people; "": the session was started so, or did it by itself
    since: float | None = None  # seconds since the epoch, if an earlier session was told


class InForce(NamedTuple):
    """The orders that are obeyed until the opposite is given."""

    pause: Lasting
    stop_on_error: Lasting


class Control:
    """The operator's side gives orders; the session's side looks at them between batches.

    Every method is safe from any thread and from a signal handler: orders are single
    assignments, or put into a `SimpleQueue`, which is reentrant.

    Attributes:
        stopping: the session is to end.

    Args:
        operator: who gives orders here, for people. Those of a nameless one end with the session.
    """

    def __init__(
        self, *, paused: bool = False, stop_on_error: bool = False, operator: str = ""
    ) -> None:
        self.operator = operator
        self._paused = Lasting(on=paused)
        self._stop_on_error = Lasting(on=stop_on_error)
        self.stopping = False
        self._steps: queue.SimpleQueue[StepTo] = queue.SimpleQueue()
        self._seeks: queue.SimpleQueue[Seek] = queue.SimpleQueue()
        self._decisions: queue.SimpleQueue[Decision] = queue.SimpleQueue()
        self._changed = Flag()
        self._wake: Callable[[], None] | None = None

    # The operator's side

    def pause(self, *, by: str | None = None, since: float | None = None) -> None:
        """Stop after the running batch, which ends within a quarter of a second.

        Args:
            by: who orders it, if not the operator here; "": the session itself.
            since: seconds since the epoch, if it was ordered earlier.
        """
        self._paused = Lasting(on=True, by=self.operator if by is None else by, since=since)
        self._notify()

    def resume(self, *, by: str | None = None) -> None:
        """Go on."""
        self._paused = Lasting(on=False, by=self.operator if by is None else by)
        self._notify()

    def step(self, to: StepTo = StepTo.RECORD) -> None:
        """While paused: apply one record, or go on until one fails, and stay paused."""
        self._steps.put(to)
        self._notify()

    def order_stop_on_error(self, on: bool, *, by: str | None = None) -> None:
        """Stand before the next record that fails, or set such records aside again."""
        self._stop_on_error = Lasting(on=on, by=self.operator if by is None else by)
        self._notify()

    def seek(
        self, start: StartPoint, *, by: str | None = None, answer: Answer = _to_nobody
    ) -> None:
        """While paused: continue from another place. Refused, and said so, while running."""
        self._seeks.put(Seek(start=start, by=self.operator if by is None else by, answer=answer))
        self._notify()

    def decide(self, decision: Decision) -> None:
        """Say what to do about the record that the session stopped on."""
        self._decisions.put(decision)
        self._notify()

    def stop(self) -> None:
        """End the session after the running batch."""
        self.stopping = True
        self._notify()

    # The session's side

    @property
    def paused(self) -> bool:
        return self._paused.on

    @property
    def stop_on_error(self) -> bool:
        return self._stop_on_error.on

    @property
    def lasting(self) -> InForce:
        """Whether to pause, and whether to stop on an error, with who ordered it."""
        return InForce(self._paused, self._stop_on_error)

    def attach(self, wake: Callable[[], None] | None) -> None:
        """Have every order end the session's wait for the log."""
        self._wake = wake

    def take_step(self) -> StepTo | None:
        """Return the next order to step, if there is one."""
        return next_of(self._steps)

    def take_seek(self) -> Seek | None:
        """Return the next order to seek, if there is one."""
        return next_of(self._seeks)

    def take_decision(self) -> Decision | None:
        """Return the next decision, if there is one."""
        return next_of(self._decisions)

    def wait(self, timeout: float) -> None:
        """Return at the next order, or after `timeout` seconds."""
        self._changed.wait(timeout)
        self._changed.clear()  # orders given since then are looked at together

    def _notify(self) -> None:
        self._changed.set()
        if self._wake is not None:
            self._wake()


def next_of(orders: queue.SimpleQueue[T]) -> T | None:
    """Return what was put there first and is still there; None if nothing is."""
    try:
        return orders.get_nowait()
    except queue.Empty:
        return None
