"""Many-to-many links of many rows at once: what their records name, less what is here.

As on the exact path, links follow the rows, and a link that a record names again stays. A row is
left with the links of its last record in the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.plans import LinkTable
from tui_ingest.ingest.fast.tables import Table, ref_to
from tui_ingest.ingest.fast.upserts import Dialect

FarEnds = dict[Any, Values]  # by the primary key of the row that the links are of


def set_links(window: Window, dialect: Dialect) -> None:
    """Add and remove links, once the rows of the window are saved."""
    wanted: dict[LinkTable, FarEnds] = {}
    for group in window.saves:
        if group.plan.links and group.indexes:
            keys = _keys_here(group.table, group.identities)
            for place, links in group.plan.links.items():
                ends = wanted.setdefault(links, {})
                for identity, far in zip(group.identities, group.columns[place], strict=True):
                    ends[keys[identity]] = far
    for links, ends in wanted.items():
        _set(links, ends, dialect)


def remove_links(group: Group) -> None:
    """Remove the links of rows that are about to be deleted, whichever end they are at."""
    table = group.table
    if table.link_keys:
        keys = {*_keys_here(table, group.identities).values()}
        for key in table.link_keys:
            lookups.delete(ref_to(key, table.connection), keys, table.connection)


def _keys_here(table: Table, identities: Values) -> dict[Any, Any]:
    """Return the primary keys of rows by what identifies them."""
    if table.is_found_by_pk:
        return dict(zip(identities, identities, strict=True))
    by, pk = table.ref(table.identity), table.ref(table.pk)
    return dict(lookups.related(by, [by, pk], {*identities}, table.connection))


def _set(links: LinkTable, wanted: FarEnds, dialect: Dialect) -> None:
    rows = links.rows
    near, far, pk = rows.ref(links.near), rows.ref(links.far), rows.ref(rows.pk)
    found = lookups.related(near, [near, far, pk], wanted, rows.connection)
    here = {(one, other): key for one, other, key in found}
    named = dict.fromkeys(_pairs(wanted))
    gone = [key for pair, key in here.items() if pair not in named]
    lookups.delete(pk, gone, rows.connection)
    if new := [pair for pair in named if pair not in here]:
        dialect.insert(rows, [links.near, links.far], new)


def _pairs(wanted: FarEnds) -> Iterator[tuple[Any, Any]]:
    for near, ends in wanted.items():
        for far in ends:
            yield near, far
