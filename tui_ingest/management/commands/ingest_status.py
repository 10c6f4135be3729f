"""`manage.py ingest_status [LOG]`: where each log stands."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.db.models import QuerySet

from tui_ingest.ingest.status import SessionStatus, as_dict, status_of
from tui_ingest.ingest.target import Target
from tui_ingest.management.status_text import describe
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.opening import open_log
from tui_ingest.running.errors import BootstrapError
from tui_ingest.running.options import log_path
from tui_ingest.running.verification import verify


class Command(BaseCommand):
    help = (
        "Show how far each log has been applied: state, position, lag, totals per model, dead"
        " letters and gaps. --json prints one object for LOG, and a list of them without it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the log to show, or none for all."""
        parser.add_argument("log", metavar="LOG", nargs="?", type=log_path, help="default: all")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument(
            "--database", metavar="ALIAS", default="default", help="where the checkpoints are"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the status.

        Raises:
            CommandError: LOG was never read, or the database cannot be.
        """
        log, database = options["log"], options["database"]
        try:
            verify(database=database, settings="this project")
            found = [_status(file, database) for file in _files(log, database)]
        except BootstrapError as error:
            raise CommandError(str(error), returncode=error.status) from error
        except Error as error:
            raise CommandError(
                f"Database '{database}' cannot be read: {error}. Try again, or check DATABASES in"
                " the settings."
            ) from error
        if log and not found:
            raise CommandError(
                f"No session has read {log} into database '{database}'."
                " Without LOG this command shows every log that was read."
            )
        self.stdout.write(_as_json(found, log) if options["json"] else _as_text(found))


def _files(log: Path | str | None, database: str) -> QuerySet[ProcessedFile]:
    files = ProcessedFile.objects.using(database).order_by("file_path")
    return files.filter(file_path=str(log)) if log else files


def _status(file: ProcessedFile, database: str) -> SessionStatus:
    target = Target(database)
    settings = target.settings
    log = open_log(file.file_path, olddir=settings.olddir, access=settings.nats)
    return status_of(target, file, log)


def _as_json(found: list[SessionStatus], log: Path | None) -> str:
    objects = [as_dict(status) for status in found]
    return json.dumps(objects[0] if log else objects, indent=2)


def _as_text(found: list[SessionStatus]) -> str:
    now = time.time()
    return "\n\n".join(describe(status, now) for status in found) or "No log has been read yet."
