"""Where a log stands, for those who look from outside the session."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tui_ingest.ingest import checkpoints, totals
from tui_ingest.ingest.events import Counts, State
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.log import Backlog, Log, LogError

# A session says every few seconds that it is alive; after this long it is not.
STALE_AFTER = timedelta(seconds=20)
NOT_RUNNING = "not_running"  # in place of a state: the session ended without saying so
_ENDED = (State.FINISHED, State.STOPPED)


@dataclass(frozen=True, kw_only=True)
class LogStatus:
    """One log as the database knows it, and how far the files reach now."""

    path: str
    generation: str  # digest of the first complete line of the file being read
    position: int  # bytes of the generation that have taken effect
    size: int  # bytes of the generation
    lag_bytes: int | None  # unread, over all generations; None if the log cannot be read now
    last_record_time: datetime | None  # of the last applied record, by the source's clock
    state: str  # a State, or NOT_RUNNING
    state_reason: str
    last_seen: datetime | None  # when a session last said that it is alive
    models: Mapping[str, Counts]  # lifetime, by label
    dead_letters: int  # open ones
    gaps: int

    def as_dict(self) -> dict[str, Any]:
        """Return the status as JSON can hold it; times are ISO 8601 in UTC."""
        values = dataclasses.asdict(self)
        for name in ("last_record_time", "last_seen"):
            values[name] = values[name] and values[name].astimezone(UTC).isoformat()
        return values


def status_of(target: Target, file: ProcessedFile, log: Log, *, now: datetime) -> LogStatus:
    """Put together what is known of a log; `log` is looked at and closed."""
    backlog = _backlog(file, log)
    letters = target.rows(DeadLetter).filter(file=file, status=DeadLetter.Status.OPEN)
    return LogStatus(
        path=file.file_path,
        generation=file.generation,
        position=file.last_processed_position,
        size=max(file.size, backlog.generation_size) if backlog else file.size,
        lag_bytes=backlog.remaining_bytes if backlog and backlog.readable else None,
        last_record_time=file.last_record_time,
        state=_state(file, now),
        state_reason=file.state_reason,
        last_seen=file.heartbeat,
        models=totals.load(target, file),
        dead_letters=letters.count(),
        gaps=checkpoints.gaps(target, file),
    )


def _state(file: ProcessedFile, now: datetime) -> str:
    if file.heartbeat is None:
        return NOT_RUNNING
    if file.state not in _ENDED and now - file.heartbeat > STALE_AFTER:
        return NOT_RUNNING
    return file.state


def _backlog(file: ProcessedFile, log: Log) -> Backlog | None:
    try:
        log.resume(checkpoints.position_of(file))
        return log.backlog()
    except LogError:
        return None
    finally:
        log.close()
