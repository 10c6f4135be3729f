"""Which pages there are."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.db.models import Model

from tui_ingest.admin.dead_letters import DeadLetterAdmin
from tui_ingest.admin.kept_rows import KeptRowsAdmin
from tui_ingest.admin.logs import ProcessedFileAdmin
from tui_ingest.admin.records import DifferingRowAdmin, LogEventAdmin
from tui_ingest.models import DeadLetter, DifferingRow, LogEvent, ProcessedFile

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
