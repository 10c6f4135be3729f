"""A dead letter gives way to a later record of its row: a SAVE carries the whole object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, QuerySet

from tui_ingest.ingest.deadletters.keeping import write_rows
from tui_ingest.ingest.deadletters.reading import effective_entry
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.policy import Verdict
from tui_ingest.ingest.reasons import RowKey
from tui_ingest.ingest.target import M, Target, chunks
from tui_ingest.models import DeadLetter, DeadLetterRow, ProcessedFile
from tui_ingest.oplog.records import Record, RecordLocation


def supersede(target: Target, file: ProcessedFile, records: Sequence[Record]) -> list[DeadLetter]:
    """Close the open dead letters whose rows these applied records of the same log overwrote.

    In the caller's transaction. A dead letter of several rows stays open for those of them that
    have nothing newer. One query if the log has no open dead letters.

    Returns:
        The dead letters that are superseded now, in log order.
    """
    if not records:
        return []
    rows = open_rows(target, file)
    if not rows.exists():
        return []
    applied = _last_records(target, records)

    def is_older(letter: DeadLetter, key: RowKey) -> bool:
        later = applied[key]
        return letter.generation != later.generation or letter.position < later.start

    return _close(target, rows, applied, is_older, "A later record of the row was applied.")


def supersede_older(
    target: Target, file: ProcessedFile, applied: Mapping[int, Record]
) -> list[DeadLetter]:
    """Close the open dead letters of the same rows that come before some that were just applied.

    Args:
        applied: what was applied, by the id of the dead letter.
    """
    last = {
        key: letter
        for letter in sorted(applied)
        for key in row_keys(target, applied[letter].objects).values()
    }
    rows = open_rows(target, file).exclude(dead_letter__in=[*applied])

    def is_older(letter: DeadLetter, key: RowKey) -> bool:
        return letter.pk < last[key]

    return _close(target, rows, last, is_older, "A later dead letter of the row was applied.")


def refresh_rows(target: Target, file: ProcessedFile, *, reason: str | None = None) -> None:
    """Find out again which rows the open dead letters speak of.

    To be called before the first batch: an app that was installed since, or another IDENTITY,
    changes what identifies a row. With a reason, only dead letters of that reason.
    """
    letters = target.rows(DeadLetter).filter(file=file, status=DeadLetter.Status.OPEN)
    if reason is not None:
        letters = letters.filter(reason=reason)
    for letter in letters.prefetch_related("rows").iterator(chunk_size=500):
        entry = effective_entry(letter)
        if not isinstance(entry, Record):
            continue
        keys = row_keys(target, entry.objects).values()
        if {RowKey(row.model, row.key) for row in letter.rows.all()} != set(keys):
            write_rows(target, letter, entry)


def open_rows(target: Target, file: ProcessedFile) -> QuerySet[DeadLetterRow]:
    """Return the rows that the open dead letters of a log speak of."""
    return target.rows(DeadLetterRow).filter(
        dead_letter__file=file, dead_letter__status=DeadLetter.Status.OPEN, superseded=False
    )


def _last_records(target: Target, records: Sequence[Record]) -> dict[RowKey, RecordLocation]:
    """Return where the last record of each row is."""
    verdict = target.policy.verdict
    return {
        key: record.location
        for record in records
        for key in row_keys(
            target, (o for o in record.objects if verdict(o["model"]) is Verdict.ALLOWED)
        ).values()
    }


def _close(
    target: Target,
    rows: QuerySet[DeadLetterRow],
    keys: Mapping[RowKey, object],
    is_older: Callable[[DeadLetter, RowKey], bool],
    why: str,
) -> list[DeadLetter]:
    found = [
        row
        for row in _matching(rows, keys)
        if is_older(row.dead_letter, RowKey(row.model, row.key))
    ]
    target.rows(DeadLetterRow).filter(pk__in=[row.pk for row in found]).update(superseded=True)
    current = target.rows(DeadLetterRow).filter(dead_letter=OuterRef("pk"), superseded=False)
    touched = target.rows(DeadLetter).filter(pk__in={row.dead_letter_id for row in found})
    closed = list(touched.filter(~Exists(current)).order_by("pk"))
    for letter in closed:
        letter.status = DeadLetter.Status.SUPERSEDED
        letter.resolved = datetime.now(UTC)
        letter.resolution = why
        letter.save(using=target.database, update_fields=["status", "resolved", "resolution"])
    return closed


def _matching(rows: QuerySet[DeadLetterRow], keys: Iterable[RowKey]) -> Iterable[DeadLetterRow]:
    """Compare in Python as well: some databases take no notice of case."""
    wanted = set(keys)
    for found in named(rows.select_related("dead_letter"), wanted):
        yield from (row for row in found if RowKey(row.model, row.key) in wanted)


def named(rows: QuerySet[M], keys: Set[RowKey]) -> Iterator[QuerySet[M]]:
    """Divide those of some rows, or keys, that are named so into queries."""
    for model in {key.model for key in keys}:
        for part in chunks(key.key for key in keys if key.model == model):
            yield rows.filter(model=model, key__in=part)
