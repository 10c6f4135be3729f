"""Where a session stands, for whoever looks: a screen, a line, the database, another machine.

session_status  one status, put together from events
stored          the same from the database, of one log or many, for those who look from outside
health          whether somebody has to be told, and of which log first
prometheus      the same for a machine
"""

from tui_ingest.ingest.status.health import complaints, is_backlog, lag_seconds
from tui_ingest.ingest.status.prometheus import CONTENT_TYPE, exposition
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.status.stored import (
    as_dict,
    overview,
    state_of,
    stored_statuses,
    told_or_seen,
)

__all__ = [
    "CONTENT_TYPE",
    "SessionStatus",
    "as_dict",
    "complaints",
    "exposition",
    "is_backlog",
    "lag_seconds",
    "overview",
    "state_of",
    "stored_statuses",
    "told_or_seen",
]
