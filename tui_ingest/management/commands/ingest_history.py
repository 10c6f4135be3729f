"""`manage.py ingest_history LOG app.model KEY`: one row over time, and the row now."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from typing import Any

from django.core.management.base import CommandParser

from tui_ingest.ingest.history import HistoryError, Tracing, subject_named
from tui_ingest.ingest.target import Target
from tui_ingest.management.history_text import (
    closing_lines,
    history_dict,
    record_dict,
    record_lines,
    row_lines,
)
from tui_ingest.management.targets import TargetCommand
from tui_ingest.opening import open_log
from tui_ingest.running.exit_status import FATAL, INTERRUPTED
from tui_ingest.running.options import log_path
from tui_ingest.words.numbers import size

REDRAW_SECONDS = 0.2


class Command(TargetCommand):
    help = (
        "Show every record of one row that the log has, in all its files and among its dead"
        " letters, with what changed between them, and the row as it is now. Exit status: 0, 1 if"
        " something is missing, 2 for a mistake in the arguments."
    )
    mistakes = (HistoryError,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the log, and which row."""
        parser.add_argument("log", metavar="LOG", type=log_path)
        parser.add_argument("model", metavar="app.model")
        parser.add_argument(
            "key",
            metavar="KEY",
            help="the primary key as logged, or what else identifies a row; of several parts, as a"
            " JSON list: '[1, \"a\"]'",
        )
        parser.add_argument("--json", action="store_true", help="for programs: one object")
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Print the history, each record as it is found; 1 if something is missing, or 130."""
        subjects = subject_named(target, options["model"], options["key"])
        with closing(open_log(options["log"], target.settings)) as log:
            return self._print(Tracing(target, log, subjects), log.path, as_json=options["json"])

    def _print(self, tracing: Tracing, path: str, *, as_json: bool) -> int:
        """Print all of it; return the exit status."""
        records: list[dict[str, Any]] = []
        progress = _Progress(wanted=not as_json and sys.stderr.isatty())
        status = 0
        try:
            for steps in tracing.run():
                if as_json:
                    records += map(record_dict, steps)
                    continue
                if steps:
                    progress.clear()
                for step in steps:
                    self.stdout.write("\n".join(record_lines(step)))
                progress.show(tracing)
        except KeyboardInterrupt:
            tracing.lacks.append("interrupted.")
            status = INTERRUPTED
        progress.clear()
        if as_json:
            self.stdout.write(json.dumps(history_dict(tracing, path, records), indent=2))
        else:
            rows = (line for row in tracing.now() for line in row_lines(row))
            self.stdout.write("\n".join([*rows, *closing_lines(tracing)]))
        return status or (FATAL if tracing.lacks else 0)


class _Progress:
    """How far the search is, on the last line of a terminal."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._is_shown = False
        self._shown_at = time.monotonic()

    def show(self, tracing: Tracing) -> None:
        """Say how far it is, every now and then."""
        now = time.monotonic()
        if not self._wanted or now - self._shown_at < REDRAW_SECONDS:
            return
        share = tracing.done * 100 // max(1, tracing.total)
        sys.stderr.write(f"\rsearched {share} % of {size(tracing.total)}\x1b[K")
        sys.stderr.flush()
        self._is_shown, self._shown_at = True, now

    def clear(self) -> None:
        """Give the line back."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_shown = False
