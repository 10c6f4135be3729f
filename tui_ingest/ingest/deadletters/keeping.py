"""Setting a record aside: its exact bytes, where they were, what was wrong with them.

Everything but the bytes is kept for people to read, and made inert before it is stored: no list,
page or message that shows it has to think of that. It also makes it text that every database takes
(PostgreSQL refuses NUL, and all of them halves of surrogate pairs).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db import connections

from tui_ingest.conf import Settings, get_settings
from tui_ingest.ingest.checkpoints import as_datetime
from tui_ingest.ingest.deadletters.chunking import chunks
from tui_ingest.ingest.display import inert
from tui_ingest.ingest.exact.deserializing import Serialized
from tui_ingest.ingest.exact.identity import Identities
from tui_ingest.ingest.reasons import Failure, RecordError, RowKey
from tui_ingest.ingest.totals import label_of
from tui_ingest.models import DeadLetter, DeadLetterRow, ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Record

MAX_TEXT = 255  # characters of a label, a primary key or a name


def keep(
    file: ProcessedFile,
    failed: Sequence[tuple[Entry, Failure]],
    *,
    database: str,
    settings: Settings | None = None,
) -> list[DeadLetter]:
    """Make dead letters of entries, given in log order, in the caller's transaction.

    An open dead letter of the same line, left from before the log was read again, gives way.
    """
    _replace_earlier(file, [entry for entry, _ in failed], database)
    now = datetime.now(UTC)
    letters = [_letter(file, entry, failure, now) for entry, failure in failed]
    _insert(letters, database)
    identities = identities_of(settings, database)
    DeadLetterRow.objects.using(database).bulk_create(
        row
        for letter, (entry, _) in zip(letters, failed, strict=True)
        if isinstance(entry, Record)
        for row in _rows(letter, entry, identities)
    )
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


def _insert(letters: list[DeadLetter], database: str) -> None:
    if connections[database].features.can_return_rows_from_bulk_insert:
        DeadLetter.objects.using(database).bulk_create(letters)
    else:  # MySQL does not tell the ids of many
        for letter in letters:
            letter.save(using=database, force_insert=True)


def describe_record(letter: DeadLetter, record: Record) -> None:
    """Put down what a list of dead letters shows of the record."""
    letter.record_time = as_datetime(record.timestamp)
    letter.operation = record.operation.value
    first: Serialized = record.objects[0] if record.objects else {"model": ""}
    letter.model = inert(label_of(first))[:MAX_TEXT] if record.objects else ""
    letter.pk_text = pk_text(first.get("pk"))


def describe_failure(letter: DeadLetter, failure: Failure) -> None:
    """Put down why the record cannot take effect, and what it waits for."""
    letter.reason = failure.reason
    letter.error = inert(failure.error, lines=True)
    letter.traceback = inert(failure.traceback, lines=True)
    letter.waiting_for_model, letter.waiting_for_key = failure.waiting_for or ("", "")


def write_rows(
    letter: DeadLetter, record: Record, *, database: str, settings: Settings | None
) -> None:
    """Put down the rows that a dead letter speaks of, instead of those that it had."""
    DeadLetterRow.objects.using(database).filter(dead_letter=letter).delete()
    DeadLetterRow.objects.using(database).bulk_create(
        _rows(letter, record, identities_of(settings, database))
    )


def _rows(letter: DeadLetter, record: Record, identities: Identities) -> list[DeadLetterRow]:
    keys = row_keys(record.objects, identities)
    return [
        DeadLetterRow(dead_letter=letter, model=inert(key.model)[:MAX_TEXT], key=key.key)
        for key in dict.fromkeys(keys.values())
    ]


def identities_of(settings: Settings | None, database: str) -> Identities:
    """Return what identifies rows, by the project's settings if there are no others."""
    return Identities(settings or get_settings(), database=database)


def row_keys(objects: Iterable[Serialized], identities: Identities) -> dict[int, RowKey]:
    """Return the rows that objects speak of, by the place of the object in its record.

    Objects without an identity have none.
    """
    keys = {}
    for index, serialized in enumerate(objects):
        try:
            keys[index] = identities.row_key(serialized)
        except RecordError:
            continue
    return keys


def pk_text(pk: object) -> str:
    """Return a primary key as logged, for people."""
    if pk is None:
        return ""
    text = pk if isinstance(pk, str) else json.dumps(pk)
    return inert(text)[:MAX_TEXT]


def _replace_earlier(file: ProcessedFile, entries: Iterable[Entry], database: str) -> None:
    places: dict[str, list[int]] = {}
    for entry in entries:
        places.setdefault(entry.location.generation, []).append(entry.location.start)
    for generation, positions in places.items():
        for part in chunks(positions):
            DeadLetter.objects.using(database).filter(
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
