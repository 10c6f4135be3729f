"""A log as the pages show it. All texts are inert."""

from __future__ import annotations

import dataclasses
import re
import time
from dataclasses import dataclass

from tui_ingest.admin.kept_rows import moment
from tui_ingest.ingest.events import Counts, State, VerifiedState
from tui_ingest.ingest.status import SessionStatus, is_backlog, lag_seconds
from tui_ingest.ingest.status.health import urgency, worst_verdict
from tui_ingest.ingest.totals import in_order, shown
from tui_ingest.ingest.verdicts import in_short
from tui_ingest.words.numbers import ago, duration, open_of_failed, plural, size_in
from tui_ingest.words.terminal_safe import terminal_safe

# How soon somebody should look; the values are classes of the style sheet.
BAD, WARNING, GOOD, QUIET = "bad", "warning", "good", "quiet"

_SIGNS = {
    State.STARTING: ("…", QUIET),
    State.RUNNING: ("●", GOOD),
    State.CAUGHT_UP: ("✓", GOOD),
    State.PAUSED: ("‖", WARNING),
    State.STOPPED_ON_ERROR: ("✗", BAD),
    State.WAITING: ("◌", WARNING),
    State.STANDING_BY: ("◇", WARNING),
    State.NO_FILE_YET: ("○", WARNING),
    State.FINISHED: ("■", QUIET),
    State.STOPPED: ("■", WARNING),
    State.NOT_RUNNING: ("□", BAD),
}
_VERDICT_TONES = {
    VerifiedState.DIFFERS: BAD,
    VerifiedState.NOT_COMPARABLE: WARNING,
    VerifiedState.EXPLAINED: WARNING,
    VerifiedState.EQUAL: GOOD,
}


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One model of a log."""

    label: str
    counts: Counts
    verified: str = ""  # "✓ 12:03"
    verified_tone: str = QUIET
    why: str = ""  # the verdict is no better
    differs: bool = False  # and rows are named that do


@dataclass(frozen=True, kw_only=True)
class LogFacts:
    """What is shown of a log and its session."""

    key: int
    path: str
    badge: str  # "✓ CAUGHT UP"
    tone: str
    doing: str  # why it is in this state
    runs_on: str  # "pid 812 on web-1"; "" if nowhere
    seen: str  # "2s ago"
    lag: str  # "3m12s"
    unread: str  # "1.2 MiB left"
    share: int  # percent of the generation being read
    place: str  # "1,234 of 5,678 bytes"
    records: int  # counted in all; a page makes a rate of it
    letters: str  # "14 open of 16 failed"
    dead_letters: int
    gaps: int
    verified: str
    verified_tone: str
    last_record: str
    models: tuple[ModelRow, ...]

    @property
    def path_parts(self) -> list[str]:
        """The path, in pieces between which a line may be broken."""
        return re.split("(?<=/)", self.path)


def worst_first(statuses: dict[int, SessionStatus]) -> list[LogFacts]:
    """Return what is shown of many logs, by their keys."""
    now = time.time()
    ranked = sorted(statuses.items(), key=lambda item: (urgency(item[1], now), item[1].path))
    return [facts_of(key, status) for key, status in ranked]


def facts_of(key: int, status: SessionStatus) -> LogFacts:
    """Return what is shown of a log.

    Args:
        key: of its checkpoint.
    """
    now = time.time()
    badge, tone = _badge(status)
    verified, verified_tone = _verified(status, now)
    return LogFacts(
        key=key,
        path=terminal_safe(status.path),
        badge=badge,
        tone=tone,
        doing=_doing(status),
        runs_on=terminal_safe(status.runs_on),
        seen=ago(status.last_seen, now),
        lag=_lag(status, now),
        unread=_unread(status),
        share=int(100 * status.share),
        place=_place(status),
        records=sum(sum(dataclasses.astuple(counts)) for counts in status.totals.values()),
        letters=open_of_failed(status.dead_letters, status.failed),
        dead_letters=status.dead_letters,
        gaps=status.gaps,
        verified=verified,
        verified_tone=verified_tone,
        last_record=moment(status.last_record_time),
        models=tuple(
            _model(label, status, now) for label in in_order({*status.totals, *status.verified})
        ),
    )


def _badge(status: SessionStatus) -> tuple[str, str]:
    sign, tone = _SIGNS[status.state]
    words = f"{sign} {status.state.value.replace('_', ' ').upper()}"
    if status.state is State.CAUGHT_UP and status.dead_letters:  # not all is well
        return f"{words} · {status.dead_letters:,} open", WARNING
    return words, tone


def _doing(status: SessionStatus) -> str:
    if status.runs_on:
        return status.reason
    sentences = [status.reason]
    if status.state is State.NOT_RUNNING:  # the reason is that of a session which is no more
        sentences = ["No session applies it."]
    if status.paused_by:
        sentences.append(f"The next session starts paused, by order of {status.paused_by}.")
    return " ".join(filter(None, sentences))


def _lag(status: SessionStatus, now: float) -> str:
    lag = lag_seconds(status, now)
    if is_backlog(lag):
        return f"in a backlog, at {moment(status.last_record_time)}"
    if lag:
        return duration(lag) if lag >= 1 else "<1s"
    if lag is not None:
        return "nothing unread"
    return "unknown" if status.backlog is None else "nothing applied yet"


def _unread(status: SessionStatus) -> str:
    backlog = status.backlog
    if backlog is None or not backlog.remaining_bytes:
        return ""
    return f"{size_in(backlog.remaining_bytes, backlog.remaining_messages)} left"


def _place(status: SessionStatus) -> str:
    unit = status.backlog.unit if status.backlog else "byte"
    return f"{status.position.offset:,} of {plural(status.size, unit)}"


def _verified(status: SessionStatus, now: float) -> tuple[str, str]:
    worst = worst_verdict(status)
    return (in_short(worst, now), _VERDICT_TONES[worst.state]) if worst else ("", QUIET)


def _model(label: str, status: SessionStatus, now: float) -> ModelRow:
    row = ModelRow(label=shown(label), counts=status.totals.get(label, Counts()))
    verdict = status.verified.get(label)
    if verdict is None:
        return row
    return dataclasses.replace(
        row,
        verified=in_short(verdict, now),
        verified_tone=_VERDICT_TONES[verdict.state],
        why=terminal_safe(verdict.reason),
        differs=bool(verdict.differing),
    )
