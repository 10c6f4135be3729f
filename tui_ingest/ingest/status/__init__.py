"""Where a session stands, for whoever looks: a screen, a line, the database, another machine.

kinds            of events, each with its severity
session_status   one status, put together from events
stored           the same from the database, for those who look from outside
"""

from tui_ingest.ingest.status.kinds import EventKind, Severity, severity_of
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.status.stored import as_dict, state_of, status_of

__all__ = [
    "EventKind",
    "SessionStatus",
    "Severity",
    "as_dict",
    "severity_of",
    "state_of",
    "status_of",
]
