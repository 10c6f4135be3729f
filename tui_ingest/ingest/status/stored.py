"""The status of logs as the database knows them."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from typing import Any

from django.db.models import Count, QuerySet

from tui_ingest.fields import as_iso, as_timestamp
from tui_ingest.ingest import checkpoints, leases, totals, verdicts
from tui_ingest.ingest.events import EventKind, State
from tui_ingest.ingest.leases import Holder
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, ProcessedFile
from tui_ingest.opening import open_log
from tui_ingest.oplog.addresses import is_stream
from tui_ingest.oplog.log import Backlog, LogError, Position
from tui_ingest.words.terminal_safe import terminal_safe

_ENDED = (State.FINISHED, State.STOPPED, State.STOPPED_ON_ERROR)


def stored_statuses(target: Target, path: str | None = None) -> list[SessionStatus]:
    """Return where logs stand, by path; one of them, or none, if `path` is given.

    It takes as many queries for a thousand logs as for one, and a look at the files of each.
    """
    files = target.rows(ProcessedFile).order_by("file_path")
    if path is not None:
        files = files.filter(file_path=path)
    known = _StoredLogs(target, files)
    return [known.status_of(file, _seen_backlog(target, file)) for file in files]


def overview(target: Target) -> list[SessionStatus]:
    """Return where all logs stand, by path, as their sessions told: no file is looked at.

    Cheap enough to be asked every second for hundreds of logs.
    """
    files = target.rows(ProcessedFile).order_by("file_path")
    known = _StoredLogs(target, files)
    return [known.status_of(file, _told_backlog(file)) for file in files.defer("witnesses")]


def told_or_seen(target: Target, files: QuerySet[ProcessedFile]) -> dict[int, SessionStatus]:
    """Return where some logs stand, by their keys: as their sessions told, if these are alive.

    What a session said last may be long past: then the log's files are looked at. A broker is not
    asked; one that does not answer takes seconds, and somebody waits for all of the logs.
    """
    known = _StoredLogs(target, files)

    def backlog(file: ProcessedFile) -> Backlog | None:
        if known.is_alive(file):
            return _told_backlog(file)
        return None if is_stream(file.file_path) else _seen_backlog(target, file)

    return {file.pk: known.status_of(file, backlog(file)) for file in files.defer("witnesses")}


def _seen_backlog(target: Target, file: ProcessedFile) -> Backlog | None:
    """Return how far a log reaches now; None if that cannot be seen."""
    with closing(open_log(file.file_path, target.settings)) as log:
        try:
            log.resume(checkpoints.position_of(file))
            backlog = log.backlog()
        except LogError:
            return None
    return backlog if backlog.readable else None


class _StoredLogs:
    """What the database knows of some logs, asked for all of them at once."""

    def __init__(self, target: Target, files: QuerySet[ProcessedFile]) -> None:
        keys = files.order_by().values("pk")
        letters = target.rows(DeadLetter).filter(status=DeadLetter.Status.OPEN)
        gaps = target.rows(LogEvent).filter(kind=EventKind.GAP)
        self._totals = totals.load_all(target, files)
        self._verdicts = verdicts.load_all(target, files)
        self._silences = leases.silences(target, files)
        self._letters = _counted(letters.filter(file__in=keys))
        self._gaps = _counted(gaps.filter(file__in=keys))

    def is_alive(self, file: ProcessedFile) -> bool:
        """Tell whether a session applies a log now, as far as can be seen from here."""
        holder = leases.holder_of(file, self._silences.get(file.pk))
        return holder is not None and holder.is_alive

    def status_of(self, file: ProcessedFile, backlog: Backlog | None) -> SessionStatus:
        """Put together what is known of a log, and how far that reaches."""
        silence = self._silences.get(file.pk)
        holder = leases.holder_of(file, silence)
        state = state_of(file, holder)
        return SessionStatus(
            path=file.file_path,
            state=state,
            reason=terminal_safe(file.state_reason),
            paused=bool(file.paused_by) or state is State.PAUSED,
            paused_by=terminal_safe(file.paused_by),
            stop_on_error=bool(file.stop_on_error_by),
            position=checkpoints.position_of(file) or Position(),
            backlog=backlog,
            totals=self._totals[file.pk],
            dead_letters=self._letters[file.pk],
            gaps=self._gaps[file.pk],
            verified=self._verdicts[file.pk],
            last_record_time=as_timestamp(file.last_record_time),
            last_seen=None if silence is None else time.time() - silence,
            runs_on=str(holder.owner) if holder and state is not State.NOT_RUNNING else "",
            runs_here=holder is not None and holder.is_alive and holder.owner.is_here,
        )


def _counted(rows: QuerySet[Any]) -> Counter[int]:
    """Return how many rows belong to each log, by its key."""
    found = rows.order_by().values_list("file").annotate(number=Count("pk"))
    return Counter(dict(found.values_list("file", "number")))


def as_dict(status: SessionStatus) -> dict[str, Any]:
    """Return a status as JSON can hold it; times are ISO 8601 in UTC."""
    backlog = status.backlog
    return {
        "path": status.path,
        "generation": status.position.generation,
        "position": status.position.offset,
        "size": status.size,
        "lag_bytes": backlog.remaining_bytes if backlog else None,
        "lag_messages": backlog.remaining_messages if backlog else None,
        "source_heard": as_iso(backlog.heard_at) if backlog else None,
        "last_record_time": as_iso(status.last_record_time),
        "state": status.state.value,
        "state_reason": status.reason,
        "paused_by": status.paused_by,
        "last_seen": as_iso(status.last_seen),
        "runs_on": status.runs_on,
        "models": totals.by_model(status.totals),
        "failed_without_model": totals.without_model(status.totals),
        "dead_letters": status.dead_letters,
        "gaps": status.gaps,
        "verified": {
            label: verdicts.as_dict(verdict) for label, verdict in status.verified.items()
        },
    }


def state_of(file: ProcessedFile, holder: Holder | None) -> State:
    """Return what the session of a log does, or that there is none."""
    if not file.state:
        return State.NOT_RUNNING
    state = State(file.state)
    if holder is None:  # nobody works on it: a state other than these is what somebody left
        return state if state in _ENDED else State.NOT_RUNNING
    return state if holder.is_alive else State.NOT_RUNNING


def _told_backlog(file: ProcessedFile) -> Backlog | None:
    """Return how far a log reached as its session told with its last sign of life."""
    if file.unread is None:
        return None
    return Backlog(
        exists=file.state != State.NO_FILE_YET,
        generation_size=file.size,
        remaining_bytes=file.unread,
    )
