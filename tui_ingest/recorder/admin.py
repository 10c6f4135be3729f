"""Django's admin: what is pending, how the relay does, what is being resent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern

from tui_ingest.databases.outages import answering
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.models import Change, RelayStatus, Resend, Verification
from tui_ingest.recorder.status import read_status

_PROMISE = "Changes are noted where they are made, in the same database: none is lost."


class _ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    def get_urls(self) -> list[URLPattern]:
        return answering(super().get_urls(), _PROMISE)

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


@admin.register(RelayStatus)
class RelayStatusAdmin(_ReadOnly):
    """The relay of this database."""

    list_display = ("state_now", "pending", "oldest", "written", "records", "last_error", "failed")
    list_display_links = None

    def changelist_view(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        return super().changelist_view(request, {"title": "Relay"})

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        self._status = read_status(get_settings(), rows.db)
        return rows

    @admin.display(description="state")
    def state_now(self, _: RelayStatus) -> str:
        status = self._status
        if not status.is_running:
            return "not running"
        return f"{status.state}: {status.reason}" if status.reason else status.state

    @admin.display(description="pending changes")
    def pending(self, _: RelayStatus) -> str:
        held = f", {self._status.held:,} held" if self._status.held else ""
        return f"{self._status.pending:,}{held}"

    @admin.display(description="oldest, seconds")
    def oldest(self, _: RelayStatus) -> str:
        age = self._status.oldest_age
        return "" if age is None else f"{age:,.1f}"

    @admin.display(description="last written")
    def written(self, relay: RelayStatus) -> datetime | None:
        return _moment(relay.last_written)

    @admin.display(description="at")
    def failed(self, relay: RelayStatus) -> datetime | None:
        return _moment(relay.last_error_at)


@admin.register(Change)
class ChangeAdmin(_ReadOnly):
    list_display = ("id", "operation", "model", "key", "noted", "held")
    list_filter = ("model", "operation")
    ordering = ("id",)

    @admin.display(description="at")
    def noted(self, change: Change) -> datetime | None:
        return _moment(change.at)


@admin.register(Resend)
class ResendAdmin(_ReadOnly):
    list_display = ("id", "model", "state", "sent", "total", "why")
    ordering = ("-id",)


@admin.register(Verification)
class VerificationAdmin(_ReadOnly):
    """What is summed up in the log; the verdicts are at the target."""

    list_display = ("model", "digested", "over", "every", "error")
    ordering = ("model",)

    @admin.display(description="written")
    def over(self, verification: Verification) -> datetime | None:
        return _moment(verification.ended)
