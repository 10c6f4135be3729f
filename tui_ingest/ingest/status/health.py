"""Whether somebody has to be told of a log, and of which log first.

That is: how late it is, how much was set aside, and whether a session is there at all.
"""

from __future__ import annotations

import math

from tui_ingest.ingest.events import State, Verified, VerifiedState
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.words.numbers import duration, plural

BACKLOG_SECONDS = 86_400  # from which on the age of what was applied last says nothing of lateness
# Seconds behind the source, before somebody should look, and at once.
LAG_WARNING_SECONDS = 10
LAG_ALARM_SECONDS = 20

# States that are not named are work as usual.
_STATES = {
    State.STOPPED_ON_ERROR: 0,
    State.NOT_RUNNING: 1,
    State.WAITING: 1,
    State.STOPPED: 3,
    State.PAUSED: 3,
    State.NO_FILE_YET: 3,
    State.STANDING_BY: 3,
    State.FINISHED: 6,
}
STOPPED, LATE, _RATHER_LATE, _AS_USUAL = 0, 2, 4, 5
_VERDICTS = (
    VerifiedState.DIFFERS,
    VerifiedState.NOT_COMPARABLE,
    VerifiedState.EXPLAINED,
    VerifiedState.EQUAL,
)


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


def urgency(
    status: SessionStatus, now: float, *, failed: bool = False, falls_behind: bool = False
) -> tuple[float, ...]:
    """Return what sorts logs, the worst first.

    In steps, and none for what comes and goes with every record: logs keep their places.

    Args:
        now: seconds since the epoch.
        failed: its session could not go on, as is known here alone.
        falls_behind: more and more of it is left, likewise.

    Returns:
        how bad it is, from STOPPED and LATE on; then how much of it there is.
    """
    lag = lag_seconds(status, now) or 0.0
    lag = lag if lag >= LAG_WARNING_SECONDS else 0.0
    worst = worst_verdict(status)
    rank = STOPPED if failed else _STATES.get(status.state, _AS_USUAL)
    late = lag >= LAG_ALARM_SECONDS and not is_backlog(lag, falls_behind=falls_behind)
    if late or (worst and worst.state is VerifiedState.DIFFERS):
        rank = min(rank, LATE)
    elif lag or status.dead_letters:
        rank = min(rank, _RATHER_LATE)
    return rank, -math.floor(math.log2(lag + 1)), -status.dead_letters.bit_length()


def worst_verdict(status: SessionStatus) -> Verified | None:
    """Return the verdict about a model that matters most; of equal ones the oldest."""
    verdicts = status.verified.values()
    return min(verdicts, key=lambda one: (_VERDICTS.index(one.state), one.at or 0.0), default=None)
