"""The history of a row for a person at a terminal and for a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from tui_ingest.fields import as_datetime, as_iso
from tui_ingest.ingest.history import RowNow, Step, Tracing, telling
from tui_ingest.words.numbers import plural, size
from tui_ingest.words.terminal_safe import terminal_safe


def record_lines(step: Step) -> Iterator[str]:
    """Yield a record: a line that says when and what, and one for each field that it changed."""
    item = step.record.objects[0]
    subject = terminal_safe(f"{step.record.operation} {step.label} {_key(item.get('pk'))}".strip())
    fate = f"  ({found})" if (found := telling.fate(step)) else ""
    yield f"{_time(step.record.timestamp)}  {subject}  {telling.effect(step)}{fate}"
    for change in step.changes:
        yield f"    {telling.change(change)}"


def row_lines(row: RowNow) -> Iterator[str]:
    """Yield a row as it is now, and where it differs from what was logged."""
    yield f"now  {terminal_safe(row.label)} {terminal_safe(row.says)}"
    for field in row.fields:
        if row.is_here and row.differs and not field.same:
            logged = "–" if field.logged is None else terminal_safe(field.logged)
            here = "–" if field.here is None else terminal_safe(field.here)
            yield f"    {terminal_safe(field.name)}: logged {logged}, here {here}"


def closing_lines(tracing: Tracing) -> Iterator[str]:
    """Yield what was searched, what is missing, and what else is good to know."""
    begins = f", which begins {_time(tracing.begins_at)}" if tracing.begins_at else ""
    searched = f"{size(tracing.done)} of the log{begins}"
    yield f"{plural(tracing.records, 'record')} in {searched}."
    yield from (f"incomplete: {terminal_safe(lack)}" for lack in tracing.lacks)
    yield from (f"note: {terminal_safe(note)}" for note in tracing.notes)


def record_dict(step: Step) -> dict[str, Any]:
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


def history_dict(tracing: Tracing, path: str, records: list[dict[str, Any]]) -> dict[str, Any]:
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
