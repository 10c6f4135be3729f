"""Whose fault it is that a commit was refused, which names no record: the records that left a row
without its parent, or with a value that another has.

What is deferred judges the rows as they are left, not as they were on the way. So the record to
blame is the last one that set a reference, if its row still has it; of two rows with one value, the
later one. To be asked while the rows are in place; `foresee` before they are written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from django.db.models import Exists, ForeignKey, ManyToManyField, Model, OuterRef, QuerySet

from tui_ingest.ingest.exact.clashes import find_clashes, unique_sets
from tui_ingest.ingest.exact.deleting import goes_alone
from tui_ingest.ingest.exact.finding import row_key
from tui_ingest.ingest.exact.parents import missing_parents
from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import prepare
from tui_ingest.ingest.fast.tables import ref_to
from tui_ingest.ingest.identity import identity_value
from tui_ingest.ingest.model_fields import Serialized, concrete, foreign_keys, many_to_many
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Failure, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Operation, Record

Relation: TypeAlias = "ForeignKey[Any, Any] | ManyToManyField[Any, Any]"


class _Logged(NamedTuple):
    """An object of a record, and what that does to its row."""

    entry: int  # index of the record
    operation: Operation
    serialized: Serialized

    def sets(self, field: Any = None) -> bool:
        """Tell whether it sets a field; None: anything."""
        return self.operation is Operation.SAVE and (
            field is None or field.primary_key or field.name in self.serialized["fields"]
        )

    def value(self, field: Any) -> Any:
        return identity_value(self.serialized, field)


class _Held(NamedTuple):
    """A reference that an object sets."""

    by: _Logged
    number: int  # of the relation among those of the model
    relation: Relation
    ends: Sequence[Any] | None  # as the column has them; None: that is not known


# By the model that has the table, in log order.
_Objects: TypeAlias = "dict[type[Model], list[_Logged]]"


class ConstraintBlame:
    """Finds them in one database."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def find(self, applied: Mapping[int, Record]) -> dict[int, Failure]:
        """Return the records to blame, by the index of their entry, which must be in log order."""
        objects = self._objects(applied)
        blamed: dict[int, Failure] = {}
        for suspect in self._left(self._suspects(objects), objects):
            failure = self._failure(suspect)
            if failure is not None and self._dangles(suspect):
                blamed.setdefault(suspect.by.entry, failure)
        return blamed

    def find_clashes(self, applied: Mapping[int, Record]) -> dict[int, Failure]:
        """Return the records to blame for a value that two rows may have until the commit."""
        left: dict[RowKey, _Logged] = {}
        for model, logged in self._objects(applied).items():
            if any(unique.is_deferred for unique in unique_sets(model)):
                left |= self._last(logged)
        found = {}
        for one in left.values():
            for clash in find_clashes(self._target, [one.serialized]):
                other = left.get(clash.holder_key)
                if clash.unique.is_deferred and (other is None or other.entry < one.entry):
                    found[one.entry] = clash.as_failure()
        return found

    def foresee(self, coming: Mapping[int, Record]) -> dict[int, Failure] | None:
        """Return the records that `find` would blame if all of these were applied; None if that
        cannot be told.

        Without those that need a row which one of these would bring.
        """
        objects = self._objects(coming)
        suspects = self._suspects(objects)
        relations = {one.relation for one in suspects}
        brought = {relation: self._brought(relation, objects) for relation in relations}
        lost = []
        for one in suspects:
            values = brought[one.relation]
            if values is None:
                return None
            if one.ends is not None and values.isdisjoint(one.ends):
                lost.append(one)
        if not all(self._is_sure(one, coming, objects) for one in lost):
            return None
        failures: dict[int, Failure] = {}
        for one in self._left(lost, objects):
            if failure := self._failure(one):
                failures.setdefault(one.by.entry, failure)
        return failures

    def _objects(self, records: Mapping[int, Record]) -> _Objects:
        objects: _Objects = {}
        known: dict[str, list[_Logged]] = {}
        for index, record in records.items():
            for serialized in record.objects:
                label = serialized["model"]
                if label not in known:
                    known[label] = self._place(label, objects)
                known[label].append(_Logged(index, record.operation, serialized))
        return objects

    def _place(self, label: str, objects: _Objects) -> list[_Logged]:
        if self._target.policy.verdict(label) is not Verdict.ALLOWED:
            return []
        try:
            return objects.setdefault(concrete(find_model(label)), [])
        except RecordError:  # not installed
            return []

    def _suspects(self, objects: _Objects) -> list[_Held]:
        """Leave out, with one question per relation, the references whose parents are here."""
        return [
            held
            for model, logged in objects.items()
            for number, relation in enumerate(_relations(model))
            for held in self._lost(number, relation, [one for one in logged if one.sets(relation)])
        ]

    def _lost(self, number: int, relation: Relation, setting: list[_Logged]) -> Iterator[_Held]:
        is_many = isinstance(relation, ManyToManyField)
        values = [one.value(relation) for one in setting]
        ends = self._converted(_key(relation), [v or () if is_many else (v,) for v in values])
        parents = ref_to(_key(relation).target_field, self._target.connection)
        wanted = {end for some in ends for end in some or ()} - {None}
        absent = lookups.missing(parents, wanted, self._target.connection)
        for one, found in zip(setting, ends, strict=True):
            if found is None or not absent.isdisjoint(found):
                yield _Held(one, number, relation, found)

    def _converted(self, field: Any, values: list[Sequence[Any]]) -> list[Sequence[Any] | None]:
        """Return values as the column has them, of each object; None if that is not known."""
        column = prepare(field, self._target.connection)
        together = column.convert([*itertools.chain.from_iterable(values)])
        if together is None:  # a natural key; an applied record has nothing else
            return [column.convert(some) for some in values]
        rest = iter(together)
        return [[*itertools.islice(rest, len(some))] for some in values]

    def _left(self, suspects: list[_Held], objects: _Objects) -> list[_Held]:
        """Leave out the references that later records have set anew, or taken along."""
        left: list[_Held] = []
        for relation in dict.fromkeys(one.relation for one in suspects):
            last = self._last(objects[relation.model], relation)
            setting = {id(one) for one in last.values()}
            left += (s for s in suspects if s.relation is relation and id(s.by) in setting)
        return sorted(left, key=lambda one: (one.by.entry, one.number))

    def _last(
        self, logged: list[_Logged], relation: Relation | None = None
    ) -> dict[RowKey, _Logged]:
        """Return, of each row that is not deleted since, the last object that set something."""
        last: dict[RowKey, _Logged] = {}
        for one in logged:
            try:
                row = row_key(self._target, one.serialized)
            except RecordError:  # a natural key of rows that are gone by now
                continue
            if one.sets(relation):
                last[row] = one
            elif one.operation is Operation.DELETE:
                last.pop(row, None)
        return last

    def _brought(self, relation: Relation, objects: _Objects) -> Set[Any] | None:
        """Return by what a relation may refer to the rows that are saved; None if one of these
        does not say it.
        """
        field = _key(relation).target_field
        saved = objects.get(concrete(field.model), ())
        values = [one.value(field) for one in saved if one.sets()]
        if None in values:
            return None
        column = prepare(field, self._target.connection)
        found = column.convert(values)
        return None if found is None else {*found}

    def _is_sure(self, lost: _Held, coming: Mapping[int, Record], objects: _Objects) -> bool:
        """Tell whether an object alone decides what its row will refer to."""
        model, identity = lost.relation.model, self._target.identities.field(lost.relation.model)
        return (
            len(coming[lost.by.entry].objects) == 1
            and not isinstance(lost.relation, ManyToManyField)
            and not self._target.settings.receivers  # which may bring anything
            and all(one.value(identity) is not None for one in objects[model])
            and (
                (len(foreign_keys(model)) == 1 and not model._meta.private_fields)
                # Nor does it go along by another way.
                or all(
                    goes_alone(other)
                    for other, logged in objects.items()
                    if any(one.operation is Operation.DELETE for one in logged)
                )
            )
        )

    def _failure(self, suspect: _Held) -> Failure | None:
        found = missing_parents(self._target, [suspect.by.serialized])
        own = (one.as_failure() for one in found if one.field == suspect.relation.name)
        return next(own, None)

    def _dangles(self, suspect: _Held) -> bool:
        """Tell whether the row as it is left refers to nothing.

        It may have been deleted since. And a parent that was deleted since may have let it go: its
        key was set to null, its link was taken along.
        """
        model = concrete(find_model(suspect.by.serialized["model"]))
        field = self._target.identities.field(model)
        value = identity_value(suspect.by.serialized, field)
        if value is None:
            return True
        rows = self._target.rows(model).filter(**{"pk" if field.primary_key else field.name: value})
        relation = suspect.relation
        if not isinstance(relation, ManyToManyField):
            return self._lead_nowhere(rows, relation)
        through: Any = relation.remote_field.through
        links = self._target.rows(through).filter(**{f"{relation.m2m_field_name()}__in": rows})
        return self._lead_nowhere(links, through._meta.get_field(relation.m2m_reverse_field_name()))

    def _lead_nowhere(self, rows: QuerySet[Model], key: Any) -> bool:
        parents = self._target.rows(key.remote_field.model)
        referred = parents.filter(**{key.target_field.name: OuterRef(key.attname)})
        return rows.filter(~Exists(referred), **{f"{key.name}__isnull": False}).exists()


@cache
def _relations(model: type[Model]) -> list[Relation]:
    return [*foreign_keys(model), *many_to_many(model)]


def _key(relation: Relation) -> Any:
    """Return the foreign key that refers: of a many-to-many field, that of its links."""
    if isinstance(relation, ManyToManyField):
        through: Any = relation.remote_field.through
        return through._meta.get_field(relation.m2m_reverse_field_name())
    return relation
