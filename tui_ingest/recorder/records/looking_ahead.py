"""Rows that others refer to come with them, though they were noted later.

A round of a long backlog reads rows as they are now. What they refer to by now may have been made
later, and its own record would come rounds after theirs: until then a target could not write them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from django.db.models import Model

from tui_ingest.digests.fields import is_numbered_anew, link_fields, through
from tui_ingest.recorder.records.rows import Key, RowReader, comparable, parsed_key

Entry: TypeAlias = tuple[int, str, str, str, str | None]  # id, label, key, operation, unique
_Row: TypeAlias = tuple[str, Key]  # label and key


def needed_by(
    entries: Sequence[Entry],
    later: Iterable[Entry],
    models: Mapping[str, type[Model]],
    reader: RowReader,
    database: str,
) -> list[Entry]:
    """Return those of the later entries that name rows to which rows of the first ones refer.

    And rows to which these refer, and so on. References to other fields than the primary key are
    left to the target, which has rows wait for each other.
    """
    reachable = _reachable({entry[1] for entry in entries}, models)
    waiting: dict[_Row, list[Entry]] = defaultdict(list)
    for entry in later:
        if entry[1] in reachable:
            waiting[_row_of(entry, models, database)].append(entry)
    found: list[Entry] = []
    new = entries
    while new and waiting:
        rows = {_row_of(entry, models, database) for entry in new}
        wanted = {ref for ref in _references(rows, models, reader) if ref in waiting}
        new = [entry for ref in wanted for entry in waiting.pop(ref)]
        found += new
    return found


def _reachable(labels: Iterable[str], models: Mapping[str, type[Model]]) -> set[str]:
    """Return the models whose rows those of some models may refer to, at once or through others."""
    found: set[str] = set()
    new = set(labels)
    while new:
        new = {target for label in new for target in _targets(models[label])} & models.keys()
        new -= found
        found |= new
    return found


@cache
def _targets(model: type[Model]) -> frozenset[str]:
    """Return the models that a model refers to by their keys."""
    fields = [field for field, _ in _relations(model)] + [field for _, field in _links(model)]
    return frozenset(field.model._meta.label_lower for field in fields)


def _relations(model: type[Model]) -> Iterator[tuple[Any, Any]]:
    """Yield the primary keys that foreign keys of a model refer to, and those foreign keys."""
    relations: tuple[Any, ...] = model._meta.concrete_fields
    for relation in relations:
        if relation.remote_field is not None and relation.target_field.primary_key:
            yield relation.target_field, relation


def _links(model: type[Model]) -> Iterator[tuple[Any, Any]]:
    """Yield the many-to-many fields of a model and of its parents, and the keys they refer to."""
    for owner in (model, *model._meta.get_parent_list()):
        for link in link_fields(owner).values():
            far: Any = through(link)._meta.get_field(link.m2m_reverse_field_name())
            if far.target_field.primary_key and not is_numbered_anew(link.related_model):
                yield link, far.target_field


def _row_of(entry: Entry, models: Mapping[str, type[Model]], database: str) -> _Row:
    _, label, key, _, _ = entry
    model = models[label]
    return label, comparable(model._meta.pk_fields, parsed_key(model, key, database))


def _references(
    rows: Iterable[_Row], models: Mapping[str, type[Model]], reader: RowReader
) -> Iterator[_Row]:
    """Yield the rows that some rows refer to by their keys."""
    by_label: dict[str, list[Key]] = defaultdict(list)
    for label, key in rows:
        by_label[label].append(key)
    for label, keys in by_label.items():
        model = models[label]
        found = list(reader.by_key(model, keys).values())
        for target, relation in _relations(model):
            for row in found:
                value = getattr(row, relation.attname)
                if value is not None:
                    yield _named(target, value)
        for link, target in _links(model):
            for linked in reader.linked(link, found).values():
                yield from (_named(target, key) for key in linked)


def _named(target: Any, value: Any) -> _Row:
    return target.model._meta.label_lower, comparable([target], [value])
