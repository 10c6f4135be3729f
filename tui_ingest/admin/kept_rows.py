"""What the pages of this admin share: nothing is made, changed or deleted by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import Error, router
from django.db.models import Count, Model, QuerySet
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from tui_ingest.databases.outages import answering
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.words.terminal_safe import terminal_safe

_PROMISE = "Sessions that apply logs wait for it, and lose nothing."


def moment(at: datetime | float | None) -> str:
    """Return a time in the project's zone, to the second; "" for none."""
    if at is None:
        return ""
    if not isinstance(at, datetime):
        at = datetime.fromtimestamp(at, UTC)
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")


def now_in_words() -> str:
    """Return the present time and its zone, which is that of all times on a page."""
    now = timezone.localtime()
    return f"{now:%Y-%m-%d %H:%M:%S} {now.tzname() or ''}".rstrip()


class KeptRowsAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The promise rests on these rows: they are looked at, and changed by what the engine offers.

    Attributes:
        database: alias of where they are; None asks the project's routers.
        own_pages: pages that Django's admin does not have, by name: where they are. The view of
            each is `NAME_view`.
    """

    database: str | None = None
    own_pages: Mapping[str, str] = {}

    @property
    def target(self) -> Target:
        """The database that logs are applied to, by the project's settings."""
        return Target(self.database or router.db_for_write(self.model))

    def get_urls(self) -> list[URLPattern]:
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path(
                place,
                self.admin_site.admin_view(getattr(self, f"{name}_view")),
                name=f"{prefix}_{name}",
            )
            for name, place in self.own_pages.items()
        ]
        # Around Django's own checks: who asks is found out of the database, too.
        return answering([*own, *super().get_urls()], _PROMISE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).using(self.target.database)

    def has_add_permission(self, *_: Any, **__: Any) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def may(self, request: HttpRequest, action: str, model: type[Model] | None = None) -> bool:
        """Tell whether whoever asks has a permission about a model, this page's own if not said."""
        meta = (model or self.model)._meta
        user: Any = request.user
        return bool(user.has_perm(f"{meta.app_label}.{action}_{meta.model_name}"))

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row that a page is about, for someone who may see it.

        Raises:
            PermissionDenied: he may not.
            Http404: there is none.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def complain(self, request: HttpRequest, error: str) -> None:
        """Say what went wrong, on the next page."""
        self.message_user(request, terminal_safe(first_line(error)), messages.ERROR)

    @contextmanager
    def complaining(self, request: HttpRequest) -> Iterator[None]:
        """Say what is refused, or that the database is locked or away: nothing was lost."""
        try:
            yield
        except DeadLetterError as error:
            self.complain(request, str(error))
        except Error as error:
            self.complain(request, f"The database cannot be used now: {error}. Try again.")

    def link(self, request: HttpRequest, model: type[Model], **where: object) -> str:
        """Return the address of a list of rows; "" if this site, or its visitor, has none."""
        if not (self.admin_site.is_registered(model) and self.may(request, "view", model)):
            return ""
        return f"{self.address('changelist', model)}?{urlencode(where)}"

    def open_reasons(self, request: HttpRequest, **where: object) -> list[tuple[str, int, str]]:
        """Return why dead letters are open, how many for each reason, and where these are listed.

        Args:
            where: of which ones, as parameters of their list.
        """
        where = {**where, "status__exact": DeadLetter.Status.OPEN.value}
        rows = self.target.rows(DeadLetter).filter(**where).order_by("reason")
        return [
            (terminal_safe(reason), number, self.link(request, DeadLetter, reason=reason, **where))
            for reason, number in rows.values_list("reason").annotate(number=Count("pk"))
        ]

    def address(self, page: str, model: type[Model] | None = None, *arguments: object) -> str:
        """Return the address of a page of this site."""
        meta = (model or self.model)._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_{page}"
        return reverse(name, args=arguments, current_app=self.admin_site.name)

    def page(
        self, request: HttpRequest, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        """Return a page of this admin, in the looks of its site."""
        request.current_app = self.admin_site.name
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "list_address": self.address("changelist"),
            **context,
        }
        return TemplateResponse(request, f"tui_ingest/admin/{template}", whole)


class LogFilter(SimpleListFilter):
    """Which log; Django's own would ask the default database which there are."""

    title = "log"
    parameter_name = "file__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        files = model_admin.target.rows(ProcessedFile).order_by("file_path")
        return [
            (str(key), terminal_safe(path)) for key, path in files.values_list("pk", "file_path")
        ]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        value = self.value()
        return rows.filter(file=value) if value and value.isascii() and value.isdigit() else rows
