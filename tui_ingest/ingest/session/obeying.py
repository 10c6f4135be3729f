"""What becomes of orders: those that last, and those that come through the database."""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from functools import partial

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest import orders, sharing
from tui_ingest.ingest.events import EventKind, OrdersTaken, State
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.session.control import Control, Decision, InForce, Lasting, StepTo
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.lease import Lease
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import Order, ProcessedFile

LOOK_SECONDS = 0.5  # between two looks, at the most


class LastingOrders:
    """What a session obeys until it is told otherwise."""

    def __init__(self, control: Control, cursor: LogCursor, publisher: Publisher) -> None:
        self._control = control
        self._cursor = cursor
        self._publisher = publisher
        self._obeyed = InForce(pause=Lasting(on=False), stop_on_error=Lasting(on=False))

    @property
    def paused(self) -> bool:
        """Apply nothing."""
        return self._obeyed.pause.on

    @property
    def stop_on_error(self) -> bool:
        """Stand before the next record that fails."""
        return self._obeyed.stop_on_error.on

    @property
    def why_paused(self) -> str:
        """Who ordered the pause, unless that was done here and now."""
        by, since = self._obeyed.pause.by, self._obeyed.pause.since
        if by in {"", self._control.operator} and since is None:
            return ""
        return f"by order of {by}{_since(since)}"

    def adopt(self, file: ProcessedFile) -> None:
        """Obey what an earlier session was told to."""
        (pause, stop), obeyed = self._control.lasting, self._obeyed
        if file.paused_by and not _is_news(pause, obeyed.pause):
            self._control.pause(by=file.paused_by, since=as_timestamp(file.paused_since))
        elif obeyed.pause.by and pause == obeyed.pause:
            self._control.resume(by="")  # that was ordered while another session had the log
        if file.stop_on_error_by and not _is_news(stop, obeyed.stop_on_error):
            self._control.order_stop_on_error(True, by=file.stop_on_error_by)
        elif obeyed.stop_on_error.by and stop == obeyed.stop_on_error:
            self._control.order_stop_on_error(False, by="")

    def take(self) -> None:
        """Say which orders are obeyed from here on, and keep pauses among the events.

        Somebody will ask why nothing happened that night.
        """
        before, ordered = self._obeyed, self._control.lasting
        if ordered == before:
            return
        self._obeyed = ordered
        pause, stop = ordered
        self._publisher.tell(
            OrdersTaken(
                at=time.time(),
                paused=pause.on,
                stop_on_error=stop.on,
                paused_by=pause.by,
                paused_since=pause.since,
                stop_on_error_by=stop.by,
            )
        )
        if pause.on is not before.pause.on:
            kind = EventKind.PAUSED if pause.on else EventKind.RESUMED
            who = f", by order of {pause.by}{_since(pause.since)}" if pause.by else ""
            self._publisher.notice(kind, f"{kind.capitalize()} at {self._cursor.place}{who}.")


def _is_news(order: Lasting, obeyed: Lasting) -> bool:
    """Tell whether somebody gave an order that the session has not obeyed yet."""
    return order != obeyed and order.by != ""


def _since(timestamp: float | None) -> str:
    if timestamp is None:
        return ""
    return f" of {datetime.fromtimestamp(timestamp).astimezone():%Y-%m-%d %H:%M:%S %Z}"


@dataclass(eq=False)
class OrderDesk:
    """Looks for orders between batches, and hands them to the session's control.

    Args:
        keeps: why the log is not to be shared with another process; "" if it is.
    """

    target: Target
    control: Control
    cursor: LogCursor
    publisher: Publisher
    lease: Lease
    _: KW_ONLY
    keeps: str

    def __post_init__(self) -> None:
        self._looked_at = 0.0  # monotonic seconds

    def look_if_due(self) -> None:
        """Obey what was ordered since the last look; what the database cannot say now, later."""
        if not self.lease.held or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        target, file = self.target, self.cursor.file
        with unless_unusable(target.connection):
            if orders.pending[target.database].is_for(target, file):
                for order in orders.unanswered(target, file):
                    self._obey(order)

    def _obey(self, order: Order) -> None:
        kind, answer = OrderKind(order.kind), partial(orders.answer, self.target, order)
        if refusal := self._refusal(kind):
            answer(refusal, refused=True)
        elif kind is OrderKind.SEEK:
            self.control.seek(orders.place_of(order), by=order.given_by, answer=answer)
        elif kind is OrderKind.HAND_OVER:
            self._hand_over(order, why=f"by order of {order.given_by}")
        elif kind is OrderKind.SHARE:
            self._share(order)
        else:
            answer(self._do(kind, order))

    def _refusal(self, kind: OrderKind) -> str:
        """Return why an order makes no sense now; "" if it does."""
        match kind:
            case OrderKind.STEP | OrderKind.STEP_TO_FAILURE if not self.control.paused:
                return "It is not paused."
            case OrderKind.RETRY | OrderKind.SET_ASIDE if (
                self.publisher.state is not State.STOPPED_ON_ERROR
            ):
                return "It does not stand before a record."
            case OrderKind.SHARE:
                return self.keeps
        return ""

    def _do(self, kind: OrderKind, order: Order) -> str:
        """Hand an order to the control; return what that means."""
        control, by, place = self.control, order.given_by, self.cursor.place
        match kind:
            case OrderKind.PAUSE:
                control.pause(by=by)
                said = f"Paused at {place}."
            case OrderKind.RESUME:
                control.resume(by=by)
                said = f"Goes on from {place}."
            case OrderKind.STOP_ON_ERROR:
                is_on = order.argument == "on"
                control.order_stop_on_error(is_on, by=by)
                stops = "Will stand before the next record that fails."
                said = stops if is_on else "Sets records aside that fail."
            case OrderKind.STEP:
                control.step()
                said = f"Steps from {place}."
            case OrderKind.STEP_TO_FAILURE:
                control.step(StepTo.FAILURE)
                said = f"Goes on from {place} until a record fails."
            case OrderKind.RETRY:
                control.decide(Decision.RETRY)
                said = f"Tries the record at {place} again."
            case _:
                control.decide(Decision.SET_ASIDE)
                said = f"Sets the record at {place} aside."
        return said

    def _share(self, order: Order) -> None:
        """Hand the log over to a process that has fewer, if it has fewer by now."""
        owner, heir = self.lease.owner, orders.heir_of(order)
        with sharing.giving:
            if owner and heir and sharing.is_fair(self.target, owner, heir):
                self._hand_over(order, why="which has fewer logs")
            else:
                no_use = "That would not make the shares more even by now."
                orders.answer(self.target, order, no_use, refused=True)

    def _hand_over(self, order: Order, *, why: str) -> None:
        heir, place = orders.heir_of(order), self.cursor.place
        if heir is not None and heir == self.lease.owner:  # it took the log before it was given
            orders.answer(self.target, order, "It applies the log already.")
            return
        whom = f" to {heir}" if heir else ""
        text = f"Handed over at {place}{whom}"
        with write_turn(self.target.connection, short=True), self.target.atomic():
            orders.answer(self.target, order, f"{text}.")
            self.lease.hand_over(heir)
        self.publisher.notice(EventKind.HANDED_OVER, f"{text}, {why}.")
