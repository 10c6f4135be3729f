"""The status of every log that a database knows."""

from __future__ import annotations

from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.status.stored import status_of
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.opening import open_log


def stored_statuses(target: Target, path: str | None = None) -> list[SessionStatus]:
    """Return where logs stand, by path; one of them, or none, if `path` is given."""
    files = target.rows(ProcessedFile).order_by("file_path")
    if path is not None:
        files = files.filter(file_path=path)
    settings = target.settings
    return [
        status_of(
            target, file, open_log(file.file_path, olddir=settings.olddir, access=settings.nats)
        )
        for file in files
    ]
