"""Records set aside: kept, superseded, retried, edited, discarded, exported."""

from tui_ingest.ingest.deadletters.editing import discard, edit
from tui_ingest.ingest.deadletters.errors import DeadLetterError, InvalidEditError
from tui_ingest.ingest.deadletters.keeping import keep
from tui_ingest.ingest.deadletters.listing import as_dict, export, get, search
from tui_ingest.ingest.deadletters.retrying import Retry, retry, retry_all
from tui_ingest.ingest.deadletters.superseding import refresh_rows, supersede
from tui_ingest.ingest.deadletters.waiting import no_longer_waiting, waiting_for

__all__ = [
    "DeadLetterError",
    "InvalidEditError",
    "Retry",
    "as_dict",
    "discard",
    "edit",
    "export",
    "get",
    "keep",
    "no_longer_waiting",
    "refresh_rows",
    "retry",
    "retry_all",
    "search",
    "supersede",
    "waiting_for",
]
