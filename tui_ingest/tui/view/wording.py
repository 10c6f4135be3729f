"""The state of a session in words: a badge, and the phrases of the status line.

Colour only repeats what the words and signs say.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tui_ingest.ingest.events import State
from tui_ingest.ingest.status import SessionStatus, is_backlog
from tui_ingest.ingest.status.health import LAG_ALARM_SECONDS, LAG_WARNING_SECONDS
from tui_ingest.oplog.log import Backlog
from tui_ingest.tui.view import formats
from tui_ingest.tui.view.rates import Trend
from tui_ingest.words.numbers import duration, plural, size
from tui_ingest.words.terminal_safe import terminal_safe

SILENCE_SECONDS = 90.0  # of a source that says every 30 that it is there
MARGIN_SHARE = 0.2  # of the rotated files: with fewer to spare, the next loss is near


class Tone(enum.StrEnum):
    """How something is coloured; the values are Textual's styles."""

    PLAIN = ""
    QUIET = "$text-quiet"
    GOOD = "$text-success"
    WARNING = "$text-warning"
    BAD = "bold $text-error"


@dataclass(frozen=True)
class Phrase:
    """A few words and their tone."""

    text: str
    tone: Tone = Tone.PLAIN


_STATES = {
    State.STARTING: Phrase("… STARTING", Tone.QUIET),
    State.RUNNING: Phrase("● RUNNING", Tone.GOOD),
    State.CAUGHT_UP: Phrase("✓ CAUGHT UP", Tone.GOOD),
    State.PAUSED: Phrase("‖ PAUSED", Tone.WARNING),
    State.STOPPED_ON_ERROR: Phrase("✗ STOPPED ON ERROR", Tone.BAD),
    State.WAITING: Phrase("◌ WAITING", Tone.WARNING),
    State.STANDING_BY: Phrase("◇ STANDING BY", Tone.WARNING),
    State.NO_FILE_YET: Phrase("○ NO FILE YET", Tone.WARNING),
    State.FINISHED: Phrase("■ FINISHED", Tone.GOOD),
    State.STOPPED: Phrase("■ STOPPED", Tone.WARNING),
    State.NOT_RUNNING: Phrase("□ NOT RUNNING", Tone.WARNING),
}


def badge(snapshot: SessionStatus, *, pausing: bool, stopping: bool) -> Phrase:
    """Return the state as one sign and a word or two.

    Args:
        pausing: a pause was ordered, and the session does not obey yet.
        stopping: the end was ordered.
    """
    phrase = _badge(snapshot, pausing=pausing, stopping=stopping)
    if not snapshot.attached:
        return phrase
    words = [phrase.text, "ATTACHED", *([snapshot.runs_on] if snapshot.runs_on else [])]
    return Phrase(" · ".join(words), phrase.tone)


def _badge(snapshot: SessionStatus, *, pausing: bool, stopping: bool) -> Phrase:
    state = snapshot.state
    if snapshot.ended is not None and snapshot.ended.error:
        return Phrase("✗ FAILED", Tone.BAD)
    if stopping and snapshot.ended is None:
        return Phrase("■ STOPPING", Tone.WARNING)
    if pausing and state in {State.RUNNING, State.CAUGHT_UP}:
        return Phrase("‖ PAUSING", Tone.WARNING)
    if state is State.NO_FILE_YET and snapshot.position.offset:  # there was one
        return Phrase("○ FILE GONE", Tone.WARNING)
    if state is State.CAUGHT_UP and snapshot.dead_letters:  # not all is well
        return Phrase(f"{_STATES[state].text} · {snapshot.dead_letters:,} open", Tone.WARNING)
    return _STATES[state]


def lag(snapshot: SessionStatus, now: float, trend: Trend) -> Phrase:
    """Say how far behind the source the target is; never '0 s' of a session that stands still.

    Args:
        now: seconds since the epoch.
        trend: whether it gets better.
    """
    backlog = snapshot.backlog
    if backlog is None:
        return Phrase("looking up how far behind", Tone.QUIET)
    if not backlog.applicable_bytes:
        return _nothing_unread(snapshot, now)
    if snapshot.last_record_time is None:
        return Phrase("behind: nothing applied yet", Tone.WARNING)
    arrow = trend.arrow
    seconds = max(0.0, now - snapshot.last_record_time)
    if is_backlog(seconds, falls_behind=trend.falls_behind):
        last = formats.moment(snapshot.last_record_time, now)
        return Phrase(f"in a backlog, at {last} {arrow}".rstrip(), Tone.WARNING)
    text = f"behind {duration(seconds)}" if seconds >= 1 else "behind <1s"
    return Phrase(f"{text} {arrow}".rstrip(), lag_tone(seconds))


