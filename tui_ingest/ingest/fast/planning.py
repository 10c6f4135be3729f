"""Which records may share a statement, and still leave the rows that one at a time would leave.

The exact path says what a record means. A run of the fast path writes all its saves, table by table
and in log order within a table, then all its deletes. Every rule here keeps such a run from
differing from its records applied one by one; what it protects is said at each. A rule may send
more to the exact path than it must, never less.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import BinaryField, ForeignKey, Model, UUIDField

from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest.exact import catalog
from tui_ingest.ingest.fast import lookups, upserts
from tui_ingest.ingest.fast.columns import has_one_spelling
from tui_ingest.ingest.fast.gathering import Group, Window
from tui_ingest.ingest.fast.names import depends_on
from tui_ingest.ingest.fast.plans import LinkTable
from tui_ingest.ingest.fast.tables import CONTENT_TYPE, NOTHING, Table, Tables, ref_to
from tui_ingest.ingest.receivers import DELETING, LINKING, SAVING

# Rules about a table: True sends its records to the exact path.


def has_triggers(table: Table) -> bool:
    """An upsert is an insert first: it would set off what an update does not."""
    return catalog.has_triggers(table.model, table.connection)


def writes_expressions(table: Table) -> bool:
    """A field with a placeholder is written as more than a value."""
    return any(
        hasattr(f, name) and not isinstance(f, BinaryField)
        for f in table.model._meta.local_concrete_fields
        for name in ("get_placeholder", "get_placeholder_sql")  # until Django 6.0, and since 6.1
    )


def has_keys_of_many_spellings(table: Table) -> bool:
    """Two records of one row would be taken for two rows, or a parent for missing."""
    keys = {table.pk, table.identity, *(table.column(r.field.name) for r in table.references)}
    return table.identity.field.null or not all(map(has_one_spelling, keys))


def is_referred_to_by_other_values(table: Table) -> bool:
    """A delete names the identity: what refers to another value of the row would not be found."""
    private = table.model._meta.private_fields
    keys = (key for key in table.incoming if key not in table.link_keys)
    return any(key.target_field is not table.identity.field for key in keys) or any(
        hasattr(f, "bulk_related_objects") for f in private
    )


def has_links_with_triggers(table: Table) -> bool:
    """Links go when all rows of a run are saved: a trigger would find what comes later."""
    return any(catalog.has_triggers(key.model, table.connection) for key in table.link_keys)


TableRule = Callable[[Table], bool]
SAVE_RULES: tuple[TableRule, ...] = (
    has_triggers,
    writes_expressions,
    has_keys_of_many_spellings,
)
DELETE_RULES: tuple[TableRule, ...] = (
    has_triggers,
    has_keys_of_many_spellings,
    is_referred_to_by_other_values,
    has_links_with_triggers,
)


# Rules about a table: True sends its records without a primary key to the exact path.


def has_natural_keys_of_more_than_columns(table: Table) -> bool:
    """What the project's methods do besides, they do to each row as it is by then."""
    return not table.named_by


def has_natural_keys_of_many_spellings(table: Table) -> bool:
    """The row that has one would be taken for missing, and made again."""
    columns = [table.columns[name] for name in table.named_by]
    return not all(has_one_spelling(column) and not column.field.null for column in columns)


def has_keys_of_the_projects_making(table: Table) -> bool:
    """New rows take numbers of the database's own, or UUIDs: what else a key may be is worked out
    from the rows that are here.
    """
    pk = table.pk.field
    return not is_auto(pk) and not (type(pk) is UUIDField and callable(pk.default))


NAME_RULES: tuple[TableRule, ...] = (
    has_natural_keys_of_more_than_columns,
    has_natural_keys_of_many_spellings,
    has_keys_of_the_projects_making,
)


# Rules about the links of a many-to-many field: True sends the records that have them to the exact
# path.


def have_more_than_keys(links: LinkTable) -> bool:
    """What else a link needs is for Django to say."""
    return not links.rows.model._meta.auto_created


def have_triggers(links: LinkTable) -> bool:
    """Links that a run adds and removes again are never written: a trigger would miss them."""
    return has_triggers(links.rows)


def lead_to_keys_of_many_spellings(links: LinkTable) -> bool:
    """A row at the far end would be taken for missing."""
    return not has_one_spelling(links.near) or not has_one_spelling(links.far)


LinkRule = Callable[[LinkTable], bool]
LINK_RULES: tuple[LinkRule, ...] = (
    have_more_than_keys,
    have_triggers,
    lead_to_keys_of_many_spellings,
)


# Rules about the order of records: each yields indexes of entries before which a run has to end.


