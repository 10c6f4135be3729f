"""The page of one dead letter, and what is done about it there."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tui_ingest.admin.kept_rows import KeptRowsAdmin
from tui_ingest.admin.letter_facts import facts_of
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.deadletters import DeadLetterError, InvalidEditError
from tui_ingest.ingest.deadletters.reading import effective_bytes
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.words.numbers import plural
from tui_ingest.words.record_text import editable, line_of
from tui_ingest.words.terminal_safe import terminal_safe


class DeadLetterPage(KeptRowsAdmin):
    """Retrying writes rows of any model that the settings allow: it has its own permission."""

    def own_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                f"<path:object_id>/{name}/",
                wrap(require_POST(view)),
                name=f"tui_ingest_deadletter_{name}",
            )
            for name, view in (("retry", self.retry_view), ("discard", self.discard_view))
        ]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "retry")

    def has_discard_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "discard")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002  # Django's signature
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one dead letter, `?whole` with all of its record."""
        letter = self.found(request, object_id)
        if request.method == "POST":
            raise PermissionDenied
        return self._shown(request, letter, **(extra_context or {}))

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Retry it, with the line that was typed in place of its own if there is one."""
        letter = self.found(request, object_id)
        if not self.has_retry_permission(request):
            raise PermissionDenied
        try:
            if self._is_edited(request, letter):
                deadletters.edit(self.target, letter.pk, line_of(request.POST["line"]))
                self.log_change(request, letter, "Edited.")
            self.log_change(request, letter, "Retried.")
            self._retry(request, letter)
        except InvalidEditError as error:
            return self._shown(
                request, letter, typed=request.POST["line"], edit_error=terminal_safe(str(error))
            )
        except DeadLetterError as error:
            self.complain(request, str(error))
        except Error as error:
            self.complain_of_database(request, error)
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
        try:
            deadletters.discard(self.target, letter.pk, why=self.signed(request, why))
            self.message_user(request, "Discarded.", messages.SUCCESS)
        except DeadLetterError as error:
            self.complain(request, str(error))
        except Error as error:
            self.complain_of_database(request, error)
        return HttpResponseRedirect(self.address("change", None, letter.pk))

    def signed(self, request: HttpRequest, why: str) -> str:
        """Return a reason with who gave it."""
        user: Any = request.user
        return f"{why} (in the admin, by {user.get_username()})"

    def _shown(self, request: HttpRequest, letter: DeadLetter, **more: Any) -> HttpResponse:
        file = letter.file
        facts = facts_of(letter, self.target, whole="whole" in request.GET)
        context = {
            "title": facts.subject,
            "letter": facts,
            "path": terminal_safe(file.file_path),
            "log_address": self._log_address(request, file),
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

    def _log_address(self, request: HttpRequest, file: ProcessedFile) -> str:
        if not self.link(request, ProcessedFile):
            return ""
        return self.address("change", ProcessedFile, file.pk)
