"""The page for when the database cannot be asked: what is the matter, and the next step."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import NamedTuple

from django.db import DatabaseError, Error, InterfaceError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse

from tui_ingest.ingest.exact.database_errors import Fault, fault_of, is_locked

LIVE = "live"  # a page's parameter: only what is refreshed of it
RETRY_SECONDS = 5  # after which it is worth asking again

View = Callable[..., HttpResponseBase]
logger = logging.getLogger(__name__)


class Outage(NamedTuple):
    """What is said to anybody who asks; what the database said is for the server's log alone."""

    what: str
    next_step: str


_LOCKED = Outage(
    "The database is locked: somebody else is writing to it.",
    "If that lasts, find out which process holds it; on SQLite, a long transaction or a backup.",
)
_AWAY = Outage(
    "The database does not answer, or refuses to be used now.",
    "If that lasts, look at its server, its disk, and DATABASES in the settings.",
)
_DAMAGED = Outage(
    "The database is damaged.",
    "Restore it from a backup; the sessions go on where that stands.",
)
_INCOMPLETE = Outage("The database lacks a table or a column.", "Run: python manage.py migrate")


def answering(view: View) -> View:
    """Return the same view, which answers, with 503, while the database cannot be asked.

    It is outside of transactions where requests are some: those begin before any view, and what
    is done here has its own.
    """

    @functools.wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
            # Templates ask the database, too.
            return response.render() if isinstance(response, SimpleTemplateResponse) else response
        except Error as error:
            outage = _outage(error)
            if outage is None:
                raise
            logger.warning("A page could not ask the database.", exc_info=error)
            return _page(request, outage)

    for alias in connections:
        answer = transaction.non_atomic_requests(alias)(answer)
    return answer


def _outage(error: Error) -> Outage | None:
    """Return what is the matter with the database; None if the mistake is ours."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    match fault_of(error):
        case Fault.TRANSIENT:
            return _LOCKED if is_locked(error) else _AWAY
        case Fault.DAMAGED:
            return _DAMAGED
        case Fault.MISSING_TABLE:
            return _INCOMPLETE
        case _:
            return None


def _page(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Return what is said, by templates that need neither the database nor the site's own."""
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    if LIVE in request.GET:  # a script asks, and goes on showing what it has
        return HttpResponse(outage.what, "text/plain", status=503, headers=headers)
    context = {
        "outage": outage,
        "is_order": request.method == "POST",
        "retry_seconds": RETRY_SECONDS,
    }
    text = render_to_string("tui_ingest/admin/outage.html", context)
    return HttpResponse(text, status=503, headers=headers)
