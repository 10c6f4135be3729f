"""The page of all logs and the page of one, which refresh themselves; orders to sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from tui_ingest.admin.kept_rows import KeptRowsAdmin, moment, now_in_words
from tui_ingest.admin.log_facts import facts_of, worst_first
from tui_ingest.databases.outages import LIVE
from tui_ingest.ingest import orders
from tui_ingest.ingest.events import EventKind, State, severity_of
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.status import SessionStatus, told_or_seen
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DifferingRow, LogEvent, Order, ProcessedFile
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

EVENTS = 15  # of a log, the newest
ORDERS = 5  # of a log, likewise


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


class ProcessedFileAdmin(KeptRowsAdmin):
    """Where logs stand, and what their sessions are ordered to do.

    A page that is asked for `?live` answers with the part that changes, to the same people.
    """

    own_pages = {"order": "<path:object_id>/order/", "orders": "orders/"}

    def changelist_view(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        """Show all logs, or those whose path contains `?q`, worst first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            "title": "Logs",
            "wanted": _wanted(request),
            "logs": worst_first(told_or_seen(self.target, self._listed(request))),
            "commands": FOR_MANY if self.may(request, "control") else (),
            "now": now_in_words(),
        }
        template = "logs_live.html" if LIVE in request.GET else "logs.html"
        return self.page(request, template, context)

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        """Show one log."""
        file = self.found(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        target = self.target
        status = told_or_seen(target, target.rows(ProcessedFile).filter(pk=file.pk))[file.pk]
        may_control = self.may(request, "control")
        context = {
            "title": terminal_safe(file.file_path),
            "log": facts_of(file.pk, status),
            "paused_since": moment(file.paused_since),
            "commands": list(commands(status)) if may_control else [],
            "may_control": may_control,
            "given_orders": given_orders(target, file),
            "reasons": self.open_reasons(request, file__id__exact=file.pk),
            "letters_address": self.link(request, DeadLetter, file__id__exact=file.pk),
            "differing_address": self.link(request, DifferingRow),
            "events": _events(target, file),
            "events_address": self.link(request, LogEvent, file__id__exact=file.pk),
            "gaps_address": self.link(
                request, LogEvent, file__id__exact=file.pk, kind=EventKind.GAP.value
            ),
            "now": now_in_words(),
        }
        template = "log_live.html" if LIVE in request.GET else "log.html"
        return self.page(request, template, context)

    def _listed(self, request: HttpRequest) -> QuerySet[ProcessedFile]:
        return self.get_queryset(request).filter(file_path__icontains=_wanted(request))

    @method_decorator(require_POST)
    def order_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the order whose button was pressed; the page of the log shows what becomes of it."""
        file = self.found(request, object_id)
        if not self.may(request, "control"):
            raise PermissionDenied
        command = command_of(request.POST.get("order", ""))
        if command is None:
            return HttpResponseBadRequest("There is no such order.")
        self._give(request, command, [file])
        return HttpResponseRedirect(self.address("change", None, file.pk))

    def orders_view(self, request: HttpRequest) -> HttpResponse:
        """Ask whether all logs of a list are to be paused, or resumed; then order it."""
        if not (self.has_view_permission(request) and self.may(request, "control")):
            raise PermissionDenied
        command = command_of(request.GET.get("order", ""))
        if command not in FOR_MANY:
            return HttpResponseBadRequest("There is no such order.")
        files = list(self._listed(request).order_by("file_path"))
        back = f"{self.address('changelist')}?{urlencode({'q': _wanted(request)})}"
        if request.method == "POST":
            given = self._give(request, command, files)
            self.message_user(request, f"{command.label}: ordered of {plural(given, 'log')}.")
            return HttpResponseRedirect(back)
        context = {
            "title": f"{command.label} {plural(len(files), 'log')}?",
            "command": command,
            "paths": [terminal_safe(file.file_path) for file in files],
            "back": back,
        }
        return self.page(request, "orders.html", context)

    def _give(self, request: HttpRequest, command: Command, files: list[ProcessedFile]) -> int:
        """Give an order about logs; return about how many, should the database refuse the rest."""
        user: Any = request.user
        by = f"{user.get_username()} in the admin"
        given = 0
        with self.complaining(request):
            for file in files:
                orders.give(self.target, file, command.kind, command.argument, by=by)
                given += 1
        return given


def _wanted(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()


def _events(target: Target, file: ProcessedFile) -> list[dict[str, str]]:
    rows = target.rows(LogEvent).filter(file=file).order_by("-pk")
    return [
        {
            "at": moment(event.time),
            "kind": terminal_safe(event.kind),
            "tone": ("quiet", "warning", "bad")[severity_of(event.kind)],
            "message": terminal_safe(event.message),
        }
        for event in rows[:EVENTS]
    ]


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
        for order in rows[:ORDERS]
    ]


def _what(order: Order) -> str:
    known = command_of(f"{order.kind} {order.argument}".rstrip())
    return known.label if known else terminal_safe(order.kind.replace("_", " "))
