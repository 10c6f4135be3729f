"""`manage.py ingest_control ACTION LOG…`: orders from a script to sessions, wherever they run."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from tui_ingest.databases.waits import short_waits
from tui_ingest.ingest import orders
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand, known_log
from tui_ingest.models import Order
from tui_ingest.running.options import log_path
from tui_ingest.words.terminal_safe import terminal_safe

ANSWER_SECONDS = 10.0  # to wait for a session that looks every half second
LOOK_SECONDS = 0.1  # between two looks for its answer


class Command(TargetCommand):
    help = (
        "Order the session of a log, wherever it runs, to pause, to go on, to apply one record, to"
        " stand before records that fail, or to hand the log over. A pause lasts until it is"
        " resumed, also where no session runs now. Exit status: 0, 1 if an order was refused or"
        " not answered, 2 for a mistake in the arguments."
    )
    waiting = staticmethod(short_waits)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take an action and the logs it is for."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("pause", help="apply nothing until it is resumed")
        actions.add_parser("resume", help="go on")
        stepping = actions.add_parser("step", help="while paused: apply one record")
        stepping.add_argument("--to-failure", action="store_true", help="or until one fails")
        stopping = actions.add_parser("stop-on-error", help="stand before a record that fails")
        stopping.add_argument("--off", action="store_true", help="set such records aside again")
        actions.add_parser("hand-over", help="let a session that stands by apply the log")
        for action in actions.choices.values():
            action.add_argument("logs", metavar="LOG", nargs="+", type=log_path)
            self.add_database(action)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Give the orders, and print what becomes of each; 1 if one is refused or not answered."""
        kind, argument = _order(options)
        files = [known_log(target, log) for log in options["logs"]]
        by = orders.operator()
        given = [orders.give(target, file, kind, argument, by=by) for file in files]
        answered = [self._answered(target, order) for order in given]
        return 0 if all(answered) else 1

    def _answered(self, target: Target, order: Order) -> bool:
        """Print what becomes of an order; False if it was refused, or not answered in time."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while order.status == Order.Status.OPEN and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            order = target.rows(Order).select_related("file").get(pk=order.pk)
        text = order.answer or "No answer yet; the order stands."
        self.stdout.write(f"{terminal_safe(order.file.file_path)}: {terminal_safe(text)}")
        return order.status == Order.Status.DONE


def _order(options: dict[str, Any]) -> tuple[OrderKind, str]:
    match options["action"]:
        case "step" if options["to_failure"]:
            return OrderKind.STEP_TO_FAILURE, ""
        case "stop-on-error":
            return OrderKind.STOP_ON_ERROR, "off" if options["off"] else "on"
        case action:
            return OrderKind(action.replace("-", "_")), ""
