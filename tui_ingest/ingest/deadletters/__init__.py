"""Records set aside, until somebody or something puts them right.

keeping       a record becomes a dead letter: its bytes, what was wrong, the rows it speaks of
superseding   it gives way to a later record of its row
cascades      deletions that would take along rows whose own records wait
waiting       it waits for rows that others bring or change, and who does
groups        those that wait for nothing but each other
resolving     it is applied after all, put right, or given up, in a transaction of its own
retrying      several are applied, on demand or by themselves; together, if they need each other
reading       found, with the record inside; shown, exported
"""

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
from tui_ingest.ingest.deadletters.retrying import AutoRetry, retry_all, retry_carefully
from tui_ingest.ingest.deadletters.superseding import supersede
from tui_ingest.ingest.deadletters.waiting import brought, touching

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
    "retry",
    "retry_all",
    "retry_carefully",
    "search",
    "supersede",
    "touching",
]
