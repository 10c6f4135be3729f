"""Orders to the session of a log, wherever it runs: rows that it answers.

`give` puts one down. The session looks at least every half second and says in `Order.answer` what
became of it. Where no session is alive, orders that last are kept for the next one, and the others
are refused at once.
"""

from __future__ import annotations

import collections
import enum
import getpass
import json
import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from tui_ingest.ingest import leases
from tui_ingest.ingest.leases import Owner
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.models import Order, ProcessedFile
from tui_ingest.oplog.log import FromByte, FromPosition, FromStart, FromTime, StartPoint

STALE_SECONDS = 60.0  # after which no session does what it was ordered once, unless that lasts
KNOWN_SECONDS = 0.2  # for which it is known which logs have orders
NAME_CHARACTERS = 255  # of `Order.given_by`


class OrderKind(enum.StrEnum):
    """What can be ordered. Stored in `Order.kind`: keep the values."""

    PAUSE = "pause"
    RESUME = "resume"
    STEP = "step"  # one record
    STEP_TO_FAILURE = "step_to_failure"
    SEEK = "seek"  # argument: see `seek_argument`
    STOP_ON_ERROR = "stop_on_error"  # argument: "on" or "off"
    RETRY = "retry"  # the record that it stands before
    SET_ASIDE = "set_aside"  # that record
    HAND_OVER = "hand_over"  # argument: see `owner_argument`; "": to whoever takes it
    SHARE = "share"  # to a process that has less, argument as before: see `ingest.sharing`

    @property
    def lasts(self) -> bool:
        """Whether the next session obeys it, too."""
        return self in {OrderKind.PAUSE, OrderKind.RESUME, OrderKind.STOP_ON_ERROR}


def operator() -> str:
    """Return who uses this process: a user of the system, and the host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = f"user {os.getuid()}"
    return f"{user} on {socket.gethostname()}"[:NAME_CHARACTERS]


def give(
    target: Target, file: ProcessedFile, kind: OrderKind, argument: str = "", *, by: str
) -> Order:
    """Put an order down; return it, answered already if no session is there to obey.

    Args:
        by: who gives it, for people.
    """
    with write_turn(target.connection, short=True):
        order = target.rows(Order).create(
            file=file, kind=kind, argument=argument, given=Now(), given_by=by[:NAME_CHARACTERS]
        )
        holder = leases.holder(target, file.file_path)
        if holder is None or not holder.is_alive:
            _answer_for_nobody(target, order)
    return order


def _answer_for_nobody(target: Target, order: Order) -> None:
    by, files = order.given_by, target.rows(ProcessedFile).filter(pk=order.file_id)
    nobody = "No session applies this log now"
    with target.atomic():
        match OrderKind(order.kind):
            case OrderKind.PAUSE:
                files.update(paused_by=by, paused_since=datetime.now(UTC))
                answer(target, order, f"{nobody}; the next one starts paused.")
            case OrderKind.RESUME:
                files.update(paused_by="", paused_since=None)
                answer(target, order, f"{nobody}; the next one starts at once.")
            case OrderKind.STOP_ON_ERROR:
                files.update(stop_on_error_by=by if order.argument == "on" else "")
                answer(target, order, f"{nobody}; the next one will be told.")
            case _:
                answer(target, order, f"{nobody}.", refused=True)


def unanswered(target: Target, file: ProcessedFile | None = None) -> QuerySet[Order]:
    """Return the orders that wait for an answer, of one log or of all, oldest first."""
    rows = target.rows(Order).filter(status=Order.Status.OPEN, kind__in=OrderKind)
    return (rows if file is None else rows.filter(file=file)).order_by("pk")


class Pending:
    """Which logs of a database have orders: asked once for all sessions of a process.

    Hundreds of them, each asking for itself twice a second, would be most of what an idle process
    does. Any thread may ask; meanwhile the others go by what was known before, so that one whose
    connection hangs holds up nobody.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: frozenset[int] = frozenset()
        self._asked_at = float("-inf")  # monotonic seconds

    def is_for(self, target: Target, file: ProcessedFile) -> bool:
        """Tell whether a log has orders that wait for an answer, as of a moment ago."""
        if self._is_mine_to_ask():
            found = unanswered(target).order_by().values_list("file_id", flat=True)
            self._files = frozenset(found)
        return file.pk in self._files

    def _is_mine_to_ask(self) -> bool:
        with self._lock:
            now = time.monotonic()
            is_due = now - self._asked_at > KNOWN_SECONDS
            self._asked_at = now if is_due else self._asked_at
        return is_due


pending: dict[str, Pending] = collections.defaultdict(Pending)  # by alias of the database


def refuse_stale(target: Target, file: ProcessedFile) -> None:
    """Refuse what was ordered too long ago to be still meant."""
    late = unanswered(target, file).filter(given__lt=Now() - timedelta(seconds=STALE_SECONDS))
    for order in late:
        if not OrderKind(order.kind).lasts:
            answer(target, order, "Too late: no session took it in time.", refused=True)


def answer(target: Target, order: Order, text: str, *, refused: bool = False) -> None:
    """Say what became of an order."""
    order.status = Order.Status.REFUSED if refused else Order.Status.DONE
    order.answer = text
    rows = target.rows(Order).filter(pk=order.pk, status=Order.Status.OPEN)
    with write_turn(target.connection, short=True):
        rows.update(status=order.status, answer=text, answered=Now())


def seek_argument(start: StartPoint) -> str:
    """Return a place in a log as the argument of an order."""
    match start:
        case FromStart():
            return json.dumps({"start": True})
        case FromPosition(offset):
            return json.dumps({"position": offset})
        case FromByte(generation, offset):
            return json.dumps({"generation": generation, "byte": offset})
        case FromTime(timestamp):
            return json.dumps({"time": timestamp})


def place_of(order: Order) -> StartPoint:
    """Return the place that an order to seek names."""
    match json.loads(order.argument):
        case {"position": int(offset)}:
            return FromPosition(offset)
        case {"generation": str(generation), "byte": int(offset)}:
            return FromByte(generation, offset)
        case {"time": int() | float() as timestamp}:
            return FromTime(float(timestamp))
        case _:
            return FromStart()


def owner_argument(owner: Owner) -> str:
    """Return whom a lease is to be handed to, as the argument of an order."""
    return json.dumps({"id": owner.id, "host": owner.host, "pid": owner.pid})


def heir_of(order: Order) -> Owner | None:
    """Return whom an order names to hand the lease to; None for whoever takes it."""
    return Owner(**json.loads(order.argument)) if order.argument else None
