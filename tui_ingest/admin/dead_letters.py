"""Dead letters: listed by reason and retried together, or one by one; edited, discarded."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from tui_ingest.admin.kept_rows import KeptRowsAdmin, LogFilter
from tui_ingest.admin.letter_facts import facts_of, subject_of
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError, InvalidEditError
from tui_ingest.ingest.deadletters.reading import effective_bytes
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.words.numbers import plural
from tui_ingest.words.record_text import editable, line_of
from tui_ingest.words.terminal_safe import terminal_safe

PORTIONS = (1, 10, None)  # how many are tried in turn; None: all that are left
MOST_SECONDS = 15.0  # of one request; servers end those that take half a minute
OPEN = DeadLetter.Status.OPEN


class WhyForm(ActionForm):
    """The actions on dead letters, and the reason that one of them asks for."""

    why = forms.CharField(required=False, label="Reason to discard:")


class DeadLetterAdmin(KeptRowsAdmin):
    """Retrying writes rows of any model that the settings allow: it has its own permission."""

    list_display = ("id", "status", "record", "reason", "summary", "created")
    list_filter = ("status", "reason", "model", LogFilter)
    search_fields = ("model", "pk_text", "error")
    ordering = ("id",)
    actions = ("retry", "discard")
    action_form = WhyForm
    change_list_template = "tui_ingest/admin/dead_letters.html"
    own_pages = {
        "portions": "portions/",
        **{name: f"<path:object_id>/{name}/" for name in ("retry", "discard")},
    }

    def changelist_view(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        own = {
            "reasons": self.open_reasons(request),
            "may_retry": self.has_retry_permission(request),
            "portions_address": self.address("portions"),
            "query": request.GET.urlencode(),
        }
        return super().changelist_view(request, own)

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
        with self.complaining(request):
            for result in deadletters.retry_all(self.target, chosen):
                statuses[result.status] += 1
                if result.error:
                    self.complain(request, f"Dead letter {result.dead_letter}: {result.error}")
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
                deadletters.discard(self.target, letter, why=_signed(request, why))
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
            with self.complaining(request):
                portion = _retry_portion(self.target, chosen)
                step = 0 if portion.failed else min(step + 1, len(PORTIONS) - 1)
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

    # One of them

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "retry")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "discard")

    def change_view(self, request: HttpRequest, object_id: str, *_: Any, **__: Any) -> HttpResponse:
        """Show one dead letter, `?whole` with all of its record."""
        letter = self.found(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        return self._shown(request, letter)

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Retry it, with the line that was typed in place of its own if there is one."""
        letter = self.found(request, object_id)
        if not self.has_retry_permission(request):
            raise PermissionDenied
        with self.complaining(request):
            if self._is_edited(request, letter):
                try:
                    deadletters.edit(self.target, letter.pk, line_of(request.POST["line"]))
                except InvalidEditError as error:
                    told = terminal_safe(str(error))
                    return self._shown(request, letter, typed=request.POST["line"], edit_error=told)
                self.log_change(request, letter, "Edited.")
            self.log_change(request, letter, "Retried.")
            self._retry(request, letter)
        return HttpResponseRedirect(self.address("change", None, letter.pk))

    def _is_edited(self, request: HttpRequest, letter: DeadLetter) -> bool:
        """Tell whether another line was typed than the one that is there."""
        if "line" not in request.POST:
            return False
        return line_of(request.POST["line"]) != line_of(editable(effective_bytes(letter)))

    def _retry(self, request: HttpRequest, letter: DeadLetter) -> None:
        results = {one.dead_letter: one for one in deadletters.retry_all(self.target, [letter.pk])}
        own = results.pop(letter.pk)
        if own.error:
            self.complain(request, f"Not applied: {own.error}")
            return
        others = sum(other.applied for other in results.values())
        more = f" {plural(others, 'dead letter')} that waited for it came back, too."
        self.message_user(request, f"Applied.{more if others else ''}", messages.SUCCESS)

    @method_decorator(require_POST)
    def discard_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give it up, for the reason that was typed."""
        letter = self.found(request, object_id)
        if not self.has_discard_permission(request):
            raise PermissionDenied
        why = request.POST.get("why", "").strip()
        if not why:
            return self._shown(
                request, letter, discard_error="Say why: nothing is discarded without a reason."
            )
        with self.complaining(request):
            deadletters.discard(self.target, letter.pk, why=_signed(request, why))
            self.message_user(request, "Discarded.", messages.SUCCESS)
        return HttpResponseRedirect(self.address("change", None, letter.pk))

    def _shown(self, request: HttpRequest, letter: DeadLetter, **more: Any) -> HttpResponse:
        file, may_look = letter.file, self.link(request, ProcessedFile)
        facts = facts_of(letter, self.target, whole="whole" in request.GET)
        context = {
            "title": facts.subject,
            "letter": facts,
            "path": terminal_safe(file.file_path),
            "log_address": self.address("change", ProcessedFile, file.pk) if may_look else "",
            "next_address": self._next_address(letter),
            "may_retry": facts.is_open and self.has_retry_permission(request),
            "may_discard": facts.is_open and self.has_discard_permission(request),
            **more,
        }
        return self.page(request, "dead_letter.html", context)

    def _next_address(self, letter: DeadLetter) -> str:
        """Return the address of the next open one of the log, "" after the last."""
        later = deadletters.search(self.target, letter.file, status=DeadLetter.Status.OPEN)
        found = later.filter(pk__gt=letter.pk).values_list("pk", flat=True).first()
        return self.address("change", None, found) if found else ""


def _signed(request: HttpRequest, why: str) -> str:
    """Return a reason with who gave it."""
    user: Any = request.user
    return f"{why} (in the admin, by {user.get_username()})"


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
