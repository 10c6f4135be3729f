"""`manage.py ingest_history LOG app.model KEY`: one row over time, and the row now."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from django.core.management.base import CommandParser

from tui_ingest.fields import as_datetime, as_iso
from tui_ingest.ingest.history import HistoryError, RowNow, Step, Tracing, subject_named, telling
from tui_ingest.ingest.target import Target
from tui_ingest.management.targets import TargetCommand
from tui_ingest.opening import open_log
from tui_ingest.running.exit_status import FATAL, INTERRUPTED
from tui_ingest.running.options import log_path
from tui_ingest.words.numbers import plural, size
from tui_ingest.words.terminal_safe import terminal_safe

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
                    records += map(_record_dict, steps)
                    continue
                if steps:
                    progress.clear()
                for step in steps:
                    self.stdout.write("\n".join(_record_lines(step)))
                progress.show(tracing)
        except KeyboardInterrupt:
            tracing.lacks.append("interrupted.")
            status = INTERRUPTED
        progress.clear()
        if as_json:
            self.stdout.write(json.dumps(_history_dict(tracing, path, records), indent=2))
        else:
            rows = (line for row in tracing.now() for line in _row_lines(row))
            self.stdout.write("\n".join([*rows, *_closing_lines(tracing)]))
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


def _record_lines(step: Step) -> Iterator[str]:
    """Yield a record: a line that says when and what, and one for each field that it changed."""
    item = step.record.objects[0]
    subject = terminal_safe(f"{step.record.operation} {step.label} {_key(item.get('pk'))}".strip())
    fate = f"  ({found})" if (found := telling.fate(step)) else ""
    yield f"{_time(step.record.timestamp)}  {subject}  {telling.effect(step)}{fate}"
    for change in step.changes:
        yield f"    {telling.change(change)}"


def _row_lines(row: RowNow) -> Iterator[str]:
    """Yield a row as it is now, and where it differs from what was logged."""
    yield f"now  {terminal_safe(row.label)} {terminal_safe(row.says)}"
    for field in row.fields:
        if row.is_here and row.differs and not field.same:
            logged = "–" if field.logged is None else terminal_safe(field.logged)
            here = "–" if field.here is None else terminal_safe(field.here)
            yield f"    {terminal_safe(field.name)}: logged {logged}, here {here}"


def _closing_lines(tracing: Tracing) -> Iterator[str]:
    """Yield what was searched, what is missing, and what else is good to know."""
    begins = f", which begins {_time(tracing.begins_at)}" if tracing.begins_at else ""
    searched = f"{size(tracing.done)} of the log{begins}"
    yield f"{plural(tracing.records, 'record')} in {searched}."
    yield from (f"incomplete: {terminal_safe(lack)}" for lack in tracing.lacks)
    yield from (f"note: {terminal_safe(note)}" for note in tracing.notes)


def _record_dict(step: Step) -> dict[str, Any]:
    """Return a record as JSON can hold it; values are as logged."""
    item = step.record.objects[0]
    location = step.record.location
    return {
        "time": as_iso(step.record.timestamp),
        "operation": step.record.operation.value,
        "model": step.label,
        "pk": item.get("pk"),
        "fields": item["fields"],
        "changes": [
            {
                "field": change.name,
                "before": None if change.is_new else change.before,
                "after": change.after,
            }
            for change in step.changes
        ],
        "first": step.is_first,
        "generation": location.generation,
        "position": location.start,
        "length": location.length,
        "objects": step.objects,
        "read": not step.is_ahead,
        "in_log": step.is_in_log,
        "dead_letter": dataclasses.asdict(step.letter) if step.letter else None,
    }


def _history_dict(tracing: Tracing, path: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the whole history as JSON can hold it."""
    return {
        "log": path,
        "complete": not tracing.lacks,
        "incomplete": tracing.lacks,
        "notes": tracing.notes,
        "searched_bytes": tracing.done,
        "log_begins": as_iso(tracing.begins_at),
        "records": records,
        "rows": [dataclasses.asdict(row) for row in tracing.now()],
    }


def _key(pk: object) -> str:
    return "" if pk is None else pk if isinstance(pk, str) else telling.value(pk)


def _time(timestamp: float) -> str:
    moment = as_datetime(timestamp)
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f %Z") if moment else "(no such time)"
