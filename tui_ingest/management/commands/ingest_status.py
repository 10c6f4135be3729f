"""`manage.py ingest_status [LOG]`: where each log stands."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from tui_ingest.databases.waits import short_waits
from tui_ingest.ingest.events import Counts, State
from tui_ingest.ingest.status import (
    SessionStatus,
    as_dict,
    complaints,
    exposition,
    stored_statuses,
)
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import COLUMNS, in_order, shown
from tui_ingest.ingest.verdicts import in_short
from tui_ingest.management.targets import TargetCommand
from tui_ingest.oplog.addresses import name_of
from tui_ingest.oplog.log import Backlog
from tui_ingest.running.options import log_path
from tui_ingest.words.numbers import ago, open_of_failed, size_in
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
        now = time.time()
        if options["json"]:
            objects = [as_dict(status) for status in found]
            text = json.dumps(objects[0] if log else objects, indent=2)
        elif options["prometheus"]:
            text = exposition(target, found, now).rstrip("\n")
        else:
            described = (_described(status, now) for status in found)
            text = "\n\n".join(described) or "No log has been read yet."
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


def _described(status: SessionStatus, now: float) -> str:
    """Return the status as a few lines and a table of the models."""
    facts = (
        ("state", _state(status, now)),
        ("position", _position(status)),
        ("behind", _behind(status.backlog)),
        ("last record", _time(status.last_record_time)),
        *_source(status.backlog, now),
        ("dead letters", open_of_failed(status.dead_letters, status.failed)),
        ("gaps", f"{status.gaps:,}"),
    )
    lines = [terminal_safe(status.path), *(f"  {name:<13} {value}" for name, value in facts)]
    return "\n".join([*lines, *_table(status, now)])


def _state(status: SessionStatus, now: float) -> str:
    seen = ago(status.last_seen, now)
    if status.state is State.NOT_RUNNING:
        paused = f", paused by {status.paused_by}" if status.paused_by else ""
        return f"not running{paused} (last seen {seen})"
    reason = f": {status.reason}" if status.reason else ""
    where = f"{terminal_safe(status.runs_on)}, {seen}" if status.runs_on else seen
    return f"{status.state.replace('_', ' ')}{reason} ({where})"


def _position(status: SessionStatus) -> str:
    share = f" ({status.share:.0%})" if status.size else ""
    return f"{status.position.offset} of {status.size}{share}"


def _behind(backlog: Backlog | None) -> str:
    if backlog is None:
        return "unknown"
    return size_in(backlog.remaining_bytes, backlog.remaining_messages)


def _source(backlog: Backlog | None, now: float) -> Iterator[tuple[str, str]]:
    """Yield when the source was heard of last, where it says so: a quiet one is not late."""
    if backlog is not None and backlog.heard_at is not None:
        yield "source heard", ago(backlog.heard_at, now)


def _time(timestamp: float | None) -> str:
    if timestamp is None:
        return "none"
    return datetime.fromtimestamp(timestamp).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _table(status: SessionStatus, now: float) -> Iterator[str]:
    labels = in_order({*status.totals, *status.verified})
    if not labels:
        return
    width = max(len(shown(label)) for label in labels)
    names = [f"{'model':<{width}}", *(f"{name:>10}" for name in COLUMNS)]
    yield "  " + "  ".join([*names, *(["verified"] if status.verified else [])])
    for label in labels:
        counts = status.totals.get(label, Counts())
        numbers = (f"{getattr(counts, name):>10,}" for name in COLUMNS)
        cells = [f"{shown(label):<{width}}", *numbers]
        if (verdict := status.verified.get(label)) is not None:
            cells.append(in_short(verdict, now))
        yield "  " + "  ".join(cells)
    for label, verdict in status.verified.items():
        if verdict.reason:
            yield f"  {terminal_safe(label)}: {verdict.state}. {terminal_safe(verdict.reason)}"
