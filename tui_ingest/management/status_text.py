"""The status of a log for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tui_ingest.ingest.display import inert
from tui_ingest.ingest.events import Counts
from tui_ingest.ingest.status.stored import NOT_RUNNING, LogStatus
from tui_ingest.ingest.totals import COLUMNS
from tui_ingest.ingest.wording import duration, size


def describe(status: LogStatus, now: datetime) -> str:
    """Return the status as a few lines and a table of the models."""
    facts = (
        ("state", _state(status, now)),
        ("position", _position(status)),
        ("behind", "unknown" if status.lag_bytes is None else size(status.lag_bytes)),
        ("last record", _time(status.last_record_time)),
        ("dead letters", f"{status.dead_letters:,}"),
        ("gaps", f"{status.gaps:,}"),
    )
    lines = [inert(status.path), *(f"  {name:<13} {value}" for name, value in facts)]
    return "\n".join([*lines, *_table(status)])


def _state(status: LogStatus, now: datetime) -> str:
    seen = "never"
    if status.last_seen is not None:
        seen = f"{duration(max(0.0, (now - status.last_seen).total_seconds()))} ago"
    if status.state == NOT_RUNNING:
        return f"not running (last seen {seen})"
    reason = f": {inert(status.state_reason)}" if status.state_reason else ""
    return f"{status.state.replace('_', ' ')}{reason} ({seen})"


def _position(status: LogStatus) -> str:
    share = f" ({status.position / status.size:.0%})" if status.size else ""
    return f"{status.position} of {status.size}{share}"


def _time(moment: datetime | None) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z") if moment else "none"


def _table(status: LogStatus) -> Iterator[str]:
    if not status.models:
        return
    width = max(len(label) for label in status.models)
    yield "  " + "  ".join([f"{'model':<{width}}", *(f"{name:>10}" for name in COLUMNS)])
    for label, counts in status.models.items():
        yield "  " + "  ".join([f"{inert(label):<{width}}", *_numbers(counts)])


def _numbers(counts: Counts) -> list[str]:
    return [f"{getattr(counts, name):>10,}" for name in COLUMNS]
