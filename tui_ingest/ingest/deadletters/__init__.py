"""Records set aside, until somebody or something puts them right.

keeping       a record becomes a dead letter: its bytes, what was wrong, the rows it speaks of
superseding   it gives way to a later record of its row
cascades      deletions that would take along rows whose own records wait
waiting       it waits for rows that others bring or change, and who does
groups        those that wait for nothing but each other
resolving     it is applied after all, put right, or given up, in a transaction of its own
together      several are applied, in one transaction
auto_retry    the same without anybody's asking: at the start, and when what it waits for arrives
reading       found, with the record inside; shown, exported
"""

from tui_ingest.ingest.deadletters.auto_retry import AutoRetry
from tui_ingest.ingest.deadletters.cascades import Cascades
from tui_ingest.ingest.deadletters.keeping import keep
from tui_ingest.ingest.deadletters.reading import (
    DeadLetterError,
    InvalidEditError,
    as_dict,
    export,
    get,
    search,
)
from tui_ingest.ingest.deadletters.resolving import Retry, discard, edit, retry
from tui_ingest.ingest.deadletters.superseding import refresh_rows, supersede
from tui_ingest.ingest.deadletters.together import retry_all, retry_carefully
from tui_ingest.ingest.deadletters.waiting import brought, touching, waiting_for

__all__ = [
    "AutoRetry",
    "Cascades",
    "DeadLetterError",
    "InvalidEditError",
    "Retry",
    "as_dict",
    "brought",
    "discard",
    "edit",
    "export",
    "get",
    "keep",
    "refresh_rows",
    "retry",
    "retry_all",
    "retry_carefully",
    "search",
    "supersede",
    "touching",
    "waiting_for",
]
