"""What is kept for people to read, until it is old: events, answered orders, resolved dead letters.

Never removed: checkpoints, which keep a log from being applied anew; open dead letters; gaps.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Model, Q, QuerySet

from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, ModelTotal, Order, ProcessedFile
from tui_ingest.oplog.addresses import is_stream
from tui_ingest.oplog.log import NoticeKind

CHUNK_ROWS = 500  # removed in one transaction, so that nobody waits for long


def prune(target: Target, days: int, file: ProcessedFile | None = None) -> Iterator[Counter[str]]:
    """Remove what is older, a chunk each time a result is taken: rows removed, by what they are.

    Args:
        days: of age.
        file: of this log only; without it, also the totals of logs that are gone.
    """
    for name, rows in _old(target, days, file):
        while keys := list(rows.order_by().values_list("pk", flat=True)[:CHUNK_ROWS]):
            with target.atomic():
                rows.model._base_manager.using(target.database).filter(pk__in=keys).delete()
            yield Counter({name: len(keys)})


def count(target: Target, days: int) -> Counter[str]:
    """Return how many rows `prune` would remove, by what they are."""
    return Counter({name: rows.count() for name, rows in _old(target, days, None)})


def _old(
    target: Target, days: int, file: ProcessedFile | None
) -> Iterator[tuple[str, QuerySet[Model]]]:
    before = datetime.now(UTC) - timedelta(days=days)
    of_log = Q() if file is None else Q(file=file)
    events = target.rows(LogEvent).filter(of_log, time__lt=before).exclude(kind=NoticeKind.GAP)
    yield "events", events
    orders = target.rows(Order).filter(of_log, given__lt=before)
    yield "orders", orders.exclude(status=Order.Status.OPEN)
    letters = target.rows(DeadLetter).filter(of_log, resolved__lt=before)
    yield "resolved dead letters", letters.exclude(status=DeadLetter.Status.OPEN)
    if file is None:
        yield "totals of logs that are gone", _totals_of_gone_logs(target, before)


def _totals_of_gone_logs(target: Target, before: datetime) -> QuerySet[ModelTotal]:
    silent = target.rows(ProcessedFile).filter(heartbeat__lt=before)
    waiting = target.rows(DeadLetter).filter(status=DeadLetter.Status.OPEN)
    silent = silent.exclude(pk__in=waiting.values("file"))
    gone = [
        pk
        for pk, path in silent.values_list("pk", "file_path")
        if not is_stream(path) and not os.path.lexists(path)
    ]
    return target.rows(ModelTotal).filter(file__in=gone)
