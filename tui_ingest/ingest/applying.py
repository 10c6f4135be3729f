"""The fast path: a run of records in a few statements, without model instances."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db import connections
from django.db.models import Model

from tui_ingest.conf import Settings
from tui_ingest.ingest import lookups, planning, upserts
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.gathering import Group, Window, gather
from tui_ingest.ingest.identity import Identities, is_auto, is_referenced_by_pk
from tui_ingest.ingest.orphans import Orphans
from tui_ingest.ingest.routing import Router
from tui_ingest.ingest.tables import Place, Table, Tables
from tui_ingest.ingest.upserts import Dialect
from tui_ingest.oplog.log import Entry

# By index of the entry, by model label. Records with the same outcome share one mapping.
Outcomes = dict[int, Mapping[str, Outcome]]


class FastPath:
    """Plans runs and writes them to one database, in the caller's transaction."""

    @classmethod
    def to(cls, database: str, settings: Settings) -> FastPath | None:
        """Return the fast path to a database; None if its upsert cannot name its conflict target.

        That of MySQL and MariaDB updates whatever row has a clashing key: 'the other' row would
        be lost.
        """
        dialect = upserts.of(connections[database])
        return None if dialect is None else cls(dialect, database=database, settings=settings)

    def __init__(self, dialect: Dialect, *, database: str, settings: Settings) -> None:
        self._dialect = dialect
        self._connection = connections[database]
        self._tables = Tables(Identities(settings, database=database), self._connection)
        self._router = Router(self._tables, settings)
        self._highest: dict[type[Model], int] = {}

    def plan(
        self, entries: Sequence[Entry], start: int, stop: int, *, known_failures: Collection[int]
    ) -> Window:
        """Return the longest run from `start` that ends before `stop` at the latest.

        It may be empty: then the entry at `start` is for the exact path.
        """
        window = gather(
            entries, start, stop, find_route=self._router.route, known_failures=known_failures
        )
        self._convert(window)
        for rule in planning.ORDER_RULES:
            window.cut(rule(window, self._tables))
        if window.stop == len(entries):
            window.orphans = Orphans(window, self._tables).take()
        return window

    def _convert(self, window: Window) -> None:
        """Take out the records with values that this path cannot write."""
        stop = window.stop
        for group in (*window.saves, *window.deletes):
            for index, is_hopeless in group.convert().items():
                if is_hopeless and not _may_clash(group.table):
                    window.refused.append(index)
                else:
                    stop = min(stop, index)
        window.refused.sort()
        window.cut(stop)

    def apply(self, window: Window) -> Outcomes:
        """Write a run.

        Raises:
            Exception: the database or its driver refused it; the caller rolls back to its
                savepoint. With `RowRefusedError` it is known which record it was.
        """
        outcomes: Outcomes = {}
        for label, indexes in window.skipped.items():
            outcomes |= _all(indexes, {label: Outcome.SKIPPED})
        for group in filter(_has_records, window.saves):
            self._save(group)
            outcomes |= _all(group.indexes, {group.table.label: Outcome.SAVED})
        for group in filter(_has_records, window.deletes):
            outcomes |= self._delete(group)
        return outcomes

    def _save(self, group: Group) -> None:
        self._dialect.write(group)
        self._remember_keys(group)

    def _delete(self, group: Group) -> Outcomes:
        table = group.table
        place = Place(table.quoted, table.identity.quoted)
        existing = lookups.existing(place, {*group.identities}, self._connection)
        lookups.delete(place, existing, self._connection)
        outcomes = _all(group.indexes, {table.label: Outcome.MISSING})
        deleted = {table.label: Outcome.DELETED}
        for identity, index in zip(group.identities, group.indexes, strict=True):
            if identity in existing:  # the first of several deletes finds it
                existing.remove(identity)
                outcomes[index] = deleted
        return outcomes

    def _remember_keys(self, group: Group) -> None:
        table = group.table
        if is_auto(table.pk.field):
            highest = max(group.of(table.pk.name) or ())
            self._highest[table.model] = max(highest, self._highest.get(table.model, 0))

    def take_sequence_models(self) -> Mapping[type[Model], int]:
        """See `Replayer.take_sequence_models`."""
        highest, self._highest = self._highest, {}
        return highest


def _all(indexes: Collection[int], outcome: Mapping[str, Outcome]) -> Outcomes:
    return dict.fromkeys(indexes, outcome)


def _has_records(group: Group) -> bool:
    return bool(group.indexes)


def _may_clash(table: Table) -> bool:
    """Tell whether a taken pk is what the exact path would complain about first."""
    return not table.is_found_by_pk and is_referenced_by_pk(table.model)
