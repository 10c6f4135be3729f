"""One log among many, as a row: what is worst comes first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tui_ingest.ingest.events import State, Verified, VerifiedState
from tui_ingest.ingest.status import SessionStatus, lag_seconds
from tui_ingest.ingest.verdicts import in_short
from tui_ingest.tui.view import formats, wording
from tui_ingest.tui.view.filtering import Vocabulary
from tui_ingest.tui.view.rates import Pace
from tui_ingest.tui.view.wording import Phrase, Tone
from tui_ingest.words.terminal_safe import terminal_safe

# What needs somebody most. States that are not named are work as usual.
_RANKS = {
    State.STOPPED_ON_ERROR: 0,
    State.NOT_RUNNING: 1,
    State.WAITING: 1,
    State.STOPPED: 3,
    State.PAUSED: 3,
    State.NO_FILE_YET: 3,
    State.STANDING_BY: 3,
    State.FINISHED: 6,
}
_LATE, _RATHER_LATE, _AS_USUAL = 2, 4, 5
_VERDICTS = (
    VerifiedState.DIFFERS,
    VerifiedState.NOT_COMPARABLE,
    VerifiedState.EXPLAINED,
    VerifiedState.EQUAL,
)


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """A log as the list of logs shows it. Texts are inert."""

    path: str  # as its checkpoint knows it
    name: str  # for people
    badge: Phrase
    reason: str  # why it is in this state
    rank: tuple[float, ...]  # the lowest is worst
    state: State
    where: str  # "here", "pid 812 on web-1", or "" for nowhere
    held: bool  # paused, or ordered to be
    lag: float | None  # seconds; None: not known
    unread: int | None  # bytes; None: not known
    rate: int  # records per second
    bars: Sequence[int]  # the same of the last looks, oldest first
    dead_letters: int
    gaps: int
    verified: str
    differs: bool
    last_record_time: float | None  # seconds since the epoch


VOCABULARY: Vocabulary[LogRow] = Vocabulary(
    text=lambda row: f"{row.name} {row.path} {row.badge.text} {row.where} {row.reason}",
    keys={
        "state": lambda row, value: row.state.replace("_", "").startswith(value.replace("_", "")),
        "on": lambda row, value: value in row.where.lower(),
    },
    words={
        "late": lambda row: (row.lag or 0.0) >= wording.LAG_WARNING_SECONDS,
        "failed": lambda row: row.dead_letters > 0,
        "gaps": lambda row: row.gaps > 0,
        "differs": lambda row: row.differs,
        "paused": lambda row: row.held,
    },
)


def row_of(
    status: SessionStatus, pace: Pace, now: float, *, error: str = "", asked: bool | None = None
) -> LogRow:
    """Return the row of a log.

    Args:
        now: seconds since the epoch.
        error: why its session here could not go on.
        asked: whether a pause (True) or its end (False) was ordered and is not seen yet.
    """
    lag = lag_seconds(status, now)
    held = status.paused if asked is None else asked
    where = "here" if status.runs_here else status.runs_on
    worst = _worst(status)
    return LogRow(
        path=status.path,
        name=terminal_safe(formats.log_name(status.path)),
        badge=_badge(status, error=error, pausing=held and not status.paused),
        reason=terminal_safe(error) or status.reason,
        rank=_rank(status, lag, failed=bool(error)),
        state=status.state,
        where=where,
        held=held,
        lag=lag,
        unread=status.backlog.applicable_bytes if status.backlog else None,
        rate=pace.now,
        bars=tuple(pace.bars),
        dead_letters=status.dead_letters,
        gaps=status.gaps,
        verified=in_short(worst, now) if worst else "",
        differs=worst is not None and worst.state is VerifiedState.DIFFERS,
        last_record_time=status.last_record_time,
    )


def _badge(status: SessionStatus, *, error: str, pausing: bool) -> Phrase:
    if error:
        return Phrase("✗ FAILED", Tone.BAD)
    # Open dead letters have a column of their own.
    alone = SessionStatus(state=status.state)
    return wording.badge(alone, pausing=pausing, stopping=False)


def _rank(status: SessionStatus, lag: float | None, *, failed: bool) -> tuple[float, ...]:
    lag = lag if lag is not None and lag >= wording.LAG_WARNING_SECONDS else 0.0
    rank = 0 if failed else _RANKS.get(status.state, _AS_USUAL)
    if lag >= wording.LAG_ALARM_SECONDS or _differs(status):
        rank = min(rank, _LATE)
    elif lag or status.dead_letters:
        rank = min(rank, _RATHER_LATE)
    # In steps, and none for what comes and goes with every record: rows keep their places.
    return rank, -math.floor(math.log2(lag + 1)), -status.dead_letters.bit_length()


def _differs(status: SessionStatus) -> bool:
    return any(one.state is VerifiedState.DIFFERS for one in status.verified.values())


def _worst(status: SessionStatus) -> Verified | None:
    """Return the verdict that matters most; of equal ones the oldest."""
    order = {state: place for place, state in enumerate(_VERDICTS)}
    verdicts = status.verified.values()
    return min(verdicts, key=lambda one: (order[one.state], one.at or 0.0), default=None)


def tally(rows: Sequence[LogRow]) -> list[str]:
    """Return how many logs are in which state: "2 running", "10 caught up"."""
    counted = Counter(row.state for row in sorted(rows, key=lambda row: row.rank))
    return [f"{number:,} {state.replace('_', ' ')}" for state, number in counted.items()]


def overall(rows: Sequence[LogRow]) -> Phrase:
    """Return the state of all logs, as one sign and a word or two."""
    if not rows:
        return Phrase("… STARTING", Tone.QUIET)
    for matters, tone, words in _OVERALL:
        number = sum(map(matters, rows))
        if number:
            return Phrase(words.format(number), tone)
    letters = sum(row.dead_letters for row in rows)
    if letters:
        return Phrase(f"✓ CAUGHT UP · {letters:,} open", Tone.WARNING)
    return Phrase("✓ CAUGHT UP", Tone.GOOD)


_OVERALL = (
    (lambda row: row.rank[0] == 0, Tone.BAD, "✗ {} STOPPED"),
    (lambda row: row.state is State.NOT_RUNNING, Tone.WARNING, "□ {} NOT RUNNING"),
    (lambda row: row.state is State.WAITING, Tone.WARNING, "◌ {} WAITING"),
    (lambda row: row.rank[0] == _LATE, Tone.BAD, "● {} LATE"),
    (lambda row: row.held, Tone.WARNING, "‖ {} PAUSED"),
    (lambda row: row.state is State.STARTING, Tone.QUIET, "… {} STARTING"),
    (lambda row: row.state is State.RUNNING, Tone.GOOD, "● {} RUNNING"),
)
