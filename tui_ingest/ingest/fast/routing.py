"""Which path the records of a model and a set of fields take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from tui_ingest.ingest.fast import planning
from tui_ingest.ingest.fast.gathering import Detour, Route, Skipped
from tui_ingest.ingest.fast.plans import LinkTable, WritePlan, link_tables
from tui_ingest.ingest.fast.tables import Table, Tables
from tui_ingest.ingest.identity import has_natural_key
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.records import Operation

REMEMBERED_ROUTES = 1_000  # models and fields come out of the log: a hostile one has no end of them


class Router:
    """Looks at the first record of a kind, and remembers what holds for all of them."""

    def __init__(self, target: Target, tables: Tables) -> None:
        self._target = target
        self._tables = tables
        self._routes: dict[tuple[str | None, ...], Route] = {}
        self._links: dict[Table, dict[str, LinkTable]] = {}

    def route(self, operation: Operation, serialized: Mapping[str, Any]) -> Route:
        """Return how a record of this one object is treated."""
        fields = serialized["fields"] if operation is Operation.SAVE else ()
        if serialized.get("pk") is None:
            fields = (None, *serialized["fields"])
        key = (operation.value, serialized["model"], *fields)
        found = self._routes.get(key)
        if found is None:
            if len(self._routes) >= REMEMBERED_ROUTES:
                self._routes.clear()
            found = self._routes[key] = self._find(operation, serialized)
        return found

    def _find(self, operation: Operation, serialized: Mapping[str, Any]) -> Route:
        verdict = self._target.policy.verdict(serialized["model"])
        if verdict is Verdict.EXCLUDED:
            return Skipped(label_of(serialized))
        if verdict is Verdict.NOT_ALLOWED:
            return Detour.REFUSED
        try:
            model = find_model(serialized["model"])
        except RecordError:
            return Detour.REFUSED
        table = None if model._meta.proxy else self._tables.of(model)
        if table is None or operation is Operation.DIGEST:
            return Detour.NEEDED
        match operation:
            case Operation.SAVE:
                return self._save(table, serialized)
            case Operation.DELETE:
                return self._delete(table, serialized)
            case unknown:
                assert_never(unknown)

    def _delete(self, table: Table, serialized: Mapping[str, Any]) -> Route:
        if any(rule(table) for rule in planning.DELETE_RULES):
            return Detour.NEEDED
        if _is_named(table, serialized):  # its fields say which row it is
            return self._save(table, serialized)
        return WritePlan(table=table, columns=(table.identity,))

    def _save(self, table: Table, serialized: Mapping[str, Any]) -> Route:
        shape, names = table.shape, serialized["fields"].keys()
        if names - shape.accepted and not self._target.settings.ignore_unknown_fields:
            return Detour.REFUSED
        links = self._links_of(table)
        linked = names & links.keys()
        others = names & shape.accepted - shape.columns - shape.generated - linked
        if others or any(rule(links[name]) for name in linked for rule in planning.LINK_RULES):
            return Detour.NEEDED  # others: the likes of taggit's links, or the pk once more
        if not table.is_found_by_pk and table.identity.name not in names:
            return Detour.REFUSED
        rules, named_by = planning.SAVE_RULES, frozenset[str]()
        if _is_named(table, serialized):
            rules, named_by = rules + planning.NAME_RULES, table.named_by
        # Receivers may make rows of any model, and give them any natural key.
        is_told = bool(named_by) and bool(self._target.settings.receivers)
        if is_told or not names >= named_by or any(rule(table) for rule in rules):
            return Detour.NEEDED
        missing = [table.columns[name] for name in sorted(shape.columns - names)]
        defaults = {
            column: column.field.get_default
            for column in missing
            if not column.field.has_db_default()
        }
        # An INSERT that a constraint refuses never becomes the UPDATE that it need only be.
        if any(column.unfit([default()]) for column, default in defaults.items()):
            return Detour.NEEDED
        return WritePlan(
            table=table,
            columns=(table.pk, *(table.columns.get(name) for name in names)),
            defaults=defaults,
            links={place: links[name] for place, name in enumerate(names, 1) if name in links},
            named_by=named_by,
        )

    def _links_of(self, table: Table) -> dict[str, LinkTable]:
        if table not in self._links:
            self._links[table] = link_tables(table, self._tables)
        return self._links[table]


def _is_named(table: Table, serialized: Mapping[str, Any]) -> bool:
    """Tell whether nothing but its natural key says which row a record speaks of."""
    has_key = serialized.get("pk") is not None or not table.is_found_by_pk
    return not has_key and has_natural_key(table.model)
