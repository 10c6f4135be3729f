"""What DIGESTs of a log have said of the rows here, durably: one verdict for each model."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from datetime import datetime
from typing import Any, assert_never

from django.db.models import QuerySet

from tui_ingest.fields import as_iso, as_timestamp
from tui_ingest.ingest.events import Verified, VerifiedState
from tui_ingest.ingest.target import Target
from tui_ingest.models import DifferingRow, ModelVerification, ProcessedFile
from tui_ingest.words.numbers import plural


def load(target: Target, file: ProcessedFile) -> dict[str, Verified]:
    """Return the verdicts about a log's models, by label."""
    return load_all(target, target.rows(ProcessedFile).filter(pk=file.pk)).get(file.pk, {})


def load_all(
    target: Target, files: QuerySet[ProcessedFile]
) -> defaultdict[int, dict[str, Verified]]:
    """Return the same of many logs, by their keys."""
    loaded: defaultdict[int, dict[str, Verified]] = defaultdict(dict)
    rows = target.rows(ModelVerification).filter(file__in=files.order_by().values("pk"))
    for row in rows.exclude(state="").defer("parts").order_by("model"):
        loaded[row.file_id][row.model] = verdict_of(row)
    return loaded


def verdict_of(row: ModelVerification) -> Verified:
    """Return what is kept of a verdict."""
    return Verified(
        state=VerifiedState(row.state),
        rows=row.rows,
        source_rows=row.source_rows,
        differing=row.differing,
        at=as_timestamp(row.at),
        position=row.position,
        reason=row.reason,
    )


def as_dict(verdict: Verified) -> dict[str, Any]:
    """Return a verdict as JSON can hold it; its time is ISO 8601 in UTC."""
    return {**dataclasses.asdict(verdict), "at": as_iso(verdict.at)}


def differing_rows(target: Target, file: ProcessedFile, label: str) -> QuerySet[DifferingRow]:
    """Return the rows of a model that were found to differ, as many as are kept."""
    rows = target.rows(DifferingRow).filter(verification__file=file, verification__model=label)
    return rows.order_by("pk")


def in_short(verdict: Verified, now: float) -> str:
    """Return a verdict for a column of a table: `✓ 12:03`, `≠ 3 rows`.

    Args:
        now: seconds since the epoch. Of another day, an equality has its date.
    """
    match verdict.state:
        case VerifiedState.EQUAL:
            return f"✓ {_moment(verdict.at, now)}"
        case VerifiedState.DIFFERS:
            rows = verdict.differing or abs(verdict.rows - verdict.source_rows)
            return f"≠ {plural(rows, 'row')}" if rows else "≠ values"
        case VerifiedState.EXPLAINED:
            return "≈ explained"
        case VerifiedState.NOT_COMPARABLE:
            return "? no verdict"
        case unknown:
            assert_never(unknown)


def _moment(at: float | None, now: float) -> str:
    if at is None:
        return ""
    moment, today = (datetime.fromtimestamp(t).astimezone() for t in (at, now))
    return moment.strftime("%H:%M" if moment.date() == today.date() else "%d %b")
