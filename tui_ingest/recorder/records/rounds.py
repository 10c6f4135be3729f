"""One round of the relay: what is pending, and the rows that it names, from one snapshot.

Every commit that touches a row leaves an entry; the round that takes it reads the row after that
commit, and rounds follow each other. So the last record of a row is its last state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction
from django.db.models import Model

from tui_ingest.encoding import RowEncoder
from tui_ingest.oplog.records import Operation
from tui_ingest.recorder.captures import models_digest, recorded_models
from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.recorder.errors import (
    MigrationRunningError,
    ModelsChangedError,
    is_of_the_row,
)
from tui_ingest.recorder.models import Change, RelayStatus, stored
from tui_ingest.recorder.records.looking_ahead import Entry, needed_by
from tui_ingest.recorder.records.ordering import Deleted, Group, ModelGraph, Saved, ordered
from tui_ingest.recorder.records.resending import Chunk, key_text, next_chunk
from tui_ingest.recorder.records.rows import (
    RowReader,
    Serialized,
    comparable,
    key_of,
    parsed_key,
    parsed_unique,
)
from tui_ingest.recorder.records.verifying import Digester, Part

LOOK_AHEAD = 10_000  # entries after those of a full round, for rows that its rows refer to


@dataclass(kw_only=True)
class Round:
    """What one round found."""

    ids: list[int] = field(default_factory=list)  # of the entries that it takes
    rows: set[tuple[str, str]] = field(default_factory=set)  # that they name: label and key
    held: dict[int, str] = field(default_factory=dict)  # entries of unreadable rows, and why
    records: list[tuple[Operation, str]] = field(default_factory=list)  # with the objects' JSON
    resent: Chunk | None = None
    verified: Part | None = None

    def __bool__(self) -> bool:
        return bool(self.ids or self.held or self.resent or self.verified)


@dataclass(kw_only=True, eq=False)
class _Row:
    """A row that entries name."""

    model: type[Model]
    key: list[Any]
    before: list[dict[str, Any]] = field(default_factory=list)  # unique values it has had
    deleted: dict[str, Any] | None = None  # those when it was deleted for the first time
    deleted_by: int = 0  # id of the entry that says so


class RoundReader:
    """Reads the rounds of one database."""

    def __init__(self, settings: RecorderSettings, database: str) -> None:
        self._database = database
        self._models = {
            model._meta.label_lower: model for model in recorded_models(settings, database)
        }
        self._graph = ModelGraph(self._models.values())
        self._digester = Digester(settings, database, self._models)
        self._digest = models_digest(settings, database)

    def read(self, limit: int) -> Round:
        """Read what up to `limit` entries, and after them a resend, have to say.

        Raises:
            ModelsChangedError: the database is ahead of this process's code, or behind it.
            MigrationRunningError: it is being migrated.
            DatabaseError: it cannot be read now.
        """
        with _snapshot(self._database):
            self._compare_models()
            entries = self._entries(limit)
            is_full = len(entries) == limit
            later = self._entries(LOOK_AHEAD, after=entries[-1][0]) if is_full else []
            chunk = next_chunk(self._database, self._graph, limit - len(entries))
            try:
                found = self._read(entries, later, chunk)
            except Exception as error:
                if not is_of_the_row(error):
                    raise
                found = self._read_carefully(entries, chunk)
                if not (found.held or (chunk and chunk.unreadable)):
                    raise
                return found
            self._verify(found, limit)
            return found

    def _verify(self, found: Round, limit: int) -> None:
        """Add what a verification has to say of the rows as this round leaves them in the log."""
        left = limit - len(found.ids) - (found.resent.count if found.resent else 0)
        found.verified = part = self._digester.next_part(max(found.ids, default=0), left)
        if part is not None and part.digest is not None:
            digest = part.digest.as_object(part.verification.model)
            found.records.append((Operation.DIGEST, to_json([digest])))

    def _compare_models(self) -> None:
        known = stored(RelayStatus, self._database).values_list("models_digest")
        digest = next((digest for (digest,) in known), "")
        if digest == self._digest:
            return
        if not digest:
            raise MigrationRunningError(
                f"A migration of the database '{self._database}' is running, or was broken off."
                " If none is running: python manage.py migrate."
            )
        raise ModelsChangedError(
            f"The database '{self._database}' was migrated for other models than this process"
            " knows. Deploy the same code here and start it again, or run python manage.py migrate."
        )

    def _entries(self, limit: int, after: int = 0) -> list[Entry]:
        pending = stored(Change, self._database).filter(
            held=None, model__in=self._models, pk__gt=after
        )
        fields = ("id", "model", "key", "operation", "unique")
        return list(pending.order_by("id").values_list(*fields)[:limit])

    def _read(self, entries: Sequence[Entry], later: Sequence[Entry], chunk: Chunk | None) -> Round:
        reader = RowReader(self._database)
        more = needed_by(entries, later, self._models, reader, self._database)
        taken = [*entries, *sorted(more)] if more else entries
        return Round(
            ids=[entry[0] for entry in taken],
            rows={(label, key) for _, label, key, _, _ in taken},
            records=self._records(taken, chunk.rows if chunk else (), reader),
            resent=chunk,
        )

    def _read_carefully(self, entries: Sequence[Entry], chunk: Chunk | None) -> Round:
        """Hold back what cannot be read, row by row."""
        held = {entry[0]: why for entry in entries if (why := self._why_unreadable([entry], ()))}
        for row in list(chunk.rows) if chunk else ():
            why = self._why_unreadable((), [row])
            if chunk is not None and why:
                chunk.rows.remove(row)
                if row._meta.label_lower == chunk.resend.model:
                    chunk.unreadable[key_text(row)] = why
        found = self._read([entry for entry in entries if entry[0] not in held], (), chunk)
        found.held = held
        return found

    def _why_unreadable(self, entries: Sequence[Entry], rows: Sequence[Model]) -> str:
        try:
            self._records(entries, rows, RowReader(self._database))
        except Exception as error:
            if not is_of_the_row(error):
                raise
            return f"{type(error).__name__}: {error}"
        return ""

    def _records(
        self, entries: Sequence[Entry], resent: Sequence[Model], reader: RowReader
    ) -> list[tuple[Operation, str]]:
        saves, deletes = self._changes(self._by_row(entries), reader)
        known = {(type(saved.rows[-1]), key_of(saved.rows[-1])) for saved in saves}
        more = [row for row in resent if (type(row), key_of(row)) not in known]
        saves = _with_parents(saves, more, reader)
        data = dict(
            zip(
                (row for saved in saves for row in saved.rows),
                reader.serialized([row for saved in saves for row in saved.rows]),
                strict=True,
            )
        )
        return [
            _as_record(step, data, reader)
            for step in ordered(saves, deletes, self._graph, self._linked(saves, data))
        ]

    def _by_row(self, entries: Iterable[Entry]) -> list[_Row]:
        """Return the rows that entries name, in the order of the first entry of each."""
        rows: dict[tuple[str, str], _Row] = {}
        for entry, label, key, operation, unique in entries:
            row = rows.get((label, key))
            if row is None:
                model = self._models[label]
                values = parsed_key(model, key, self._database)
                row = rows[label, key] = _Row(model=model, key=values)
            values_before = {}
            if unique is not None:
                values_before = parsed_unique(row.model, unique, self._database)
                row.before.append(values_before)
            if operation == "delete" and row.deleted is None:
                row.deleted, row.deleted_by = values_before, entry
        return list(rows.values())

    def _changes(
        self, rows: Iterable[_Row], reader: RowReader
    ) -> tuple[list[Saved], list[Deleted]]:
        """Look the rows up: those that are there, and those that are gone."""
        by_model: dict[type[Model], list[_Row]] = {}
        for row in rows:
            by_model.setdefault(row.model, []).append(row)
        saves: dict[_Row, Saved] = {}
        deletes: dict[_Row, Deleted] = {}
        for model, some in by_model.items():
            fields = model._meta.pk_fields
            found = reader.by_key(model, [row.key for row in some])
            for row in some:
                now = found.get(comparable(fields, row.key))
                if now is not None:
                    saves[row] = Saved(rows=[now], before=row.before)
                # Without a note of its deletion, a row that is gone has had its record.
                if row.deleted is not None and (now is None or _is_another(now, row.deleted)):
                    deletes[row] = Deleted(model=model, key=row.key, before=row.before)
        in_order = sorted(deletes, key=lambda row: row.deleted_by)
        return [saves[row] for row in rows if row in saves], [deletes[row] for row in in_order]

    def _linked(
        self, saves: Iterable[Saved], data: Mapping[Model, Serialized]
    ) -> dict[tuple[Saved, str], list[Any]]:
        return {
            (saved, link.name): data[row]["fields"][link.name]
            for saved in saves
            for row in saved.rows
            for link in self._graph.inner_links(type(row))
        }


@contextmanager
def _snapshot(database: str) -> Iterator[None]:
    """Enter a transaction that only reads, and sees nothing of what is committed meanwhile."""
    connection = connections[database]
    if connection.vendor == "sqlite":
        # Not Django's: a project may have its transactions begin with the lock of a writer.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(using=database, durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _is_another(row: Model, before: Mapping[str, Any]) -> bool:
    """Tell whether a row was made anew under the key of one that was deleted."""
    fields = {field.name: field for field in row._meta.local_concrete_fields}
    some = [fields[name] for name in before]
    now = [getattr(row, field.attname) for field in some]
    return comparable(some, now) != comparable(some, list(before.values()))


def _with_parents(saves: Sequence[Saved], more: Iterable[Model], reader: RowReader) -> list[Saved]:
    """Put a row's multi-table parents before it, and leave out what is there as a parent."""
    chosen = [*saves, *(Saved(rows=[row]) for row in more)]
    by_model: dict[type[Model], list[Saved]] = {}
    for saved in chosen:
        by_model.setdefault(saved.model, []).append(saved)
    above = set()
    for model, some in by_model.items():
        families = reader.families(model, [saved.rows[-1] for saved in some])
        for saved, family in zip(some, families, strict=True):
            saved.rows = family
            above |= {(type(row), key_of(row)) for row in family[:-1]}
    if not above:
        return chosen
    return [s for s in chosen if (s.model, key_of(s.rows[-1])) not in above]


def _as_record(
    step: Group | Deleted, data: Mapping[Model, Serialized], reader: RowReader
) -> tuple[Operation, str]:
    if isinstance(step, Deleted):
        known = step.before[0] if step.before else {}
        return Operation.DELETE, to_json([reader.identified(step.model, step.key, known)])
    return Operation.SAVE, to_json([data[row] for saved in step for row in saved.rows])


def to_json(objects: Sequence[Serialized]) -> str:
    """Return serialized objects as one line of ASCII, which every reader takes."""
    return json.dumps(objects, cls=RowEncoder, ensure_ascii=True)
