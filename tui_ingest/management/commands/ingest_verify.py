"""`manage.py ingest_verify [app.model …]`: whether the rows here are the source's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tui_ingest.ingest import verdicts
from tui_ingest.ingest.events import VerifiedState
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand, known_log
from tui_ingest.management.verdict_text import ModelVerdict, printed
from tui_ingest.models import ProcessedFile
from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import log_path


class Command(TargetCommand):
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
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Print the verdicts; 1 if rows differ.

        Raises:
            CommandError: there is none.
        """
        found = [*_found(target, options)]
        if not found:
            raise CommandError(
                "No DIGEST was read. At the source: python manage.py record_changes --verify",
                returncode=USAGE,
            )
        if options["keys"] and len(found) != 1:
            raise CommandError("--keys is for one model of one log: name it.", returncode=USAGE)
        for line in printed(found, keys=options["keys"], as_json=options["json"]):
            self.stdout.write(line)
        return int(any(one.verdict.state is VerifiedState.DIFFERS for one in found))


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
