"""Where a session stands: one status, whether it is put together from events or from the database.

status = SessionStatus()
for event in events:
    status = status.after(event)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any

from tui_ingest.ingest import totals
from tui_ingest.ingest.events import (
    Attached,
    BatchApplied,
    Counts,
    DeadLetterResolved,
    Event,
    EventKind,
    FailureSuperseded,
    ModelVerified,
    Noticed,
    OrdersTaken,
    Progressed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
    StoppedOnError,
    Verified,
)
from tui_ingest.oplog.log import Backlog, Position
from tui_ingest.words.terminal_safe import terminal_safe

ERROR_CHARACTERS = 400  # of what a record says of itself in `last_error`

Changes = dict[str, Any]  # of a status, by field


@dataclass(frozen=True, kw_only=True)
class SessionStatus:
    """The last known facts about a log and the session that applies it. Texts are inert."""

    path: str = ""
    state: State = State.STARTING
    reason: str = ""  # why it is in this state
    attempt: int = 0  # WAITING: how often it was tried
    retry_at: float | None = None  # WAITING: seconds since the epoch
    paused: bool = False  # by order, whatever the state is; orders end a pause
    paused_by: str = ""  # who ordered that, for people; "" if it was started so
    stop_on_error: bool = False  # it stands before the next record that fails
    position: Position = field(default_factory=Position)
    backlog: Backlog | None = None  # None until it was looked up, and where it cannot be
    totals: Mapping[str, Counts] = field(default_factory=dict)  # lifetime, by model label
    session: Mapping[str, Counts] = field(default_factory=dict)  # of this session
    records: int = 0  # that this session applied or set aside
    set_aside: int = 0  # of those, lines that are no records included
    dead_letters: int = 0  # open ones
    gaps: int = 0
    verified: Mapping[str, Verified] = field(default_factory=dict)  # by model label
    last_record_time: float | None = None  # seconds since the epoch, by the source's clock
    last_seen: float | None = None  # seconds since the epoch, of a session looked at from outside
    attached: bool = False  # this session is not here, but looked at from outside
    runs_on: str = ""  # process and host of that session, while it is alive
    runs_here: bool = False  # that is this process
    last_error: str = ""
    last_failed: int | None = None  # the dead letter of the last error
    stopped_on: StoppedOnError | None = None
    ended: SessionEnded | None = None

    @property
    def size(self) -> int:
        """Bytes of the generation being read, as far as is known."""
        known = self.backlog.generation_size if self.backlog else 0
        return max(self.position.offset, self.position.size, known)

    @property
    def share(self) -> float:
        """How much of the generation is done, from 0 to 1."""
        return self.position.offset / self.size if self.size else 0.0

    @property
    def failed(self) -> int:
        """What failed in the log's whole life and was not put right, whether it is open or not."""
        return sum(counts.failed for counts in self.totals.values())

    def after(self, event: Event) -> SessionStatus:
        """Return the status once `event` has happened."""
        return replace(self, **_changes(event, self))


@singledispatch
def _changes(_event: Event, _before: SessionStatus) -> Changes:
    return {}


@_changes.register
def _(event: SessionStarted, _before: SessionStatus) -> Changes:
    # What was said of a session that was looked at from here is not true of one that begins here.
    begins = {} if event.again else {"state": State.STARTING, "reason": ""}
    return {
        **begins,
        "path": event.path,
        "position": event.position,
        "totals": event.totals,
        "dead_letters": event.dead_letters,
        "gaps": event.gaps,
        "verified": event.verified,
        "last_record_time": event.last_record_time,
        "attached": False,
    }


@_changes.register
def _(event: Attached, _before: SessionStatus) -> Changes:
    return {"attached": True, "runs_on": terminal_safe(event.runs_on)}


@_changes.register
def _(event: StateChanged, before: SessionStatus) -> Changes:
    return {
        "state": event.state,
        "reason": terminal_safe(event.reason),
        "attempt": event.attempt,
        "retry_at": event.retry_at,
        "stopped_on": before.stopped_on if event.state is State.STOPPED_ON_ERROR else None,
    }


@_changes.register
def _(event: OrdersTaken, _before: SessionStatus) -> Changes:
    return {
        "paused": event.paused,
        "paused_by": terminal_safe(event.paused_by) if event.paused else "",
        "stop_on_error": event.stop_on_error,
    }


@_changes.register
def _(event: BatchApplied, before: SessionStatus) -> Changes:
    return {
        "position": event.position,
        "backlog": _left(before, event.position),
        "totals": _sum(before.totals, event.counts),
        "session": _sum(before.session, event.counts),
        "records": before.records + len(event.entries) + event.unseen,
        "last_record_time": event.last_record_time or before.last_record_time,
    }


@_changes.register
def _(event: RecordSetAside, before: SessionStatus) -> Changes:
    said = (event.model, event.pk, f"{event.reason}:", event.error)
    return {
        "dead_letters": before.dead_letters + 1,
        "set_aside": before.set_aside + 1,
        "last_error": " ".join(terminal_safe(word[:ERROR_CHARACTERS]) for word in said if word),
        "last_failed": event.dead_letter,
    }


@_changes.register
def _(event: DeadLetterResolved, before: SessionStatus) -> Changes:
    left = max(0, before.dead_letters - 1)
    # Nobody should look for an error that is put right.
    is_over = not left or event.dead_letter == before.last_failed
    return {
        "dead_letters": left,
        "last_error": "" if is_over else before.last_error,
        "totals": _sum(before.totals, event.counts),
        "session": _sum(before.session, event.counts),
    }


@_changes.register
def _(_event: FailureSuperseded, before: SessionStatus) -> Changes:
    left = max(0, before.dead_letters - 1)
    return {"dead_letters": left, "last_error": before.last_error if left else ""}


@_changes.register
def _(event: ModelVerified, before: SessionStatus) -> Changes:
    return {"verified": {**before.verified, event.model: event.verdict}}


@_changes.register
def _(event: Noticed, before: SessionStatus) -> Changes:
    return {"gaps": before.gaps + (event.kind == EventKind.GAP)}


@_changes.register
def _(event: Progressed, _before: SessionStatus) -> Changes:
    return {"backlog": event.backlog, "position": event.position}


@_changes.register
def _(event: StoppedOnError, _before: SessionStatus) -> Changes:
    return {"stopped_on": event}


@_changes.register
def _(event: SessionEnded, _before: SessionStatus) -> Changes:
    return {"ended": event}


def _left(before: SessionStatus, position: Position) -> Backlog | None:
    """Return the backlog without what a batch has applied: it is told anew only now and then."""
    backlog = before.backlog
    if backlog is None or position.generation != before.position.generation:
        return backlog
    applied = max(0, position.offset - before.position.offset)
    return replace(backlog, remaining_bytes=max(0, backlog.remaining_bytes - applied))


def _sum(counts: Mapping[str, Counts], changes: Mapping[str, Counts]) -> Mapping[str, Counts]:
    if not changes:
        return counts
    changed = dict(counts)
    totals.merge(changed, changes)
    return changed
