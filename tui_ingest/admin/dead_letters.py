"""The list of dead letters: by reason, retried and discarded together."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from tui_ingest.admin.dead_letter import DeadLetterPage
from tui_ingest.admin.filters import LogFilter
from tui_ingest.admin.letter_facts import subject_of
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.words.terminal_safe import terminal_safe

PORTIONS = (1, 10, None)  # how many are tried in turn; None: all that are left
MOST_SECONDS = 15.0  # of one request; servers end those that take half a minute
OPEN = DeadLetter.Status.OPEN


class WhyForm(ActionForm):
    """The actions on dead letters, and the reason that one of them asks for."""

    why = forms.CharField(required=False, label="Reason to discard:")


class DeadLetterAdmin(DeadLetterPage):
    """Dead letters, to be retried and discarded."""

    list_display = ("id", "status", "record", "reason", "summary", "created")
    list_filter = ("status", "reason", "model", LogFilter)
    search_fields = ("model", "pk_text", "error")
    ordering = ("id",)
    actions = ("retry", "discard")
    action_form = WhyForm
    change_list_template = "tui_ingest/admin/dead_letters.html"

    def own_urls(self) -> list[URLPattern]:
        portions = path(
            "portions/",
            self.admin_site.admin_view(self.portions_view),
            name="tui_ingest_deadletter_portions",
        )
        return [portions, *super().own_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        own = {
            "reasons": self.open_reasons(request),
            "may_retry": self.has_retry_permission(request),
            "portions_address": self.address("portions"),
            "query": request.GET.urlencode(),
        }
        return super().changelist_view(request, own | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        # A line may have megabytes, and a list shows none.
        return super().get_queryset(request).defer("raw", "edited", "traceback")

    @admin.display(description="record", ordering="model")
    def record(self, letter: DeadLetter) -> str:
        return subject_of(letter)

    @admin.display(description="error")
    def summary(self, letter: DeadLetter) -> str:
        return terminal_safe(first_line(letter.error))

    @admin.action(description="Retry the selected dead letters", permissions=("retry",))
    def retry(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        chosen = list(letters.values_list("pk", flat=True))
        statuses: Counter[str] = Counter()
        try:
            for result in deadletters.retry_all(self.target, chosen):
                statuses[result.status] += 1
                if result.error:
                    self.complain(request, f"Dead letter {result.dead_letter}: {result.error}")
        except Error as error:
            self.complain_of_database(request, error)
        told = ", ".join(f"{number} {status}" for status, number in statuses.items())
        self.message_user(request, f"Retried: {told or 'none'}.")

    @admin.action(description="Discard the selected dead letters", permissions=("discard",))
    def discard(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        why = request.POST.get("why", "").strip()
        if not why:
            self.complain(request, "Say why: nothing is discarded without a reason.")
            return
        discarded = 0
        for letter in letters.values_list("pk", flat=True).order_by("pk"):
            try:
                deadletters.discard(self.target, letter, why=self.signed(request, why))
                discarded += 1
            except DeadLetterError as error:
                self.complain(request, str(error))
        self.message_user(request, f"Discarded: {discarded}.")

    def portions_view(self, request: HttpRequest) -> HttpResponse:
        """Retry the open ones of a list: a press tries one, the next ten, the next the rest."""
        if not (self.has_view_permission(request) and self.has_retry_permission(request)):
            raise PermissionDenied
        listed = self.get_changelist_instance(request).get_queryset(request)
        letters = listed.filter(status=OPEN).order_by("pk").values_list("pk", flat=True)
        after = _number(request.POST.get("after", ""))
        portion, step = None, min(_number(request.POST.get("step", "")), len(PORTIONS) - 1)
        if request.method == "POST":
            chosen = letters.filter(pk__gt=after)[: PORTIONS[step]]
            try:
                portion = _retry_portion(self.target, chosen)
                step = 0 if portion.failed else min(step + 1, len(PORTIONS) - 1)
            except Error as error:
                self.complain_of_database(request, error)
        context = {
            "title": "Retry in portions",
            "portion": portion,
            # As a template calls it, a Counter would say that it has no `items`.
            "statuses": dict(portion.statuses) if portion else {},
            "error": terminal_safe(portion.error) if portion else "",
            "step": step,
            "size": PORTIONS[step],
            "left": letters.filter(pk__gt=after).count(),
            "after": after,
            "query": request.GET.urlencode(),
        }
        return self.page(request, "portions.html", context)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


@dataclass
class _Portion:
    """What became of a portion."""

    statuses: Counter[str] = field(default_factory=Counter)  # DeadLetter.Status
    failed: int | None = None  # the dead letter that ended it
    error: str = ""
    out_of_time: bool = False


def _retry_portion(target: Target, letters: Iterable[int]) -> _Portion:
    """Retry dead letters in log order until one fails, or time is up.

    Each is committed by itself, or with edited ones that it needs; then those that waited for it.
    """
    portion, until = _Portion(), time.monotonic() + MOST_SECONDS
    for result in deadletters.retry_carefully(target, letters):
        if result.status != DeadLetter.Status.OPEN:
            portion.statuses[result.status] += 1
        else:
            portion.failed, portion.error = result.dead_letter, result.error
        if time.monotonic() >= until:
            portion.out_of_time = True
            break
    return portion
