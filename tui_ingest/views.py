"""What other programs ask a project's server for."""

from __future__ import annotations

import time

from django.db import DEFAULT_DB_ALIAS, Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from tui_ingest.databases.waits import short_waits
from tui_ingest.ingest.status import CONTENT_TYPE, exposition, stored_statuses
from tui_ingest.ingest.target import Target

RETRY_SECONDS = "5"  # after which it is worth asking again


@require_safe
def metrics(_request: HttpRequest, database: str = DEFAULT_DB_ALIAS) -> HttpResponse:
    """Answer Prometheus. Whoever may ask is for the project to say: it names paths and models."""
    target = Target(database)
    try:
        with short_waits():
            text = exposition(target, stored_statuses(target), time.time())
    except Error:
        headers = {"Retry-After": RETRY_SECONDS}
        text = "The database cannot be read.\n"
        return HttpResponse(text, "text/plain", status=503, headers=headers)
    return HttpResponse(text, CONTENT_TYPE)
