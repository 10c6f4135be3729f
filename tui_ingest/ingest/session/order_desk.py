"""Orders that come through the database: taken, obeyed, answered."""

from __future__ import annotations

import time
from functools import partial

from tui_ingest.ingest import orders, sharing
from tui_ingest.ingest.events import State
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.lease import Lease
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import Order

LOOK_SECONDS = 0.5  # between two looks, at the most
STOPPING = "Will stand before the next record that fails."
EVEN = "That would not make the shares more even by now."
SETTING_ASIDE = "Sets records aside that fail."


class OrderDesk:
    """Looks for orders between batches, and hands them to the session's control.

    Args:
        keeps: why the log is not to be shared with another process; "" if it is.
    """

    def __init__(
        self,
        target: Target,
        control: Control,
        cursor: LogCursor,
        publisher: Publisher,
        lease: Lease,
        *,
        keeps: str,
    ) -> None:
        self._target = target
        self._control = control
        self._cursor = cursor
        self._publisher = publisher
        self._lease = lease
        self._keeps = keeps
        self._looked_at = 0.0  # monotonic seconds

    def look_if_due(self) -> None:
        """Obey what was ordered since the last look; what the database cannot say now, later."""
        if not self._lease.held or time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        target, file = self._target, self._cursor.file
        with unless_unusable(target.connection):
            if orders.pending[target.database].is_for(target, file):
                for order in orders.unanswered(target, file):
                    self._obey(order)

    def _obey(self, order: Order) -> None:
        kind, answer = OrderKind(order.kind), partial(orders.answer, self._target, order)
        if refusal := self._refusal(kind):
            answer(refusal, refused=True)
        elif kind is OrderKind.SEEK:
            self._control.seek(orders.place_of(order), by=order.given_by, answer=answer)
        elif kind is OrderKind.HAND_OVER:
            self._hand_over(order, why=f"by order of {order.given_by}")
        elif kind is OrderKind.SHARE:
            self._share(order)
        else:
            answer(self._do(kind, order))

    def _refusal(self, kind: OrderKind) -> str:
        """Return why an order makes no sense now; "" if it does."""
        match kind:
            case OrderKind.STEP | OrderKind.STEP_TO_FAILURE if not self._control.paused:
                return "It is not paused."
            case OrderKind.RETRY | OrderKind.SET_ASIDE if (
                self._publisher.state is not State.STOPPED_ON_ERROR
            ):
                return "It does not stand before a record."
            case OrderKind.SHARE:
                return self._keeps
        return ""

    def _do(self, kind: OrderKind, order: Order) -> str:
        """Hand an order to the control; return what that means."""
        control, by, place = self._control, order.given_by, self._cursor.place
        match kind:
            case OrderKind.PAUSE:
                control.pause(by=by)
                said = f"Paused at {place}."
            case OrderKind.RESUME:
                control.resume(by=by)
                said = f"Goes on from {place}."
            case OrderKind.STOP_ON_ERROR:
                control.order_stop_on_error(order.argument == "on", by=by)
                said = STOPPING if order.argument == "on" else SETTING_ASIDE
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
        owner, heir = self._lease.owner, orders.heir_of(order)
        with sharing.giving:
            if owner and heir and sharing.is_fair(self._target, owner, heir):
                self._hand_over(order, why="which has fewer logs")
            else:
                orders.answer(self._target, order, EVEN, refused=True)

    def _hand_over(self, order: Order, *, why: str) -> None:
        heir, place = orders.heir_of(order), self._cursor.place
        if heir is not None and heir == self._lease.owner:  # it took the log before it was given
            orders.answer(self._target, order, "It applies the log already.")
            return
        whom = f" to {heir}" if heir else ""
        text = f"Handed over at {place}{whom}"
        with write_turn(self._target.connection, short=True), self._target.atomic():
            orders.answer(self._target, order, f"{text}.")
            self._lease.hand_over(heir)
        self._publisher.notice(EventKind.HANDED_OVER, f"{text}, {why}.")