def save_after_delete(window: Window, _tables: Tables) -> Iterator[int]:
    """Saves go first: the row would be deleted that was saved last."""
    for deletes in window.deletes:
        moments = _first(deletes)
        for saves in window.saves_of(deletes.table):
            yield from _first_after(moments, saves)


def delete_after_save(window: Window, tables: Tables) -> Iterator[int]:
    """Receivers are shown the whole row before it goes: as it is here, or as it was saved."""
    for deletes in window.deletes:
        if tables.receivers.are_called(DELETING, deletes.table.model):
            saves = window.saves_of(deletes.table)
            moments = _first(*(group for group in saves if group.plan.lacks_fields))
            yield from _first_after(moments, deletes)


def delete_with_dependents(window: Window, tables: Tables) -> Iterator[int]:
    """What else a delete takes along, forbids or sets to null is for Django's Collector to say.

    A source that logged its own cascade has deleted the dependents before. Those saved later count
    as well: saves go first, so that a child would find the parent that is gone by its time.
    """
    for deletes in window.deletes:
        moments = _first(deletes)
        for key in deletes.table.incoming:
            if key in deletes.table.link_keys:
                continue  # what goes along is known: see `links`
            child = tables.of(key.model)
            gone = _first(*window.deletes_of(child))
            for parent, dependent in _dependents(window, key, child, moments):
                # At the same moment: a row that refers to itself, which PROTECT forbids to go.
                if gone.get(dependent, window.stop) >= moments[parent]:
                    yield moments[parent]


def mixed_field_sets(window: Window, _tables: Tables) -> Iterator[int]:
    """Records with other fields are written by another statement, which must come later.

    Of one row, the later record would lose. Of a unique value it does not matter whose record
    comes first: the row that has it lends it.
    """
    for later_place, later in enumerate(window.saves):
        moments = _first(later)
        for earlier in window.saves[:later_place]:
            if earlier.table is later.table:
                yield from _first_after(moments, earlier)


def hidden_states(window: Window, _tables: Tables) -> Iterator[int]:
    """Where one statement writes only the last state of a row, the ones before are not checked.

    A state that clashes with another row is a dead letter, even if the next record resolves it.
    And a row that is found by another field keeps the pk it came with.
    """
    for saves in window.saves:
        dialect = upserts.of(saves.table.connection)
        if dialect is not None and dialect.WRITES_LAST_STATES:
            yield from _first_change(saves)


def link_after_delete(window: Window, _tables: Tables) -> Iterator[int]:
    """A row goes last, with its links: one that comes after it leads nowhere, a dead letter."""
    for deletes in window.deletes:
        table, moments = deletes.table, _first(deletes)
        for saves in window.saves:
            for place, links in saves.plan.links.items():
                if links.far.target is table.pk.target:
                    yield from _late_links(moments, saves, place, is_by_pk=table.is_found_by_pk)


def names_of_changed_rows(window: Window, _tables: Tables) -> Iterator[int]:
    """Natural keys are looked up before a run is written: what comes before such a record in it may
    bring the row that has the key, give the key to another one, or remove it.
    """
    for found in (*window.saves, *window.deletes):
        for place, column in found.plan.references.items():
            relation: Any = column.field.remote_field
            model = relation.model
            if column.by_name is None or model._meta.label_lower == CONTENT_TYPE:
                continue  # no log changes these
            among = depends_on(model)
            changed = [
                group.indexes[0]
                for group in (*window.saves, *window.deletes)
                if group.indexes and group.table.model in among
            ]
            first = min(changed, default=window.stop)
            yield from _first_of(
                index
                for index, row in zip(found.indexes, found.rows, strict=True)
                if (index > first or index in window.several)
                and isinstance(row[place], list)  # a natural key, or several
                and row[place]
            )


def keys_beside_names(window: Window, _tables: Tables) -> Iterator[int]:
    """Which rows natural keys lead to is looked up before a run is written, and new rows are given
    numbers just then: a record with a key may change the one, or mean the other.
    """
    groups = [group for group in (*window.saves, *window.deletes) if group.indexes]
    for named in groups:
        if not named.plan.named_by:
            continue
        first = named.indexes[0]
        for group in groups:
            if group.table is named.table and not group.plan.named_by:
                yield max(first, group.indexes[0])
            for place, column in group.plan.references.items():
                if column.field.related_model is named.table.model:
                    yield from _first_of(
                        index
                        for index, row in zip(group.indexes, group.rows, strict=True)
                        if index >= first and row[place]
                    )


