"""Filters of lists."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from tui_ingest.models import ProcessedFile
from tui_ingest.words.terminal_safe import terminal_safe


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
