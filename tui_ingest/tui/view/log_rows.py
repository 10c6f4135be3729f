"""One log among many, as a row: what is worst comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui_ingest.ingest.events import State, VerifiedState
from tui_ingest.ingest.status import SessionStatus, is_backlog, lag_seconds
from tui_ingest.ingest.status.health import (
    LAG_WARNING_SECONDS,
    LATE,
    STOPPED,
    urgency,
    worst_verdict,
)
from tui_ingest.ingest.verdicts import in_short
from tui_ingest.tui.view import formats, wording
from tui_ingest.tui.view.filtering import Vocabulary
from tui_ingest.tui.view.rates import Pace
from tui_ingest.tui.view.wording import Phrase, Tone
from tui_ingest.words.terminal_safe import terminal_safe


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
    is_backlog: bool  # what counts is how much is unread, not the lag
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
        "late": lambda row: (row.lag or 0.0) >= LAG_WARNING_SECONDS,
        "failed": lambda row: row.dead_letters > 0,
        "gaps": lambda row: row.gaps > 0,
        "differs": lambda row: row.differs,
        "paused": lambda row: row.held,
    },
)


def row_of(
    status: SessionStatus,
    pace: Pace,
    now: float,
    *,
    falls_behind: bool = False,
    error: str = "",
    asked: bool | None = None,
) -> LogRow:
    """Return the row of a log.

    Args:
        now: seconds since the epoch.
        falls_behind: see `Trend`.
        error: why its session here could not go on.
        asked: whether a pause (True) or its end (False) was ordered and is not seen yet.
    """
    lag = lag_seconds(status, now)
    held = status.paused if asked is None else asked
    where = "here" if status.runs_here else status.runs_on
    worst = worst_verdict(status)
    return LogRow(
        path=status.path,
        name=terminal_safe(formats.log_name(status.path)),
        badge=_badge(status, error=error, pausing=held and not status.paused),
        reason=terminal_safe(error) or status.reason,
        rank=urgency(status, now, failed=bool(error), falls_behind=falls_behind),
        state=status.state,
        where=where,
        held=held,
        lag=lag,
        is_backlog=is_backlog(lag, falls_behind=falls_behind),
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
    if status.state is State.STOPPED_ON_ERROR:  # no column is wide enough for all of it
        return Phrase("✗ ON ERROR", Tone.BAD)
    # Open dead letters have a column of their own.
    alone = SessionStatus(state=status.state)
    return wording.badge(alone, pausing=pausing, stopping=False)


def tally(rows: Sequence[LogRow], *, in_short: bool) -> list[str]:
    """Return how many logs are in which state: "2 running", "10 caught up"; in short "● 2"."""
    counted: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: row.rank):
        sign, _, words = row.badge.text.partition(" ")
        key = sign if in_short else words.lower()
        counted[key] = counted.get(key, 0) + 1
    return [
        f"{key} {number:,}" if in_short else f"{number:,} {key}" for key, number in counted.items()
    ]


def overall(rows: Sequence[LogRow]) -> Phrase:
    """Return the state of all logs, as one sign and a word or two."""
    if not rows:
        return Phrase("… STARTING", Tone.QUIET)
    for matters, tone, words in _OVERALL:
        number = sum(map(matters, rows))
        if number:
            return Phrase(words.format(number), tone)
    done = "■ FINISHED" if all(row.state is State.FINISHED for row in rows) else "✓ CAUGHT UP"
    letters = sum(row.dead_letters for row in rows)
    if letters:
        return Phrase(f"{done} · {letters:,} open", Tone.WARNING)
    return Phrase(done, Tone.GOOD)


_OVERALL = (
    (lambda row: row.rank[0] == STOPPED, Tone.BAD, "✗ {} STOPPED"),
    (lambda row: row.state is State.NOT_RUNNING, Tone.WARNING, "□ {} NOT RUNNING"),
    (lambda row: row.state is State.WAITING, Tone.WARNING, "◌ {} WAITING"),
    (lambda row: row.rank[0] == LATE, Tone.BAD, "● {} LATE"),
    (lambda row: row.state is State.STOPPED, Tone.WARNING, "■ {} STOPPED"),
    (lambda row: row.held, Tone.WARNING, "‖ {} PAUSED"),
    (lambda row: row.state is State.STANDING_BY, Tone.WARNING, "◇ {} STANDING BY"),
    (lambda row: row.state is State.NO_FILE_YET, Tone.WARNING, "○ {} NO FILE YET"),
    (lambda row: row.state is State.STARTING, Tone.QUIET, "… {} STARTING"),
    (lambda row: row.state is State.RUNNING, Tone.GOOD, "● {} RUNNING"),
)
