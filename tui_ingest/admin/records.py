"""Events, and rows that differ from the source's."""

from __future__ import annotations

from django.contrib import admin

from tui_ingest.admin.filters import LogFilter
from tui_ingest.admin.kept_rows import KeptRowsAdmin
from tui_ingest.models import DifferingRow, LogEvent
from tui_ingest.words.terminal_safe import terminal_safe


class LogEventAdmin(KeptRowsAdmin):
    """What an operator should find later."""

    list_display = ("time", "kind", "told", "missing_bytes", "file")
    list_filter = ("kind", LogFilter)
    list_select_related = ("file",)
    date_hierarchy = "time"
    fields = ("file", "time", "kind", "told", "missing_bytes")
    readonly_fields = ("told",)

    @admin.display(description="message")
    def told(self, event: LogEvent) -> str:
        return terminal_safe(event.message)


class DifferingRowAdmin(KeptRowsAdmin):
    """Rows that a DIGEST with names has found."""

    list_display = ("told_key", "kind", "verification")
    list_filter = ("kind", "verification__model")
    list_select_related = ("verification",)

    @admin.display(description="key", ordering="key")
    def told_key(self, row: DifferingRow) -> str:
        return terminal_safe(row.key)
