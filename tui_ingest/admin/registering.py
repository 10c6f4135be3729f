"""Which pages there are; those of events, and of rows that differ, are lists and no more."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db.models import Model

from tui_ingest.admin.dead_letters import DeadLetterAdmin
from tui_ingest.admin.kept_rows import KeptRowsAdmin, LogFilter
from tui_ingest.admin.logs import ProcessedFileAdmin
from tui_ingest.models import DeadLetter, DifferingRow, LogEvent, ProcessedFile
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


_PAGES: dict[type[Model], type[KeptRowsAdmin]] = {
    ProcessedFile: ProcessedFileAdmin,
    DeadLetter: DeadLetterAdmin,
    LogEvent: LogEventAdmin,
    DifferingRow: DifferingRowAdmin,
}


def register(site: AdminSite | None = None, *, database: str | None = None) -> None:
    """Add the pages to a site of Django's admin.

    Args:
        site: the project's own; the default one already has them.
        database: alias of the database that the logs are applied to, where no router says it.
    """
    for model, page in _PAGES.items():
        (site or admin.site).register(model, page, database=database)
