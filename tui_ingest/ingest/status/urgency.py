"""Which of many logs needs somebody most."""

from __future__ import annotations

import math

from tui_ingest.ingest.events import State, Verified, VerifiedState
from tui_ingest.ingest.status.health import is_backlog, lag_seconds
from tui_ingest.ingest.status.session_status import SessionStatus

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
