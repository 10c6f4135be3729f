"""How far a database's changes are, for a terminal, a script, the admin and Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Min

from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.recorder.models import Change, RelayStatus, Resend, Verification, stored
from tui_ingest.recorder.records import verifying
from tui_ingest.recorder.records.resending import progress_of
from tui_ingest.recorder.relaying.locking import is_taken


@dataclass(frozen=True, kw_only=True)
class RecorderStatus:
    """What is pending, and what the relay does."""

    log: str  # path
    is_running: bool  # a relay, here or on another machine
    state: str  # what it did last: running, waiting, stopped
    reason: str  # why it waits
    pending: int  # changes that are not in the log yet
    oldest_age: float | None  # seconds since the oldest of those
    held: int  # changes of rows that cannot be read
    held_example: str  # one of them, and why
    last_written: float | None  # seconds since the epoch
    records: int  # written since the beginning
    last_error: str
    last_error_at: float | None  # seconds since the epoch
    resends: list[dict[str, Any]]
    verifications: list[dict[str, Any]]


def read_status(settings: RecorderSettings, database: str) -> RecorderStatus:
    """Return how the recorder of a database does.

    Raises:
        Error, OSError: it cannot be found out now.
    """
    changes = stored(Change, database)
    pending = changes.filter(held=None)
    held = changes.exclude(held=None)
    example = held.order_by("id").first()
    oldest = pending.aggregate(oldest=Min("at"))["oldest"]
    relay = stored(RelayStatus, database).filter(pk=1).first() or RelayStatus()
    log = settings.log_of(database)
    return RecorderStatus(
        log=str(log),
        is_running=is_taken(database, log),
        state=relay.state,
        reason=relay.reason,
        pending=pending.count(),
        oldest_age=max(0.0, time.time() - oldest) if oldest is not None else None,
        held=held.count(),
        held_example=f"{example}: {example.held}" if example else "",
        last_written=relay.last_written,
        records=relay.records,
        last_error=relay.last_error,
        last_error_at=relay.last_error_at,
        resends=[progress_of(one) for one in stored(Resend, database).order_by("id")],
        verifications=[
            verifying.progress_of(one, database)
            for one in stored(Verification, database).order_by("model")
        ],
    )


def metrics(status: RecorderStatus) -> Iterator[str]:
    """Yield a status as lines of Prometheus's text format."""
    values: dict[str, tuple[str, float]] = {
        "pending": ("Changes that are not in the log yet.", status.pending),
        "oldest_age_seconds": ("Age of the oldest pending change.", status.oldest_age or 0),
        "held": ("Changes of rows that cannot be read.", status.held),
        "running": ("Whether a relay is at work.", status.is_running),
        "waiting": (
            "Whether the relay waits for something to be put right.",
            status.is_running and status.state == "waiting",
        ),
        "records_total": ("Records written.", status.records),
        "last_written_timestamp_seconds": ("Of the last record.", status.last_written or 0),
        "resend_rows_left": (
            "Rows of resends that are not in the log yet.",
            sum(r["total"] - r["sent"] for r in status.resends if r["state"] == "waiting"),
        ),
    }
    for name, (text, value) in values.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        yield f"# HELP tui_ingest_recorder_{name} {text}"
        yield f"# TYPE tui_ingest_recorder_{name} {kind}"
        yield f"tui_ingest_recorder_{name} {float(value):.15g}"
