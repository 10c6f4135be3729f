"""The page of all logs and the page of one, which refresh themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import Error
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tui_ingest.admin.commanding import FOR_MANY, Command, command_of, commands, given_orders
from tui_ingest.admin.kept_rows import KeptRowsAdmin, moment, now_in_words
from tui_ingest.admin.log_facts import facts_of, worst_first
from tui_ingest.databases.outages import LIVE
from tui_ingest.ingest import orders
from tui_ingest.ingest.status import EventKind, severity_of, told_or_seen
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DifferingRow, LogEvent, ProcessedFile
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

EVENTS = 15  # of a log, the newest


class ProcessedFileAdmin(KeptRowsAdmin):
    """Where logs stand, and what their sessions are ordered to do.

    A page that is asked for `?live` answers with the part that changes, to the same people.
    """

    def own_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/order/",
                wrap(require_POST(self.order_view)),
                name="tui_ingest_processedfile_order",
            ),
            path("orders/", wrap(self.orders_view), name="tui_ingest_processedfile_orders"),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
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
        return self.page(request, template, context | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002  # Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
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
        return self.page(request, template, context | (extra_context or {}))

    def _listed(self, request: HttpRequest) -> QuerySet[ProcessedFile]:
        return self.get_queryset(request).filter(file_path__icontains=_wanted(request))

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
        for given, file in enumerate(files):
            try:
                orders.give(self.target, file, command.kind, command.argument, by=by)
            except Error as error:
                self.complain_of_database(request, error)
                return given
        return len(files)


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
