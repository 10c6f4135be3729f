"""What cannot be found in a log any more, because it was never read, or was removed since."""

from __future__ import annotations

from datetime import UTC, datetime

from tui_ingest.ingest.target import Target
from tui_ingest.models import LogEvent, ProcessedFile
from tui_ingest.oplog.log import NoticeKind
from tui_ingest.words.numbers import plural


def gaps(target: Target, file: ProcessedFile | None) -> list[str]:
    """Return a sentence about the gaps in what was read of a log; none if there are none."""
    if file is None:
        return []
    found = target.rows(LogEvent).filter(file=file, kind=NoticeKind.GAP)
    last = found.order_by("pk").last()
    if last is None:
        return []
    many = found.count()
    which = ", the last one" if many > 1 else ""
    return [f"{plural(many, 'gap')} in what was read of the log{which}: {last.message}"]


def removed(target: Target, file: ProcessedFile | None, begins_at: float | None) -> list[str]:
    """Return a sentence if what was read to its end before a log's first record is not there.

    Args:
        begins_at: when that record was written, in seconds since the epoch.
    """
    if file is None or begins_at is None:
        return []
    begins = datetime.fromtimestamp(begins_at, UTC)
    left = (NoticeKind.ROTATED, NoticeKind.TRUNCATED)
    events = target.rows(LogEvent).filter(file=file, kind__in=left, time__lt=begins)
    return ["Files of the log were removed after they were read."] if events.exists() else []
