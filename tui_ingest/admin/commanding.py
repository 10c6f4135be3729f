"""Orders to the session of a log: which make sense now, and what became of earlier ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tui_ingest.admin.kept_rows import moment
from tui_ingest.ingest.events import State
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.models import Order, ProcessedFile
from tui_ingest.words.terminal_safe import terminal_safe

SHOWN = 5  # of the last orders


@dataclass(frozen=True)
class Command:
    """A button: an order, and what a person calls it."""

    kind: OrderKind
    label: str
    hint: str
    argument: str = ""

    @property
    def value(self) -> str:
        """What the button sends."""
        return f"{self.kind.value} {self.argument}".rstrip()


PAUSE = Command(OrderKind.PAUSE, "Pause", "Apply nothing until it is resumed.")
RESUME = Command(OrderKind.RESUME, "Resume", "Go on.")
_STEP = Command(OrderKind.STEP, "Step", "Apply one record, and stay paused.")
_STEP_TO_FAILURE = Command(
    OrderKind.STEP_TO_FAILURE, "Step to failure", "Go on until a record fails, and stay paused."
)
_RETRY = Command(OrderKind.RETRY, "Try the record again", "The one that it stands before.")
_SET_ASIDE = Command(OrderKind.SET_ASIDE, "Set the record aside", "It becomes a dead letter.")
_STOP_ON_ERROR = Command(
    OrderKind.STOP_ON_ERROR, "Stop on error", "Stand before the next record that fails.", "on"
)
_SET_ASIDE_AGAIN = Command(
    OrderKind.STOP_ON_ERROR, "Do not stop on error", "Set records aside that fail.", "off"
)
_HAND_OVER = Command(
    OrderKind.HAND_OVER, "Hand over", "Let a session that stands by apply the log."
)
_COMMANDS = (
    *(PAUSE, RESUME, _STEP, _STEP_TO_FAILURE, _RETRY, _SET_ASIDE),
    *(_STOP_ON_ERROR, _SET_ASIDE_AGAIN, _HAND_OVER),
)


FOR_MANY = (PAUSE, RESUME)  # at once; the others are about one record, or one session


def command_of(value: str) -> Command | None:
    """Return the command that a button has sent."""
    return next((command for command in _COMMANDS if command.value == value), None)


def commands(status: SessionStatus) -> Iterator[Command]:
    """Yield what can be ordered now. What lasts is kept for the next session where none runs."""
    runs = bool(status.runs_on)
    if runs and status.state is State.STOPPED_ON_ERROR:
        yield from (_RETRY, _SET_ASIDE)
    if not status.paused:
        yield PAUSE
    else:
        yield RESUME
        if runs:
            yield from (_STEP, _STEP_TO_FAILURE)
    yield _SET_ASIDE_AGAIN if status.stop_on_error else _STOP_ON_ERROR
    if runs:
        yield _HAND_OVER


@dataclass(frozen=True, kw_only=True)
class GivenOrder:
    """An order as the page shows it. All texts are inert."""

    what: str
    by: str
    at: str
    status: str  # an `Order.Status`
    answer: str


def given_orders(target: Target, file: ProcessedFile) -> list[GivenOrder]:
    """Return the last orders about a log, the newest first."""
    rows = target.rows(Order).filter(file=file).order_by("-pk")
    return [
        GivenOrder(
            what=_what(order),
            by=terminal_safe(order.given_by),
            at=moment(order.given),
            status=order.status,
            answer=terminal_safe(order.answer),
        )
        for order in rows[:SHOWN]
    ]


def _what(order: Order) -> str:
    known = command_of(f"{order.kind} {order.argument}".rstrip())
    return known.label if known else terminal_safe(order.kind.replace("_", " "))
