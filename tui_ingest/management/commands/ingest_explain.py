"""`manage.py ingest_explain [app.Model …]`: what a session would do with each model, and why."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tui_ingest.ingest.explaining import LogTimes, explain, times_of
from tui_ingest.ingest.target import Target
from tui_ingest.management.explain_text import as_json, as_text
from tui_ingest.management.targets import TargetCommand
from tui_ingest.opening import open_log
from tui_ingest.running.exit_status import USAGE
from tui_ingest.running.options import log_path


class Command(TargetCommand):
    help = (
        "Show for every model that a log may write: its identity, its path and why, which receivers"
        " are called and which are not, triggers, fields that a log changes, and references to"
        " models that may not be written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the models to explain, or none for all."""
        parser.add_argument("models", metavar="app.Model", nargs="*", help="default: all")
        parser.add_argument(
            "--log", metavar="LOG", type=log_path, help="also say how exact its times are"
        )
        parser.add_argument("--json", action="store_true", help="for programs")
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Print the explanations.

        Raises:
            CommandError: no model is meant.
        """
        found = explain(target, options["models"])
        times = _times(target, options["log"])
        if not found:
            raise CommandError(
                "No such model may be written from a log: see TUI_INGEST['MODELS'] and"
                " ['EXCLUDE'].",
                returncode=USAGE,
            )
        self.stdout.write((as_json if options["json"] else as_text)(found, times))
        return 0


def _times(target: Target, path: Path | str | None) -> LogTimes | None:
    if path is None:
        return None
    with closing(open_log(path, target.settings)) as log:
        return times_of(log)
