"""The page for when the database cannot be asked: what is the matter, and the next step."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from django.db import DatabaseError, Error, InterfaceError, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import Context, Engine
from django.template.response import SimpleTemplateResponse

from tui_ingest.databases.faults import Fault, fault_of, is_locked
from tui_ingest.databases.waits import short_waits

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
    "If that lasts, find out which process holds it: a long transaction, a migration, on SQLite a"
    " backup, too.",
)
_AWAY = Outage(
    "The database does not answer, or refuses to be used now.",
    "If that lasts, look at its server, its disk, and DATABASES in the settings.",
)
_DAMAGED = Outage(
    "The database is damaged.",
    "Restore it from a backup; what reads and writes it goes on where that stands.",
)
_INCOMPLETE = Outage("The database lacks a table or a column.", "Run: python manage.py migrate")


def answering(patterns: Iterable[Any], promise: str) -> list[Any]:
    """Have the views of some addresses answer, with 503, while the database cannot be asked.

    They are outside of transactions where requests are some: those begin before any view, and what
    is done here has its own. No statement of theirs waits for a lock for long.

    Args:
        patterns: `URLPattern`.
        promise: a sentence that says what goes on meanwhile, or waits.
    """
    patterns = list(patterns)
    for pattern in patterns:
        pattern.callback = _answering(pattern.callback, promise)
    return patterns


def _answering(view: View, promise: str) -> View:
    @functools.wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            with short_waits():
                response = view(request, *args, **kwargs)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()  # templates ask the database, too
                return response
        except Error as error:
            outage = _outage(error)
            if outage is None:
                raise
            logger.warning("A page could not ask the database.", exc_info=error)
            return _page(request, outage, promise)

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


def _page(request: HttpRequest, outage: Outage, promise: str) -> HttpResponse:
    """Return what is said, by a template that needs neither the database nor the site's own."""
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    if LIVE in request.GET:  # a script asks, and goes on showing what it has
        return HttpResponse(outage.what, "text/plain", status=503, headers=headers)
    context = {
        "outage": outage,
        "promise": promise,
        "is_order": request.method == "POST",
        "retry_seconds": RETRY_SECONDS,
    }
    return HttpResponse(_template().render(Context(context)), status=503, headers=headers)


@functools.cache
def _template() -> Any:
    """It is beside this module: no app has to be installed, nor the admin's templates found."""
    engine = Engine(libraries={"static": "django.templatetags.static"})
    return engine.from_string(Path(__file__).with_name("outage.html").read_text(encoding="utf-8"))
