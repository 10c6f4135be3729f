"""Many-to-many links of many rows at once: what their records name, less what is here.

As on the exact path, links follow the rows, and a link that a record names again stays. A row is
left with the links of its last record in the run; but where links are symmetrical, a record also
changes those of the rows that it names, or names no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import Column
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.kinds import Values
from tui_ingest.ingest.fast.plans import LinkTable
from tui_ingest.ingest.fast.tables import Table, ref_to
from tui_ingest.ingest.fast.upserts import Dialect

Links = dict[tuple[Any, Any], Any]  # their own keys, by both ends


def set_links(window: Window, dialect: Dialect) -> None:
    """Add and remove links, once the rows of the window are saved."""
    wanted: dict[LinkTable, list[tuple[int, Any, Values]]] = {}
    for group in window.saves:
        if group.plan.links and group.indexes:
            here = _keys_here(group.table, group.identities)
            keys = [here[identity] for identity in group.identities]
            for place, links in group.plan.links.items():
                far = group.columns[place]
                wanted.setdefault(links, []).extend(zip(group.indexes, keys, far, strict=True))
    for links, changes in wanted.items():
        if links.field.remote_field.symmetrical:
            changes.sort(key=itemgetter(0))
            _set_both_ways(links, [(near, {*far}) for _, near, far in changes], dialect)
        else:
            far_ends = {near: far for _, near, far in changes}
            _change(links, _here(links, links.near, far_ends), far_ends, dialect)


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


def _set_both_ways(
    links: LinkTable, changes: Sequence[tuple[Any, set[Any]]], dialect: Dialect
) -> None:
    """Change the links one record after the other, in memory, and write what is left at the end."""
    keys = {key for key, _ in changes}
    here = _here(links, links.near, keys) | _here(links, links.far, keys)
    left: dict[Any, set[Any]] = defaultdict(set)
    for one, other in here:
        left[one].add(other)
    for one, wanted in changes:
        for gone in left[one] - wanted:
            left[gone].discard(one)
        for new in wanted - left[one]:
            left[new].add(one)
        left[one] = wanted
    _change(links, here, left, dialect)


def _here(links: LinkTable, end: Column, keys: Collection[Any]) -> Links:
    """Return the links that have one of some keys at an end."""
    rows = links.rows
    near, far, pk = rows.ref(links.near), rows.ref(links.far), rows.ref(rows.pk)
    found = lookups.related(rows.ref(end), [near, far, pk], keys, rows.connection)
    return {(one, other): key for one, other, key in found}


def _change(
    links: LinkTable, here: Links, wanted: Mapping[Any, Iterable[Any]], dialect: Dialect
) -> None:
    rows = links.rows
    named = dict.fromkeys((near, far) for near, ends in wanted.items() for far in ends)
    gone = [key for pair, key in here.items() if pair not in named]
    lookups.delete(rows.ref(rows.pk), gone, rows.connection)
    if new := [pair for pair in named if pair not in here]:
        dialect.insert(rows, [links.near, links.far], new)
