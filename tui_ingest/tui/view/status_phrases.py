"""The phrases of the status line: first the figures that are always there."""

from __future__ import annotations

from tui_ingest.ingest.events import State
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.tui.view import formats, wording
from tui_ingest.tui.view.rates import Trend
from tui_ingest.tui.view.wording import Phrase, Tone
from tui_ingest.words.numbers import duration, plural, size

STANDSTILL_SECONDS = 5  # of a running session, before it is worth a word


def phrases(
    snapshot: SessionStatus,
    trend: Trend,
    *,
    now: float,
    standstill: float = 0.0,
) -> tuple[Phrase, ...]:
    """Return what the status line says.

    Args:
        now: seconds since the epoch.
        standstill: seconds in which nothing has changed.
    """
    found = [
        wording.lag(snapshot, now, trend),
        _unread(snapshot),
        _eta(trend, snapshot),
        _dead_letters(snapshot.dead_letters),
        _gaps(snapshot.gaps),
        wording.margin(snapshot.backlog),
        Phrase("stop on error", Tone.WARNING) if snapshot.stop_on_error else None,
        _trouble(snapshot, now) or _slow(snapshot, standstill) or _last_error(snapshot),
    ]
    return tuple(phrase for phrase in found if phrase is not None)


def _trouble(snapshot: SessionStatus, now: float) -> Phrase | None:
    """Why the session does not go on."""
    if snapshot.ended is not None and snapshot.ended.error:
        return Phrase(snapshot.ended.error, Tone.BAD)
    if snapshot.state is State.WAITING:
        return Phrase(wording.waiting(snapshot, now), Tone.WARNING)
    if snapshot.stopped_on is not None or not snapshot.reason:  # the stop has its own panel
        return None
    return Phrase(snapshot.reason, Tone.WARNING)


def _slow(snapshot: SessionStatus, standstill: float) -> Phrase | None:
    """Say that a batch does not end: a database may make a statement wait without a word."""
    if snapshot.state is not State.RUNNING or standstill < STANDSTILL_SECONDS:
        return None
    return Phrase(f"no record for {duration(standstill)}: is the database busy?", Tone.WARNING)


def _last_error(snapshot: SessionStatus) -> Phrase | None:
    text = snapshot.last_error
    return Phrase(f"last error: {text}", Tone.BAD) if text else None


def _unread(snapshot: SessionStatus) -> Phrase | None:
    backlog = snapshot.backlog
    if backlog is None or not wording.unread(backlog):
        return None
    return Phrase(f"{size(wording.unread(backlog))} left")


def _eta(trend: Trend, snapshot: SessionStatus) -> Phrase | None:
    """When the backlog will be gone, while that is being worked on."""
    backlog = snapshot.backlog
    if snapshot.state is not State.RUNNING or backlog is None or not wording.unread(backlog):
        return None
    left = trend.seconds_left
    return Phrase(f"ETA {formats.countdown(left)}" if left is not None else "ETA –")


def _dead_letters(number: int) -> Phrase:
    text = plural(number, "dead letter")
    return Phrase(f"✗ {text}", Tone.BAD) if number else Phrase(text, Tone.QUIET)


def _gaps(number: int) -> Phrase:
    text = plural(number, "gap")
    return Phrase(f"! {text}", Tone.BAD) if number else Phrase(text, Tone.QUIET)