def links_of_their_own(window: Window, _tables: Tables) -> Iterator[int]:
    """Links that records of their own write, those of a row in its record would take away again;
    and a link that has gone with its row is counted as missing.
    """
    groups = [group for group in (*window.saves, *window.deletes) if group.indexes]
    for own in groups:
        model = own.table.model
        if model._meta.auto_created:
            first = [group.indexes[0] for group in groups if model in _link_models(group)]
            if first:
                yield max(own.indexes[0], min(first))


def links_that_are_told_of(window: Window, tables: Tables) -> Iterator[int]:
    """Receivers of links are told of those that each record adds and removes."""
    for saves in window.saves:
        for links in saves.plan.links.values():
            if saves.indexes and tables.receivers.are_called(LINKING, links.rows.model):
                yield saves.indexes[0]


def several_that_are_told_of(window: Window, tables: Tables) -> Iterator[int]:
    """Receivers are told of the objects of a record in their order, not table by table."""
    for groups, signals in ((window.saves, SAVING), (window.deletes, DELETING)):
        for group in groups:
            shared = window.several.intersection(group.indexes)
            if shared and tables.receivers.are_called(signals, group.table.model):
                yield from shared


OrderRule = Callable[[Window, Tables], Iterator[int]]
# Before anything is looked up for the records.
FIRST_RULES: tuple[OrderRule, ...] = (names_of_changed_rows, keys_beside_names)
ORDER_RULES: tuple[OrderRule, ...] = (
    save_after_delete,
    delete_after_save,
    delete_with_dependents,
    mixed_field_sets,
    hidden_states,
    link_after_delete,
    links_of_their_own,
    links_that_are_told_of,
    several_that_are_told_of,
)


def _first(*groups: Group) -> dict[Any, int]:
    """Return where each row first comes up."""
    found: dict[Any, int] = {}
    for group in groups:
        for identity, index in zip(group.identities, group.indexes, strict=True):
            found[identity] = min(index, found.get(identity, index))
    return found


def _first_after(moments: Mapping[Any, int], group: Group) -> Iterator[int]:
    """Yield the first record whose row has had its moment."""
    last = dict(zip(group.identities, group.indexes, strict=True))
    late = {key for key in moments.keys() & last.keys() if last[key] > moments[key]}
    if late:
        yield from _first_of(
            index
            for key, index in zip(group.identities, group.indexes, strict=True)
            if key in late and index > moments[key]
        )


def _first_of(late: Iterable[int]) -> Iterator[int]:
    """Return the first of some records, if there is one: those after it do not matter."""
    return itertools.islice(late, 1)


def _link_models(group: Group) -> set[type[Model]]:
    """Return the tables whose links a group writes, or removes with its rows."""
    written = {links.rows.model for links in group.plan.links.values()}
    return written | {key.model for key in group.table.link_keys}


def _late_links(
    moments: Mapping[Any, int], saves: Group, place: int, *, is_by_pk: bool
) -> Iterator[int]:
    """Yield the first record with a link to a row that has had its moment.

    Of rows that are not found by their primary keys, it is not known which ones these are.
    """
    if is_by_pk:
        return _first_of(
            index
            for index, ends in zip(saves.indexes, saves.columns[place], strict=True)
            if any(moments.get(end, index) < index for end in ends)
        )
    first = min(moments.values(), default=0)
    return _first_of(index for index in saves.indexes if moments and index > first)


def _first_change(group: Group) -> Iterator[int]:
    """Yield the first record that changes what a row of the group may clash with."""
    names = group.table.constrained
    if names is None:
        names = frozenset(group.plan.places)
    shown = [group.identities, group.of(group.table.pk.name) or ()]
    shown += [values for name in sorted(names) if (values := group.of(name)) is not None]
    seen: dict[Any, tuple[Any, ...]] = {}
    return _first_of(
        index
        for index, state in zip(group.indexes, zip(*shown, strict=True), strict=True)
        if seen.setdefault(state[0], state) != state
    )


def _dependents(
    window: Window, key: ForeignKey[Any, Any], child: Table | None, parents: Mapping[Any, int]
) -> Iterator[tuple[Any, Any]]:
    """Yield which parent a row refers to and, as far as it is known, which row that is."""
    connection = window.deletes[0].table.connection
    reference = ref_to(key, connection)
    identity = child.ref(child.identity) if child else NOTHING
    yield from lookups.related(reference, [reference, identity], parents, connection)
    for saves in window.saves_of(child):
        values = saves.of(key.name)
        if values is not None:
            for parent, dependent in zip(values, saves.identities, strict=True):
                if parent in parents:
                    yield parent, dependent
