"""The same log through each path, and everything that it leaves behind."""

from django.apps import apps
from django.db import connections

from tests.support.lines import serialized
from tui_ingest.conf import Settings
from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.batches import passes, writer
from tui_ingest.ingest.batches.attempts import Limits
from tui_ingest.ingest.batches.passes import BatchPass
from tui_ingest.ingest.batches.writer import BatchWriter
from tui_ingest.ingest.exact.prepared import PreparedSeries
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ModelTotal
from tui_ingest.oplog.log import Batch, Position
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import RecordLocation

NO_LIMITS = Limits(seconds=float("inf"), failures=10**9)
# As TRUNCATE does, which makes new files for each of sixty tables, and took longer than a history.
EMPTY = "SET session_replication_role = replica; {}; SET session_replication_role = origin"
RESTART_IDENTITY = """
SELECT setval(seqrelid::regclass, seqstart, false)
FROM pg_sequence JOIN pg_depend ON objid = seqrelid AND deptype IN ('a', 'i')
WHERE refobjid = ANY(%s::regclass[])
"""


def save(model, pk, **fields):
    return "SAVE", serialized(f"market.{model}", pk, fields)


def delete(model, pk, **fields):
    return "DELETE", serialized(f"market.{model}", pk, fields)


def nameless(change):
    """As `dumpdata --natural-primary` writes it."""
    operation, changed = change
    return operation, {name: value for name, value in changed.items() if name != "pk"}


