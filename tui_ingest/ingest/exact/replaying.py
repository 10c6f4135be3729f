"""The exact path: one record at a time, through Django. What it does is what a record means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import assert_never

from django.db.models import Model, QuerySet

from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact import sequences, writing
from tui_ingest.ingest.exact.announcing import Announcements
from tui_ingest.ingest.exact.clashes import both_rows
from tui_ingest.ingest.exact.deleting import delete
from tui_ingest.ingest.exact.deserializing import (
    Row,
    beyond_limits,
    deserialize,
    known_names,
    may_look_up,
)
from tui_ingest.ingest.exact.finding import find_rows
from tui_ingest.ingest.exact.parents import MissingParent, missing_parents
from tui_ingest.ingest.exact.prepared import PreparedSeries
from tui_ingest.ingest.exact.statements import Statements
from tui_ingest.ingest.identity import is_referenced_by_pk
from tui_ingest.ingest.model_fields import Serialized, fields_of, primary_key
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Reason, RecordError
from tui_ingest.ingest.receivers import Receivers
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.records import Operation, Record

# A record counts once per model. Of several objects of one model the one that changed a row tells.
_WEIGHT = (Outcome.SKIPPED, Outcome.MISSING, Outcome.DELETED, Outcome.SAVED)


class Replayer:
    """Applies records to one database, in the caller's transaction.

    Args:
        receivers: None: those that the setting RECEIVERS names.

    Attributes:
        counters: to be moved before the transaction ends.
    """

    def __init__(self, target: Target, *, receivers: Receivers | None = None) -> None:
        self._target = target
        self._receivers = target.receivers if receivers is None else receivers
        self.counters = sequences.Counters(target)
        self._statements = Statements(target)
        self._series: PreparedSeries | None = None

    @contextmanager
    def in_series(self, records: Sequence[Record], *, together: bool) -> Iterator[None]:
        """Have statements at hand for some records that are about to be replayed in this order.

        If one of them is refused, the caller undoes them all, and replays each by itself.

        Args:
            together: send several statements at a time: it may be at the end only that the
                database refuses one.
        """
        with self.counters.undone_with(), self._target.connection.cursor() as cursor:
            self._series = PreparedSeries(
                self._target, self._statements, records, cursor, together=together
            )
            try:
                yield
                self._series.settle()
            finally:
                self._series = None

    def replay(self, record: Record) -> Mapping[str, Outcome]:
        """Apply all objects of a record; return what became of it by model label.

        A record of no objects is valid and does nothing. If this raises, some of the objects may
        have been written: the caller rolls back to its savepoint.

        Raises:
            RecordError: the record cannot take effect.
            Exception: whatever Django or the database raises (ReceiverError: a receiver).
        """
        if self._series is not None:  # which is undone as a whole
            return self._replay(record)
        with self.counters.undone_with():
            return self._replay(record)

    def _replay(self, record: Record) -> Mapping[str, Outcome]:
        if record.operation is Operation.DIGEST:
            return {}  # it speaks of the moment at which it is read: `verify`
        outcomes: dict[str, Outcome] = {}
        told = Announcements(self._receivers, self._target.database, self.counters)
        for serialized in self._permitted(record.objects, outcomes):
            model, _, _ = self._target.identities.look_up(serialized["model"])
            match record.operation:
                case Operation.SAVE:
                    outcome = self._save(serialized, model, told)
                case Operation.DELETE:
                    outcome = self._delete(serialized, model, told)
                case unknown:
                    assert_never(unknown)
            label = label_of(serialized)
            outcomes[label] = max(outcome, outcomes.get(label, outcome), key=_WEIGHT.index)
        if told.are_left:
            self.settle()
            told.finish()
        return outcomes

    def settle(self) -> None:
        """Have everything written: somebody is about to look at the database.

        Raises:
            Exception: as `replay`; some earlier record of a series is refused.
        """
        if self._series is not None:
            self._series.settle()

    @property
    def is_settled(self) -> bool:
        """Whether the database has taken all that was replayed."""
        return self._series is None or self._series.is_settled

    def check(self, record: Record) -> None:
        """Refuse what `replay` would refuse before it asks the database, as far as that is known:
        a savepoint takes longer than all of this.

        Raises:
            RecordError: the record cannot take effect.
        """
        for serialized in self._permitted(record.objects, {}):
            if record.operation is Operation.SAVE and not may_look_up(serialized):
                self._row(serialized)
            else:
                find_model(serialized["model"])

    def dangling(self, record: Record) -> MissingParent | None:
        """Return what an applied record refers to in vain, before constraints are checked."""
        match record.operation:
            case Operation.SAVE:
                objects = self._permitted(record.objects, {})
                missing = missing_parents(self._target, objects)
                return missing[0] if missing else None
            case Operation.DELETE | Operation.DIGEST:
                return None
            case unknown:
                assert_never(unknown)

    def _permitted(
        self, objects: Iterable[Serialized], outcomes: dict[str, Outcome]
    ) -> list[Serialized]:
        """Return the objects that are not excluded; one that is not allowed refuses them all."""
        permitted = []
        for serialized in objects:
            verdict = self._target.policy.verdict(serialized["model"])
            if verdict is Verdict.NOT_ALLOWED:
                raise RecordError(
                    Reason.NOT_ALLOWED,
                    f"The setting MODELS does not allow {serialized['model']} to be written"
                    " from a log.",
                )
            if verdict is Verdict.EXCLUDED:
                outcomes[label_of(serialized)] = Outcome.SKIPPED
            else:
                permitted.append(serialized)
        return permitted

    # Saving

    def _row(self, serialized: Serialized) -> Row:
        row = deserialize(self._target, serialized)
        table = self._statements.of(row.model)
        is_hopeless = table is not None and table.refuses(row.values)
        if is_hopeless and (refused := beyond_limits(self._target, serialized)):
            raise refused
        return row

    def _save(self, serialized: Serialized, model: type[Model], told: Announcements) -> Outcome:
        if may_look_up(serialized):
            self.settle()
        row = self._row(serialized)
        names = known_names(serialized, fields_of(model))
        is_new = None
        if self._series is not None and not told.are_told_of_saves(model):
            is_new = self._series.save(row, names)
        if is_new is None:
            self.settle()
            is_new = self._save_by_django(serialized, row, names, told)
            if self._series is not None:
                self._series.note(row)
        if is_new:
            self.counters.remember(model, row.pk)
        if row.links:
            self.settle()
            writing.set_links(self._target, row, told)
        return Outcome.SAVED

    def _save_by_django(
        self, serialized: Serialized, row: Row, names: frozenset[str], told: Announcements
    ) -> bool:
        """Save a row; tell whether it is new."""
        model, shape = row.model, fields_of(row.model)
        here = find_rows(self._target, serialized, row)
        if self._target.identities.field(model).primary_key:
            # To update all fields, nobody has to know beforehand whether the row is here.
            may_be_here = row.pk is not None and (names == shape.columns or here.exists())
        else:
            may_be_here = self._take_key(serialized, row, here)
        if not may_be_here:
            writing.complete(self._target, row, shape)
        updated = names if may_be_here and names != shape.columns else None
        shown = told.saving(row, updated)
        is_new = not may_be_here or not writing.update(here, row, names, shape)
        if is_new:
            if row.pk is None:
                self.counters.move(model)  # keys written just now may have taken its number
            writing.insert(self._target, row, shape)
        told.saved(shown, row, updated, created=is_new)
        return is_new

    def _take_key(self, serialized: Serialized, row: Row, here: QuerySet[Model]) -> bool:
        """Give a row that is known by another field the pk it has here, or one that is free.

        Returns:
            Whether it is here.
        """
        found = here.values_list("pk", flat=True).first()
        if found is not None:
            row.pk = found
            return True
        rows = self._target.rows(row.model)
        if row.pk is not None and (other := rows.filter(pk=row.pk).first()):
            if is_referenced_by_pk(type(other)):
                raise RecordError(
                    Reason.IDENTITY_CLASH,
                    both_rows(self._target, serialized, other, [primary_key(type(other)).name])
                    + "\nIt cannot be given another one, because other models refer to it by that.",
                )
            row.pk = None
        return False

    # Deleting

    def _delete(self, serialized: Serialized, model: type[Model], told: Announcements) -> Outcome:
        is_told = told.are_told_of_deletes(model)
        if self._series is not None and not is_told and self._series.delete(serialized, model):
            return Outcome.DELETED
        self.settle()
        row = find_rows(self._target, serialized).first()
        if row is None:
            return Outcome.MISSING
        # The source logs the deletion of a child's parent rows by themselves, if it deletes them.
        delete(self._target, [row], told, keep_parents=True)
        if self._series is not None:
            self._series.note_deletion()
        return Outcome.DELETED
