"""Setting a record aside: its exact bytes, where they were, what was wrong with them.

Everything but the bytes is kept for people to read, and made inert before it is stored: no list,
page or message that shows it has to think of that. It also makes it text that every database takes
(PostgreSQL refuses NUL, and all of them halves of surrogate pairs).

Rows are inserted many at a time. Django's own way compiles every value of every row: for dead
letters, that have many, it takes longer than all else that is done about them. PostgreSQL has COPY.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from tui_ingest.fields import as_datetime
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.exact.needs import changed_by
from tui_ingest.ingest.fast import upserts
from tui_ingest.ingest.fast.upserts import postgresql
from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.reasons import Failure, RowKey
from tui_ingest.ingest.target import Target, chunks
from tui_ingest.ingest.totals import label_of
from tui_ingest.models import DeadLetter, DeadLetterKey, DeadLetterRow, ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Operation, Record
from tui_ingest.words.terminal_safe import terminal_safe

MAX_TEXT = 255  # characters of a label, a primary key or a name


def keep(
    target: Target, file: ProcessedFile, failed: Sequence[tuple[Entry, Failure]]
) -> list[DeadLetter]:
    """Make dead letters of entries, given in log order, in the caller's transaction.

    An open dead letter of the same line, left from before the log was read again, gives way.
    """
    _replace_earlier(target, file, [entry for entry, _ in failed])
    now = datetime.now(UTC)
    letters = [_letter(file, entry, failure, now) for entry, failure in failed]
    _insert(target, letters, numbered=True)
    records = [
        (letter, entry, failure)
        for letter, (entry, failure) in zip(letters, failed, strict=True)
        if isinstance(entry, Record)
    ]
    _insert(target, [row for letter, entry, _ in records for row in _rows(target, letter, entry)])
    keys = [
        key
        for letter, entry, failure in records
        if failure.needs
        for key in keys_of(target, letter, entry, failure.needs)
    ]
    _insert(target, keys)
    return letters


def _letter(file: ProcessedFile, entry: Entry, failure: Failure, now: datetime) -> DeadLetter:
    letter = DeadLetter(
        file=file,
        generation=entry.location.generation,
        position=entry.location.start,
        length=entry.location.length,
        raw=entry.raw,
        created=now,
        last_attempt=now,
    )
    if isinstance(entry, Record):
        describe_record(letter, entry)
    describe_failure(letter, failure)
    return letter


def describe_record(letter: DeadLetter, record: Record) -> None:
    """Put down what a list of dead letters shows of the record."""
    letter.record_time = as_datetime(record.timestamp)
    letter.operation = record.operation.value
    first: Serialized = record.objects[0] if record.objects else {"model": ""}
    letter.model = terminal_safe(label_of(first))[:MAX_TEXT] if record.objects else ""
    letter.pk_text = pk_text(first.get("pk"))


def describe_failure(letter: DeadLetter, failure: Failure) -> None:
    """Put down why the record cannot take effect, and what it waits for."""
    letter.reason = failure.reason
    letter.error = terminal_safe(failure.error, lines=True)
    letter.traceback = terminal_safe(failure.traceback, lines=True)
    letter.waiting_for_model, letter.waiting_for_key = failure.waiting_for or ("", "")


def write_rows(target: Target, letter: DeadLetter, record: Record) -> None:
    """Put down the rows that a dead letter speaks of, instead of those that it had.

    Of a row that it still speaks of, there is newer data if there was before.
    """
    known = target.rows(DeadLetterRow).filter(dead_letter=letter)
    newer = set(known.filter(superseded=True).values_list("model", "key"))
    known._raw_delete(target.database)
    rows = _rows(target, letter, record)
    for row in rows:
        row.superseded = (row.model, row.key) in newer
    target.rows(DeadLetterRow).bulk_create(rows)


def _rows(target: Target, letter: DeadLetter, record: Record) -> list[DeadLetterRow]:
    if record.operation is Operation.DIGEST:
        return []  # it speaks of all rows of its model
    keys = row_keys(target, record.objects)
    return [
        DeadLetterRow(dead_letter=letter, model=terminal_safe(key.model)[:MAX_TEXT], key=key.key)
        for key in dict.fromkeys(keys.values())
    ]


def write_keys(target: Target, letter: DeadLetter, record: Record, needs: Iterable[RowKey]) -> None:
    """Put down the rows that a dead letter waits for, and those that it would change."""
    forget_keys(target, letter)
    target.rows(DeadLetterKey).bulk_create(keys_of(target, letter, record, needs))


def forget_keys(target: Target, letter: DeadLetter) -> None:
    """Take a dead letter for one that waits for nothing that is known."""
    target.rows(DeadLetterKey).filter(dead_letter=letter)._raw_delete(target.database)


def keys_of(
    target: Target, letter: DeadLetter, record: Record, needs: Iterable[RowKey]
) -> list[DeadLetterKey]:
    """Return the rows that a dead letter waits for, and those that it would change."""
    # Nobody waits for a row without a name, but the letter is known by it as one that waits.
    brought = sorted(changed_by(target, record)) or [RowKey(letter.model, "")]
    return [
        DeadLetterKey(
            dead_letter=letter,
            is_needed=is_needed,
            model=terminal_safe(key.model)[:MAX_TEXT],
            key=key.key,
        )
        for is_needed, keys in ((True, needs), (False, brought))
        for key in keys
    ]


def pk_text(pk: object) -> str:
    """Return a primary key as logged, for people."""
    if pk is None:
        return ""
    text = pk if isinstance(pk, str) else json.dumps(pk)
    return terminal_safe(text)[:MAX_TEXT]


def _replace_earlier(target: Target, file: ProcessedFile, entries: Iterable[Entry]) -> None:
    places: dict[str, list[int]] = {}
    for entry in entries:
        places.setdefault(entry.location.generation, []).append(entry.location.start)
    for generation, positions in places.items():
        for part in chunks(positions):
            target.rows(DeadLetter).filter(
                file=file,
                status=DeadLetter.Status.OPEN,
                generation=generation,
                position__in=part,
            ).update(
                status=DeadLetter.Status.SUPERSEDED,
                resolved=datetime.now(UTC),
                resolution="The log was read again from an earlier position and the line failed"
                " again.",
            )


def _insert(target: Target, rows: Sequence[Model], *, numbered: bool = False) -> None:
    """Insert rows of one model.

    Args:
        numbered: and tell them their keys.
    """
    if not rows:
        return
    if upserts.of(target.connection) is postgresql:
        _copy(target.connection, rows, numbered=numbered)
    elif numbered and not target.connection.features.can_return_rows_from_bulk_insert:
        for row in rows:  # MySQL does not tell the keys of many
            row.save(using=target.database, force_insert=True)
    else:
        target.rows(type(rows[0])).bulk_create(rows)


def _copy(connection: BaseDatabaseWrapper, rows: Sequence[Model], *, numbered: bool) -> None:
    meta = rows[0]._meta
    pk: Any = meta.pk
    table = connection.ops.quote_name(meta.db_table)
    fields = [f for f in meta.local_concrete_fields if numbered or not f.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    with connection.cursor() as cursor:
        if numbered:
            drawn = postgresql.next_numbers(cursor, table, pk.column, len(rows))
            for row, number in zip(rows, drawn, strict=True):
                row.pk = number
        values = (
            [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
            for row in rows
        )
        postgresql.copy(cursor, f"{table} ({columns})", values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
