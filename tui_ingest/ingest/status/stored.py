"""The status of a log as the database knows it, and how far its files reach now."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.events import State
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Backlog, Log, LogError, Position
from tui_ingest.words.terminal_safe import terminal_safe

# A session says every few seconds that it is alive; after this long it is not.
STALE_AFTER = timedelta(seconds=20)
_ENDED = (State.FINISHED, State.STOPPED)


def status_of(target: Target, file: ProcessedFile, log: Log, *, now: datetime) -> SessionStatus:
    """Put together what is known of a log; `log` is looked at and closed."""
    letters = target.rows(DeadLetter).filter(file=file, status=DeadLetter.Status.OPEN)
    return SessionStatus(
        path=file.file_path,
        state=_state(file, now),
        reason=terminal_safe(file.state_reason),
        position=checkpoints.position_of(file) or Position(),
        backlog=_backlog(file, log),
        totals=totals.load(target, file),
        dead_letters=letters.count(),
        gaps=checkpoints.gaps(target, file),
        last_record_time=_timestamp(file.last_record_time),
        last_seen=_timestamp(file.heartbeat),
    )


def as_dict(status: SessionStatus) -> dict[str, Any]:
    """Return a status as JSON can hold it; times are ISO 8601 in UTC."""
    backlog = status.backlog
    return {
        "path": status.path,
        "generation": status.position.generation,
        "position": status.position.offset,
        "size": status.size,
        "lag_bytes": backlog.remaining_bytes if backlog else None,
        "last_record_time": _iso(status.last_record_time),
        "state": status.state.value,
        "state_reason": status.reason,
        "last_seen": _iso(status.last_seen),
        "models": {label: dataclasses.asdict(counts) for label, counts in status.totals.items()},
        "dead_letters": status.dead_letters,
        "gaps": status.gaps,
    }


def _state(file: ProcessedFile, now: datetime) -> State:
    if file.heartbeat is None:
        return State.NOT_RUNNING
    if file.state not in _ENDED and now - file.heartbeat > STALE_AFTER:
        return State.NOT_RUNNING
    return State(file.state)


def _backlog(file: ProcessedFile, log: Log) -> Backlog | None:
    try:
        log.resume(checkpoints.position_of(file))
        backlog = log.backlog()
    except LogError:
        return None
    finally:
        log.close()
    return backlog if backlog.readable else None


def _timestamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _iso(timestamp: float | None) -> str | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC).isoformat()
