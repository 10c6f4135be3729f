"""The logs that a command can be about: those that some session has read."""

from __future__ import annotations

import os

from django.core.management.base import CommandError

from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.addresses import name_of
from tui_ingest.running.exit_status import USAGE


def known_log(target: Target, log: str | os.PathLike[str]) -> ProcessedFile:
    """Return what is kept of a log.

    Raises:
        CommandError: nothing is: it is another one's name, or another database's log.
    """
    file = target.rows(ProcessedFile).filter(file_path=name_of(log)).first()
    if file is None:
        raise CommandError(
            f"No session has read {log} into database '{target.database}'. ingest_status without"
            " a log shows every one that was read.",
            returncode=USAGE,
        )
    return file
