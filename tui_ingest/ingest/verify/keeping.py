"""The verdicts, durably, and the rows that differ: in the transaction of the batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tui_ingest.fields import as_datetime
from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.events import EventKind, Verified, VerifiedState
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.verdicts import verdict_of
from tui_ingest.ingest.verify.comparing import Comparison, Difference
from tui_ingest.models import DifferingRow, ModelVerification
from tui_ingest.oplog.records import Record
from tui_ingest.words.numbers import plural
from tui_ingest.words.terminal_safe import terminal_safe

MOST_ROWS = 10_000  # that differ, kept for one model; the rest is only counted

KIND_OF_STATE = {
    VerifiedState.EQUAL: EventKind.VERIFIED,
    VerifiedState.DIFFERS: EventKind.DIFFERS,
    VerifiedState.EXPLAINED: EventKind.EXPLAINED,
    VerifiedState.NOT_COMPARABLE: EventKind.NOT_COMPARABLE,
}


class Conclusion(NamedTuple):
    """A verdict about all rows of a model, as it was reached."""

    model: str  # label
    verdict: Verified
    kind: EventKind
    news: str  # for a person; "" if it was known


@dataclass(kw_only=True)
class Pass:
    """What is known of a table of which a part was compared."""

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    upto: Any = None  # where the last part ended
    rows: int = 0  # here
    source_rows: int = 0
    is_equal: bool = True
    differing: int | None = None  # rows; None: nobody has named them
    absent: list[str] = field(default_factory=list)  # fields of the source that are not here
    limits: list[str] = field(default_factory=list)  # of this database, in words
    obstacle: str = ""  # why they cannot be compared

    def add(self, found: Comparison) -> None:
        """Add the rows of one more part."""
        self.rows += found.rows
        self.is_equal = self.is_equal and found.is_equal
        self.absent = list(found.absent)
        self.limits = list(found.limits) or self.limits
        if found.differences is not None:
            self.differing = (self.differing or 0) + len(found.differences)


def pass_of(row: ModelVerification) -> Pass | None:
    """Return the pass in which some parts were compared; None without one."""
    if row.parts is None:
        return None
    return Pass(**{**row.parts, "began": datetime.fromisoformat(row.parts["began"])})


def go_on(target: Target, row: ModelVerification, current: Pass) -> None:
    """Keep a pass until its next part comes."""
    row.parts = {**asdict(current), "began": current.began.isoformat()}
    row.save(using=target.database, update_fields=["parts"])


def conclude(
    target: Target,
    row: ModelVerification,
    current: Pass,
    record: Record,
    *,
    state: VerifiedState,
    reason: str,
) -> Conclusion:
    """Keep a verdict; if it is another one than before, also among the events."""
    reason = terminal_safe(reason)
    is_news = (row.state, row.reason) != (state, reason)
    row.state, row.reason = state, reason
    row.rows, row.source_rows, row.differing = current.rows, current.source_rows, current.differing
    row.generation, row.position = record.location.generation, record.location.start
    row.at = as_datetime(record.timestamp)
    row.parts = None
    if state is VerifiedState.EQUAL:
        row.equal_at = datetime.now(UTC)
    if current.differing is None:
        forget_rows(target, row)
    row.save(using=target.database)
    news = ""
    if is_news:
        said = reason or f"{plural(row.rows, 'row')}, equal to the source."
        news = f"{row.model}: {said}"
        checkpoints.note(target, row.file, KIND_OF_STATE[state], news)
    return Conclusion(
        model=row.model, verdict=verdict_of(row), kind=KIND_OF_STATE[state], news=news
    )


def add_rows(target: Target, row: ModelVerification, found: Sequence[Difference]) -> None:
    """Keep rows that differ, until they are too many."""
    kept = target.rows(DifferingRow).filter(verification=row).count()
    target.rows(DifferingRow).bulk_create(
        DifferingRow(
            verification=row,
            kind=difference.kind,
            key=terminal_safe(difference.key),
            identity=difference.identity,
        )
        for difference in found[: max(0, MOST_ROWS - kept)]
    )


def forget_rows(target: Target, row: ModelVerification) -> None:
    """Forget which rows differed."""
    target.rows(DifferingRow).filter(verification=row)._raw_delete(target.database)


def differing_identities(
    target: Target, row: ModelVerification, current: Pass
) -> Collection[str] | None:
    """Return what identifies the rows that differ; None if they were not all named and kept."""
    if current.differing is None or current.differing > MOST_ROWS:
        return None
    rows = target.rows(DifferingRow).filter(verification=row)
    return set(rows.values_list("identity", flat=True))
