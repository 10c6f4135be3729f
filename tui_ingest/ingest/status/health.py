"""Whether somebody has to be told of a log: how late it is, and how much was set aside."""

from __future__ import annotations

from tui_ingest.ingest.events import State
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.words.numbers import duration, plural

BACKLOG_SECONDS = 86_400  # from which on the age of what was applied last says nothing of lateness


def lag_seconds(status: SessionStatus, now: float) -> float | None:
    """Return the age of the last applied record while more is unread, else 0; None if unknown.

    Args:
        now: seconds since the epoch.
    """
    backlog = status.backlog
    if backlog is None or not backlog.readable:
        return None
    if not backlog.applicable_bytes:
        return 0.0
    if status.last_record_time is None:
        return None
    return max(0.0, now - status.last_record_time)


def is_backlog(lag: float | None, *, falls_behind: bool = False) -> bool:
    """Tell whether a log is at records so old that what counts is how much is left of it.

    Args:
        lag: seconds, as `lag_seconds` returns them.
        falls_behind: more and more is left, which is lateness however old the records are.
    """
    return lag is not None and lag >= BACKLOG_SECONDS and not falls_behind


def complaints(
    status: SessionStatus, now: float, *, max_lag: float | None, max_dead_letters: int | None
) -> list[str]:
    """Return what is wrong with a log, each in a few words.

    Args:
        now: seconds since the epoch.
        max_lag: seconds; None for any. A session that died is too late in any case.
        max_dead_letters: open ones; None for any number.
    """
    found = []
    if max_lag is not None:
        if status.state is State.NOT_RUNNING:
            found.append("no session applies it")
        lag = lag_seconds(status, now)
        if lag is None:
            found.append("how late it is cannot be seen from here")
        elif lag > max_lag:
            paused = f", paused by {status.paused_by}" if status.paused_by else ""
            found.append(f"{duration(lag)} behind{paused}")
    if max_dead_letters is not None and status.dead_letters > max_dead_letters:
        found.append(plural(status.dead_letters, "dead letter"))
    return found
