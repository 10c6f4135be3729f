"""The fast path: a run of records in a few statements, without model instances.

And a few records as one unit: many at a time if that is possible, otherwise as the exact path does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.parents import missing_parent
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.exact.sequences import Counters
from tui_ingest.ingest.exact.units import Unit
from tui_ingest.ingest.fast import lookups, planning, upserts
from tui_ingest.ingest.fast.announcing import RunAnnouncements
from tui_ingest.ingest.fast.gathering import Group, Window, gather
from tui_ingest.ingest.fast.lending import Lending
from tui_ingest.ingest.fast.links import remove_links, set_links
from tui_ingest.ingest.fast.numbering import Naming, Numbering
from tui_ingest.ingest.fast.orphans import Orphans
from tui_ingest.ingest.fast.routing import Router
from tui_ingest.ingest.fast.tables import Table, Tables
from tui_ingest.ingest.fast.upserts import Dialect
from tui_ingest.ingest.identity import is_referenced_by_pk
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Failure
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Record

FEWEST = 8  # records of a unit; below this the statements of a run cost more than theirs

# By index of the entry, by model label. Records with the same outcome share one mapping.
Outcomes = dict[int, Mapping[str, Outcome]]


class FastPath:
    """Plans runs and writes them to one database, in the caller's transaction."""

    @classmethod
    def to(cls, target: Target, counters: Counters) -> FastPath | None:
        """Return the fast path to a database; None if its upsert cannot name its conflict target.

        That of MySQL and MariaDB updates whatever row has a clashing key: 'the other' row would
        be lost.
        """
        dialect = upserts.of(target.connection)
        return None if dialect is None else cls(target, dialect, counters)

    def __init__(self, target: Target, dialect: Dialect, counters: Counters) -> None:
        self._target = target
        self._dialect = dialect
        self._tables = Tables(target)
        self._router = Router(target, self._tables)
        self._counters = counters
        self._colliding: set[Table] = set()  # pks that were logged may be taken here

    def plan(
        self, entries: Sequence[Entry], start: int, stop: int, *, known_failures: Collection[int]
    ) -> Window:
        """Return the longest run from `start` that ends before `stop` at the latest.

        It may be empty: then the entry at `start` is for the exact path.
        """
        window = gather(
            entries, start, stop, find_route=self._router.route, known_failures=known_failures
        )
        for rule in planning.FIRST_RULES:
            window.cut(min(rule(window, self._tables), default=window.stop))
        self._convert(window)
        for naming in _namings(window):
            naming.look_up()
        for rule in planning.ORDER_RULES:
            window.cut(min(rule(window, self._tables), default=window.stop))
        return window

    def number(self, window: Window) -> None:
        """Give new rows keys that are free, in the tables where keys were found to collide, and
        where records bring none.

        The last thing before `apply`: it may end the window earlier, and records that are taken
        out later leave gaps.
        """
        for naming in _namings(window):
            naming.number(self._dialect, self._counters)
        for table in self._colliding.intersection(group.table for group in window.saves):
            Numbering(table, window, self._dialect).put()

    def take_out_orphans(self, window: Window, entries: Sequence[Entry]) -> dict[int, Failure]:
        """Take out the saves whose parents are missing, of a window that ends the batch.

        Returns:
            Why they fail, by index of the entry.

        Raises:
            Exception: as `apply`.
        """
        whole = window.copy()
        orphans = Orphans(window, self._tables).take_out()
        if orphans and not all(_is_free(group.table) for group in whole.saves):
            # An orphan may also have a value that clashes with another row. The exact path would
            # name that as the reason, so let the database say whether there is any such.
            with self._target.atomic():
                self._write(whole)
                transaction.set_rollback(True, using=self._target.database)
        return {
            index: missing_parent(
                _object_of(entry, absent.field), absent.field, absent.place
            ).as_failure()
            for index, absent in orphans.items()
            if isinstance(entry := entries[index], Record)
        }

    def make_room(self, window: Window) -> bool:
        """Let rows give up the unique values that others of the window take; tell whether any did.

        The last thing before `apply`.

        Raises:
            Exception: as `apply`.
        """
        tables = dict.fromkeys(group.table for group in window.saves)
        lent = [table for table in tables if Lending(table, window).make_room()]
        return bool(lent)

    def _convert(self, window: Window) -> None:
        """Take out the records with values that this path cannot write."""
        stop = window.stop
        for group in (*window.saves, *window.deletes):
            for index, is_hopeless in group.convert().items():
                is_alone = index not in window.several
                if is_hopeless and is_alone and not _may_clash(group.table):
                    window.refused.append(index)
                else:
                    stop = min(stop, index)
        window.refused.sort()
        window.cut(stop)

    def apply(self, window: Window) -> Outcomes:
        """Write a run, and tell the receivers that RECEIVERS names.

        Raises:
            Exception: the database or its driver refused it, or a receiver raised; the caller rolls
                back to its savepoint. With `RowRefusedError` it is known which record it was.
        """
        announcements = RunAnnouncements(self._target, window, self._counters)
        announcements.before()
        outcomes = self._write(window)
        announcements.after()
        return outcomes

    def _write(self, window: Window) -> Outcomes:
        outcomes: Outcomes = {}
        for label, indexes in window.skipped.items():
            outcomes |= _all(indexes, {label: Outcome.SKIPPED})
        for group in window.saves:
            if group.indexes:
                self._save(group)
                saved = _all(group.indexes, {group.table.shape.label: Outcome.SAVED})
                _add(window, outcomes, saved)
        set_links(window, self._dialect)
        for group in window.deletes:
            if group.indexes:
                _add(window, outcomes, self._delete(group))
        return outcomes

    def _save(self, group: Group) -> None:
        try:
            self._dialect.write(group)
        except Exception:
            if not group.table.is_found_by_pk and is_auto(group.table.pk.field):
                self._colliding.add(group.table)
            raise
        if self._counters.are_behind and is_auto(group.table.pk.field):
            self._counters.remember(group.table.model, self._highest_key(group))

    def _delete(self, group: Group) -> Outcomes:
        table = group.table
        remove_links(group)
        found = lookups.delete(table.ref(table.identity), {*group.identities}, table.connection)
        outcomes = _all(group.indexes, {table.shape.label: Outcome.MISSING})
        deleted = {table.shape.label: Outcome.DELETED}
        for identity, index in zip(group.identities, group.indexes, strict=True):
            if identity in found:  # the first of several deletes finds it
                found.remove(identity)
                outcomes[index] = deleted
        return outcomes

    def _highest_key(self, group: Group) -> Any:
        """Return the highest key that may have been inserted, for the counters of the database."""
        table = group.table
        if table.is_found_by_pk:
            return max(group.of(table.pk.name) or (0,))
        # Rows that were there have kept their own keys, whatever the records say.
        return lookups.highest(table.ref(table.pk), self._target.connection)