class Trial:
    """One database of the app `market`, emptied before each history."""

    def __init__(self, database, monkeypatch):
        self.database = database
        self.connection = connections[database]
        self._monkeypatch = monkeypatch
        # Of the last history on the fast path:
        self.runs = 0
        self.replayed = 0  # records that took the exact path after all
        # Of the last history on the exact path:
        self.prepared = 0  # statements that were compiled before
        self.refused = 0  # series
        if self.connection.vendor == "sqlite":
            with self.connection.cursor() as cursor:
                cursor.execute("PRAGMA synchronous = OFF")  # a power cut may end this test
        # In a test every record counts: as few as there are may share a statement.
        monkeypatch.setattr(passes, "SMALLEST_RUN", 1)

    def exact(self, batches, **settings):
        """What the batches of lines leave behind, one record after the other."""
        execute, series = PreparedSeries._execute, BatchPass._in_series
        self.prepared = self.refused = 0

        def counted_execute(prepared, statement, values, **given):
            count = execute(prepared, statement, values, **given)
            self.prepared += count is not None
            return count

        def counted_series(applied, stop):
            before = len(applied._attempt.refused)
            found = series(applied, stop)
            self.refused += len(applied._attempt.refused) - before
            return found

        with self._monkeypatch.context() as patch:
            patch.setattr(writer.FastPath, "to", lambda *_, **__: None)
            patch.setattr(PreparedSeries, "_execute", counted_execute)
            patch.setattr(BatchPass, "_in_series", counted_series)
            return self._apply(batches, settings)

    def by_django(self, batches, **settings):
        """The same with a savepoint for each, and all SQL as Django compiles it."""
        with self._monkeypatch.context() as patch:
            patch.setattr(writer.FastPath, "to", lambda *_, **__: None)
            patch.setattr(passes, "LONGEST_SERIES", 1)
            return self._apply(batches, settings)

    def fast(self, batches, **settings):
        """The same with statements for many records."""
        apply, replay = writer.FastPath.apply, writer.Replayer.replay
        self.runs = self.replayed = 0

        def counted_apply(path, window):
            self.runs += 1
            return apply(path, window)

        def counted_replay(replayer, record):
            self.replayed += 1
            return replay(replayer, record)

        with self._monkeypatch.context() as patch:
            patch.setattr(writer.FastPath, "apply", counted_apply)
            patch.setattr(writer.Replayer, "replay", counted_replay)
            return self._apply(batches, settings)

    def _apply(self, batches, settings):
        self.empty()
        file = checkpoints.load(Target(self.database), "/a.log")
        writer = BatchWriter(Target(self.database, Settings(**settings)), file)
        start = 0
        self._logged = set()
        for lines in batches:
            entries = []
            for line in lines:
                location = RecordLocation("generation", start, len(line))
                entries += parse_line(line.removesuffix(b"\n"), location)
                start = location.end
            self._logged.update(_numbers(entries))
            if entries:
                _write_all(writer, entries)
        return self.contents()

    def empty(self):
        tables = [model._meta.db_table for model in self._models()]
        quoted = map(self.connection.ops.quote_name, tables)
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                cursor.execute(EMPTY.format("; ".join(f"DELETE FROM {name}" for name in quoted)))
                cursor.execute(RESTART_IDENTITY, [tables])
                return
            cursor.execute("PRAGMA foreign_keys = OFF")
            for table in tables:
                cursor.execute(f'DELETE FROM "{table}"')
            cursor.execute("DELETE FROM sqlite_sequence")
            cursor.execute("PRAGMA foreign_keys = ON")

    def contents(self):
        """Every row, the totals, and the dead letters but for their times and tracebacks."""
        found = {}
        with self.connection.cursor() as cursor:
            for model in self._market():
                if hasattr(model, "natural_key"):
                    found[model.__name__] = sorted(map(repr, self._by_name(model)))
                    continue
                table = self.connection.ops.quote_name(model._meta.db_table)
                cursor.execute(f"SELECT * FROM {table}")
                rows = cursor.fetchall()
                if model._meta.auto_created:
                    rows = [self._link(model, row, cursor) for row in rows]
                else:
                    rows = map(self._without_drawn_number, rows)
                found[model.__name__] = sorted(map(repr, rows))
        found["totals"] = sorted(
            ModelTotal.objects.using(self.database).values_list(
                "model", "saved", "deleted", "missing", "failed", "skipped"
            )
        )
        letters = DeadLetter.objects.using(self.database).order_by("position", "pk")
        found["letters"] = [
            # PostgreSQL adds the row as it would be: what a doomed record found there is no matter.
            (letter.position, letter.reason, letter.error.partition("\n")[0], letter.status)
            for letter in letters
        ]
        found["waiting"] = [(letter.position, letter.waiting_for_key) for letter in letters]
        return found

    def _by_name(self, model):
        """Where a try takes a number and is undone, PostgreSQL has counted on."""
        is_exact = self.connection.vendor == "sqlite" and is_auto(model._meta.pk)
        for row in model.objects.using(self.database):
            own = [f for f in model._meta.concrete_fields if f.remote_field is None]
            values = [getattr(row, f.attname) for f in own if is_exact or not f.primary_key]
            yield *row.natural_key(), *values

    def _without_drawn_number(self, row):
        """Of two tries, one may have drawn a number in vain: which one it was means nothing."""
        number, identity, *_ = row
        by_uuid = str(identity).replace("-", "")
        drawn = len(by_uuid) == 32 and (number, by_uuid) not in self._logged
        return ("drawn", *row[1:]) if drawn else row

    def _link(self, model, row, cursor):
        """Both ends, without the link's own number; rows known by UUID or name by that."""
        ends = []
        for field, end in zip(model._meta.fields[1:], row[1:], strict=True):
            if hasattr(field.related_model, "natural_key"):
                rows = field.related_model.objects.using(self.database)
                ends += rows.get(pk=end).natural_key()
                continue
            meta = field.related_model._meta
            identity = next((f for f in meta.fields if f.name == "id" and not f.primary_key), None)
            if identity is None:
                ends.append(end)
            else:
                cursor.execute(
                    f"SELECT {identity.column} FROM {meta.db_table} WHERE {meta.pk.column} = {end}"
                )
                ends += cursor.fetchone()
        return ends

    def _models(self):
        return [*self._market(), *apps.get_app_config("tui_ingest").get_models()]

    def _market(self):
        market = apps.get_app_config("market").get_models(include_auto_created=True)
        return filter(self._exists, market)

    def _exists(self, model):
        owner = model._meta.auto_created or model
        return owner._meta.required_db_vendor in {None, self.connection.vendor}


def _write_all(writer, entries):
    """As a session would: what a batch leaves is the next one's beginning."""
    while entries:
        position = _position_after(entries[-1])
        batch = Batch(entries=entries, position=position, after=_position_after)
        written = writer.write(batch, NO_LIMITS)
        entries = entries[len(written.entries) :]


def _numbers(entries):
    """The numbers with which rows that are known by UUID came."""
    for entry in entries:
        for changed in getattr(entry, "objects", ()):
            if isinstance(identity := changed["fields"].get("id"), str):
                yield changed.get("pk"), identity.replace("-", "")


def _position_after(entry):
    return Position(generation="generation", offset=entry.location.end)