def _nothing_unread(snapshot: SessionStatus, now: float) -> Phrase:
    if snapshot.backlog is not None and not snapshot.backlog.exists:
        what = "the log is gone" if snapshot.position.offset else "no log yet"
        return Phrase(f"{what}: {terminal_safe(snapshot.path)} does not exist", Tone.WARNING)
    if snapshot.last_record_time is None:
        return Phrase("caught up · the log is empty", Tone.QUIET)
    last = formats.moment(snapshot.last_record_time, now)
    if snapshot.state is State.RUNNING:
        return Phrase(f"keeping up · last record {last}", Tone.GOOD)
    caught_up = "caught up" if snapshot.state in _DONE else "nothing unread"
    silent = _silent_seconds(snapshot.backlog, now)
    if silent > SILENCE_SECONDS:
        return Phrase(f"{caught_up} · source silent for {duration(silent)}", Tone.WARNING)
    return Phrase(f"{caught_up} · source idle since {last}", Tone.GOOD)


def _silent_seconds(backlog: Backlog | None, now: float) -> float:
    """Return since when a source is silent that gives signs of life while it has no records."""
    heard_at = backlog.heard_at if backlog else None
    return now - heard_at if heard_at is not None else 0.0


_DONE = {State.CAUGHT_UP, State.FINISHED}


def lag_tone(seconds: float) -> Tone:
    if seconds >= LAG_ALARM_SECONDS:
        return Tone.BAD
    return Tone.WARNING if seconds >= LAG_WARNING_SECONDS else Tone.GOOD


def margin(backlog: Backlog | None) -> Phrase | None:
    """Warn when the oldest unread file is among the next that rotation will remove."""
    if backlog is None or backlog.oldest_rank is None or backlog.highest_rank is None:
        return None
    spare = backlog.highest_rank - backlog.oldest_rank
    if backlog.highest_rank < 3 or spare > backlog.highest_rank * MARGIN_SHARE:
        return None
    tone = Tone.BAD if spare == 0 else Tone.WARNING
    return Phrase(f"oldest unread {backlog.oldest_rank} of {backlog.highest_rank}", tone)


def waiting(snapshot: SessionStatus, now: float) -> str:
    """Say what a session waits for, which try comes next, and when."""
    if snapshot.retry_at is None:
        return snapshot.reason
    seconds = max(0, round(snapshot.retry_at - now))
    tried = snapshot.attempt
    then = f"retry in {seconds} s, attempt {tried}" if seconds else f"attempt {tried + 1} now"
    return f"{then} · {snapshot.reason}"


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
        lag(snapshot, now, trend),
        _unread(snapshot),
        _eta(trend, snapshot),
        _counted(snapshot.dead_letters, "dead letter", "✗"),
        _counted(snapshot.gaps, "gap", "!"),
        margin(snapshot.backlog),
        Phrase("stop on error", Tone.WARNING) if snapshot.stop_on_error else None,
        _trouble(snapshot, now) or _slow(snapshot, standstill) or _last_error(snapshot),
    ]
    return tuple(phrase for phrase in found if phrase is not None)


def _trouble(snapshot: SessionStatus, now: float) -> Phrase | None:
    """Why the session does not go on."""
    if snapshot.ended is not None and snapshot.ended.error:
        return Phrase(snapshot.ended.error, Tone.BAD)
    if snapshot.state is State.WAITING:
        return Phrase(waiting(snapshot, now), Tone.WARNING)
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
    if backlog is None or not backlog.applicable_bytes:
        return None
    return Phrase(f"{size(backlog.applicable_bytes)} left")


def _eta(trend: Trend, snapshot: SessionStatus) -> Phrase | None:
    """When the backlog will be gone, while that is being worked on."""
    backlog = snapshot.backlog
    if snapshot.state is not State.RUNNING or backlog is None or not backlog.applicable_bytes:
        return None
    left = trend.seconds_left
    return Phrase(f"ETA {formats.countdown(left)}" if left is not None else "ETA –")


def _counted(number: int, noun: str, sign: str) -> Phrase:
    text = plural(number, noun)
    return Phrase(f"{sign} {text}", Tone.BAD) if number else Phrase(text, Tone.QUIET)
