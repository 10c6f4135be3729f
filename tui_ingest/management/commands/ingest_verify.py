"""`manage.py ingest_verify [app.model …]`: whether the rows here are the source's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from tui_ingest.ingest import verdicts
from tui_ingest.ingest.events import VerifiedState
from tui_ingest.ingest.target import Target
from tui_ingest.management.known_logs import known_log
from tui_ingest.management.verdict_text import ModelVerdict, printed
from tui_ingest.models import ProcessedFile
from tui_ingest.running.errors import BootstrapError
from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import log_path
from tui_ingest.running.verification import verify


class Command(BaseCommand):
    help = (
        "Show what the DIGESTs of the logs have said of each model, which rows differ, and how to"
        " put them right. Exit status: 0, 1 if rows differ, 2 for a mistake in the arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the models to show, or none for all."""
        parser.add_argument("models", metavar="app.model", nargs="*", help="default: all")
        parser.add_argument("--file", metavar="LOG", type=log_path, help="of this log only")
        form = parser.add_mutually_exclusive_group()
        form.add_argument(
            "--keys",
            action="store_true",
            help="only the keys that a resend repairs, one a line, for record_changes --keys",
        )
        form.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--database", metavar="ALIAS", default="default")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        """Print the verdicts.

        Raises:
            CommandError: there is none, or the database cannot be read.
            SystemExit: status 1 if rows differ.
        """
        database = options["database"]
        try:
            verify(database=database, settings="this project")
            found = [*_found(Target(database), options)]
        except BootstrapError as error:
            raise CommandError(str(error), returncode=error.status) from error
        except Error as error:
            raise CommandError(f"Database '{database}' cannot be read: {error}.") from error
        if not found:
            raise CommandError(
                "No DIGEST was read. At the source: python manage.py record_changes --verify",
                returncode=USAGE,
            )
        if options["keys"] and len(found) != 1:
            raise CommandError("--keys is for one model of one log: name it.", returncode=USAGE)
        for line in printed(found, keys=options["keys"], as_json=options["json"]):
            self.stdout.write(line)
        if any(one.verdict.state is VerifiedState.DIFFERS for one in found):
            self.stdout.flush()
            sys.exit(1)


def _found(target: Target, options: dict[str, Any]) -> Iterator[ModelVerdict]:
    if options["file"]:
        files: Iterable[ProcessedFile] = [known_log(target, options["file"])]
    else:
        files = target.rows(ProcessedFile).order_by("file_path")
    wanted = {label.lower() for label in options["models"]}
    for file in files:
        for label, verdict in verdicts.load(target, file).items():
            if not wanted or label in wanted:
                rows = [*verdicts.differing_rows(target, file, label)]
                yield ModelVerdict(path=file.file_path, label=label, verdict=verdict, rows=rows)
