"""The status of logs that a database knows."""

from __future__ import annotations

from contextlib import closing

from django.db.models import QuerySet

from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.status.stored import StoredLogs, told_backlog
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.opening import open_log
from tui_ingest.oplog.addresses import is_stream
from tui_ingest.oplog.log import Backlog, LogError


def stored_statuses(target: Target, path: str | None = None) -> list[SessionStatus]:
    """Return where logs stand, by path; one of them, or none, if `path` is given."""
    files = target.rows(ProcessedFile).order_by("file_path")
    if path is not None:
        files = files.filter(file_path=path)
    return [*statuses_of(target, files).values()]


def statuses_of(target: Target, files: QuerySet[ProcessedFile]) -> dict[int, SessionStatus]:
    """Return where some logs stand, by their keys and in their order.

    It takes as many queries for a thousand logs as for one, and a look at the files of each.
    """
    known = StoredLogs(target, files)
    return {file.pk: known.status_of(file, _seen_backlog(target, file)) for file in files}


def known_logs(target: Target) -> list[str]:
    """Return the paths of all logs that were ever read."""
    files = target.rows(ProcessedFile).order_by("file_path")
    return list(files.values_list("file_path", flat=True))


def overview(target: Target) -> list[SessionStatus]:
    """Return where all logs stand, by path, as their sessions told: no file is looked at.

    Cheap enough to be asked every second for hundreds of logs.
    """
    files = target.rows(ProcessedFile).order_by("file_path")
    known = StoredLogs(target, files)
    return [known.status_of(file, told_backlog(file)) for file in files.defer("witnesses")]


def told_or_seen(target: Target, files: QuerySet[ProcessedFile]) -> dict[int, SessionStatus]:
    """Return where some logs stand, by their keys: as their sessions told, if these are alive.

    What a session said last may be long past: then the log's files are looked at. A broker is not
    asked; one that does not answer takes seconds, and somebody waits for all of the logs.
    """
    known = StoredLogs(target, files)

    def backlog(file: ProcessedFile) -> Backlog | None:
        if known.is_alive(file):
            return told_backlog(file)
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
