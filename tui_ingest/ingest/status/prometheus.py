"""Where logs stand, as Prometheus asks for it: its text format, version 0.0.4."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Count

from tui_ingest.ingest.events import State
from tui_ingest.ingest.status.health import lag_seconds
from tui_ingest.ingest.status.session_status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Name, kind, and what it is.
_METRICS = (
    ("lag_seconds", "gauge", "Age of the last applied record while more is unread, else 0."),
    ("lag_bytes", "gauge", "Bytes of the log that are not applied."),
    ("records_total", "counter", 'Records by model ("": none) and by what became of them.'),
    ("dead_letters", "gauge", "Open dead letters by reason."),
    ("gaps_total", "counter", "Parts of the log that were gone before they were read."),
    ("state", "gauge", "1 for what the session does, 0 for all other states."),
    ("verified_age_seconds", "gauge", "Since the source summed up the rows that were compared."),
)


_Sample = tuple[str, Mapping[str, str], float]  # a metric, its labels, its value


def exposition(target: Target, found: Iterable[SessionStatus], now: float) -> str:
    """Return the metrics of logs.

    Args:
        now: seconds since the epoch.
    """
    reasons = _reasons(target)
    samples = [one for status in found for one in _samples(status, reasons, now)]
    lines = []
    for name, kind, text in _METRICS:
        lines += [f"# HELP tui_ingest_{name} {text}", f"# TYPE tui_ingest_{name} {kind}"]
        lines += [_line(*sample) for sample in samples if sample[0] == name]
    return "\n".join(lines) + "\n"


def _samples(
    status: SessionStatus, reasons: Mapping[tuple[str, str], int], now: float
) -> Iterator[_Sample]:
    log = {"log": status.path}
    lag = lag_seconds(status, now)
    if lag is not None:
        yield "lag_seconds", log, lag
    if status.backlog is not None and status.backlog.readable:
        yield "lag_bytes", log, status.backlog.remaining_bytes
    for model, counts in status.totals.items():
        for outcome, number in dataclasses.asdict(counts).items():
            yield "records_total", {**log, "model": model, "outcome": outcome}, number
    for (path, reason), number in reasons.items():
        if path == status.path:
            yield "dead_letters", {**log, "reason": reason}, number
    yield "gaps_total", log, status.gaps
    for state in State:
        yield "state", {**log, "state": state.value}, state is status.state
    for model, verdict in status.verified.items():
        if verdict.at is not None:
            labels = {**log, "model": model, "verdict": verdict.state.value}
            yield "verified_age_seconds", labels, max(0.0, now - verdict.at)


def _reasons(target: Target) -> Counter[tuple[str, str]]:
    rows = target.rows(DeadLetter).filter(status=DeadLetter.Status.OPEN)
    counted = rows.values_list("file__file_path", "reason").annotate(Count("pk")).order_by()
    return Counter({(path, reason): number for path, reason, number in counted})


def _line(metric: str, labels: Mapping[str, str], value: float) -> str:
    named = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    return f"tui_ingest_{metric}{{{named}}} {float(value):.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