def _namings(window: Window) -> list[Naming]:
    groups = (*window.saves, *window.deletes)
    named = (group for group in groups if group.plan.named_by and group.indexes)
    return [Naming(table, window) for table in dict.fromkeys(group.table for group in named)]


def _all(indexes: Collection[int], outcome: Mapping[str, Outcome]) -> Outcomes:
    return dict.fromkeys(indexes, outcome)


def _add(window: Window, outcomes: Outcomes, added: Outcomes) -> None:
    """Add what became of the objects of one model to what became of the others of their records."""
    if not window.several:
        outcomes |= added
        return
    together: dict[tuple[object, ...], Mapping[str, Outcome]] = {}
    for index, outcome in added.items():
        before = outcomes.get(index, {})
        both = (*before.items(), *outcome.items())
        outcomes[index] = together.setdefault(both, {**before, **outcome})


def _object_of(record: Record, field: Any) -> Serialized:
    """Return the object of a record that has a field."""
    return next(one for one in record.objects if concrete(find_model(one["model"])) is field.model)


def _is_free(table: Table) -> bool:
    """Tell whether the database can refuse a converted record for nothing but its parents."""
    is_checked = all(column.usual is not None for column in table.columns.values())
    return is_checked and table.constrained == frozenset() and not _may_clash(table)


def _may_clash(table: Table) -> bool:
    """Tell whether a taken pk is what the exact path would complain about first."""
    return not table.is_found_by_pk and is_referenced_by_pk(table.model)


def write_together(
    target: Target, replayer: Replayer, records: Sequence[Record]
) -> tuple[Outcomes, dict[int, Failure]]:
    """Apply records that need each other, in the caller's transaction.

    Each row is written by one of them, so that their order does not matter.

    Returns:
        By the place of the record, what became of it, or why it fails. If any does, the caller
        rolls back.
    """
    if len(records) >= FEWEST and (outcomes := _all_at_once(target, replayer, records)):
        return outcomes, {}
    return Unit(target, replayer, records).replay_all()


def _all_at_once(target: Target, replayer: Replayer, records: Sequence[Record]) -> Outcomes | None:
    """Write all records as one run; None, with nothing left of it, if that cannot be done."""
    fast = FastPath.to(target, replayer.counters)
    if fast is None:
        return None
    try:
        with target.atomic():
            window = fast.plan(records, 0, len(records), known_failures=())
            orphans = fast.take_out_orphans(window, records)
            fast.number(window)
            if orphans or window.refused or window.stop < len(records):
                return None
            fast.make_room(window)
            return fast.apply(window)
    except Exception as error:  # the exact path says of each what is wrong with it
        if is_of_the_database(error) or target.connection.needs_rollback:
            raise
        return None
