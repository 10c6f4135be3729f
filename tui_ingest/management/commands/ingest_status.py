"""`manage.py ingest_status [LOG]`: where each log stands."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tui_ingest.databases.waits import short_waits
from tui_ingest.ingest.status import (
    SessionStatus,
    as_dict,
    complaints,
    exposition,
    stored_statuses,
)
from tui_ingest.ingest.target import Target
from tui_ingest.management.status_text import describe
from tui_ingest.management.targets import TargetCommand
from tui_ingest.oplog.addresses import name_of
from tui_ingest.running.options import log_path
from tui_ingest.words.terminal_safe import terminal_safe


class Command(TargetCommand):
    help = (
        "Show how far each log has been applied: state, position, lag, totals per model, dead"
        " letters and gaps. --json prints one object for LOG, and a list of them without it. With"
        " limits, the exit status is 1 if one is passed, and the reason is on standard error."
    )
    then = "Try again, or check DATABASES in the settings."
    waiting = staticmethod(short_waits)

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the log to show, or none for all."""
        parser.add_argument("log", metavar="LOG", nargs="?", type=log_path, help="default: all")
        forms = parser.add_mutually_exclusive_group()
        forms.add_argument("--json", action="store_true", help="for programs")
        forms.add_argument("--prometheus", action="store_true", help="as metrics")
        parser.add_argument("--max-lag", metavar="SECONDS", type=float, help="limit of lateness")
        parser.add_argument(
            "--max-dead-letters", metavar="N", type=int, help="limit of open dead letters"
        )
        self.add_database(parser)

    def act(self, target: Target, options: dict[str, Any]) -> int:
        """Print the status.

        Raises:
            CommandError: LOG was never read, or a limit is passed.
        """
        log = options["log"]
        found = stored_statuses(target, name_of(log) if log else None)
        if log and not found:
            raise CommandError(
                f"No session has read {log} into database '{target.database}'."
                " Without LOG this command shows every log that was read."
            )
        if options["json"]:
            text = _as_json(found, log)
        elif options["prometheus"]:
            text = exposition(target, found, time.time()).rstrip("\n")
        else:
            text = _as_text(found)
        self.stdout.write(text)
        self._complain(found, options)
        return 0

    def _complain(self, found: list[SessionStatus], options: dict[str, Any]) -> None:
        limits = {name: options[name] for name in ("max_lag", "max_dead_letters")}
        complained = [
            f"{terminal_safe(status.path)}: {', '.join(wrong)}."
            for status in found
            if (wrong := complaints(status, time.time(), **limits))
        ]
        if complained:
            raise CommandError(" ".join(complained))


def _as_json(found: list[SessionStatus], log: Path | None) -> str:
    objects = [as_dict(status) for status in found]
    return json.dumps(objects[0] if log else objects, indent=2)


def _as_text(found: list[SessionStatus]) -> str:
    now = time.time()
    return "\n\n".join(describe(status, now) for status in found) or "No log has been read yet."
