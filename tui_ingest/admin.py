"""Django's admin: everything to be read, dead letters to be retried and discarded."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import Error, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.target import Target
from tui_ingest.models import (
    DeadLetter,
    DifferingRow,
    LogEvent,
    ModelTotal,
    ModelVerification,
    ProcessedFile,
)
from tui_ingest.words.terminal_safe import terminal_safe


class WhyForm(ActionForm):
    """The actions on dead letters, and the reason that one of them asks for."""

    why = forms.CharField(required=False, label="Reason to discard:")


class ReadOnly:
    """Nothing here is made, changed or deleted by hand: the promise rests on these rows."""

    def has_add_permission(self, *_: Any) -> bool:
        return False

    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        return False


class VerificationInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = ModelVerification
    fields = ("model", "state", "rows", "source_rows", "differing", "at", "reason")


class TotalInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = ModelTotal


@admin.register(ProcessedFile)
class ProcessedFileAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "file_path",
        "state",
        "last_processed_position",
        "size",
        "last_record_time",
        "heartbeat",
    )
    inlines = (TotalInline, VerificationInline)


@admin.register(DifferingRow)
class DifferingRowAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("key", "kind", "verification")
    list_filter = ("kind", "verification__model")


@admin.register(LogEvent)
class LogEventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("time", "kind", "message", "missing_bytes", "file")
    list_filter = ("kind", "file")
    date_hierarchy = "time"


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Retrying writes rows of any model that the settings allow: it has its own permission."""

    list_display = ("id", "status", "operation", "model", "pk_text", "reason", "summary", "created")
    list_filter = ("status", "reason", "model", "file")
    search_fields = ("model", "pk_text", "error")
    ordering = ("id",)
    exclude = ("raw", "edited")
    readonly_fields = ("line", "edited_line")
    actions = ("retry", "discard")
    action_form = WhyForm

    @transaction.non_atomic_requests  # a retry is a transaction of its own
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, extra_context)

    @admin.display(description="error")
    def summary(self, letter: DeadLetter) -> str:
        return letter.error.partition("\n")[0]

    @admin.display(description="line")
    def line(self, letter: DeadLetter) -> str:
        return terminal_safe(deadletters.as_dict(letter)["line"])

    @admin.display(description="edited line")
    def edited_line(self, letter: DeadLetter) -> str:
        return terminal_safe(deadletters.as_dict(letter)["edited"] or "")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return _may(request, "retry")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return _may(request, "discard")

    @admin.action(description="Retry the selected dead letters", permissions=("retry",))
    def retry(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        chosen = list(letters.values_list("pk", flat=True))
        statuses: Counter[str] = Counter()
        try:
            for result in deadletters.retry_all(Target(letters.db), chosen):
                statuses[result.status] += 1
                if result.error:
                    self._complain(request, f"Dead letter {result.dead_letter}: {result.error}")
        except Error as error:
            self._complain(request, f"The database cannot be used now: {error}. Try again.")
        told = ", ".join(f"{number} {status}" for status, number in statuses.items())
        self.message_user(request, f"Retried: {told or 'none'}.")

    @admin.action(description="Discard the selected dead letters", permissions=("discard",))
    def discard(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        why = request.POST.get("why", "").strip()
        if not why:
            self._complain(request, "Say why: nothing is discarded without a reason.")
            return
        why = f"{why} (in the admin, by {request.user.get_username()})"
        discarded = 0
        for letter in letters.values_list("pk", flat=True).order_by("pk"):
            try:
                deadletters.discard(Target(letters.db), letter, why=why)
                discarded += 1
            except DeadLetterError as error:
                self._complain(request, str(error))
        self.message_user(request, f"Discarded: {discarded}.")

    def _complain(self, request: HttpRequest, error: str) -> None:
        self.message_user(request, terminal_safe(error.partition("\n")[0]), messages.ERROR)


def _may(request: HttpRequest, action: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(f"tui_ingest.{action}_deadletter"))
