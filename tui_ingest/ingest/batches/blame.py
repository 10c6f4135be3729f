"""Whose fault it is that a commit was refused: the records that left a row without its parent.

A deferred foreign key judges the rows as they are left, not as they were on the way. So the record
to blame is the last one that set a reference, if its row still has it. To be asked while the rows
are in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, assert_never

from django.db.models import Exists, ForeignKey, ManyToManyField, Model, OuterRef, QuerySet

from tui_ingest.ingest.exact.finding import row_key
from tui_ingest.ingest.exact.parents import missing_parents
from tui_ingest.ingest.fast import lookups
from tui_ingest.ingest.fast.columns import prepare
from tui_ingest.ingest.fast.tables import ref_to
from tui_ingest.ingest.identity import identity_value
from tui_ingest.ingest.model_fields import (
    Serialized,
    concrete,
    foreign_keys,
    many_to_many,
)
from tui_ingest.ingest.policy import Verdict, find_model
from tui_ingest.ingest.reasons import Failure, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Operation, Record

Relation: TypeAlias = "ForeignKey[Any, Any] | ManyToManyField[Any, Any]"


class _Held(NamedTuple):
    """A reference that a row is left with."""

    entry: int  # index of the one that set it last
    number: int  # of the relation among those of the model
    serialized: Serialized
    relation: Relation

    @property
    def value(self) -> Any:
        if self.relation.primary_key:
            return self.serialized.get("pk")
        return self.serialized["fields"][self.relation.name]


class ConstraintBlame:
    """Finds them in one database."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def find(self, applied: Mapping[int, Record]) -> dict[int, Failure]:
        """Return the records to blame, by the index of their entry, which must be in log order."""
        held: dict[tuple[RowKey, str], _Held] = {}
        for index, record in applied.items():
            for serialized in self._written(record):
                self._follow(held, index, record.operation, serialized)
        blamed: dict[int, Failure] = {}
        for suspect in self._suspects([*held.values()]):
            failure = self._failure(suspect)
            if failure is not None:
                blamed.setdefault(suspect.entry, failure)
        return blamed

    def _written(self, record: Record) -> Iterator[Serialized]:
        for serialized in record.objects:
            if self._target.policy.verdict(serialized["model"]) is Verdict.ALLOWED:
                yield serialized

    def _follow(
        self,
        held: dict[tuple[RowKey, str], _Held],
        index: int,
        operation: Operation,
        serialized: Serialized,
    ) -> None:
        relations = _relations(serialized)
        if not relations:
            return
        try:
            row = row_key(self._target, serialized)
        except RecordError:  # a natural key of rows that are gone by now
            return
        for number, relation in enumerate(relations):
            match operation:
                case Operation.SAVE:
                    if relation.primary_key or relation.name in serialized["fields"]:
                        held[row, relation.name] = _Held(index, number, serialized, relation)
                case Operation.DELETE:
                    held.pop((row, relation.name), None)
                case Operation.DIGEST:
                    return
                case unknown:
                    assert_never(unknown)

    def _suspects(self, held: list[_Held]) -> list[_Held]:
        """Leave out, with one question per relation, those whose parents are here."""
        values: dict[Relation, dict[Any, list[_Held]]] = {}
        suspects = []
        for reference in held:
            found = self._column_values(reference)
            if found is None:
                suspects.append(reference)  # to be looked at by itself
            for value in {*(found or ())} - {None}:
                same = values.setdefault(reference.relation, {}).setdefault(value, [])
                same.append(reference)
        for relation, by_value in values.items():
            parents = ref_to(_key(relation).target_field, self._target.connection)
            here = lookups.existing(parents, by_value, self._target.connection)
            for value in by_value.keys() - here:
                suspects += by_value[value]
        once = {id(reference): reference for reference in suspects}
        return sorted(once.values(), key=lambda reference: (reference.entry, reference.number))

    def _column_values(self, reference: _Held) -> list[Any] | None:
        """Return what the columns hold; None if that is not known."""
        relation = reference.relation
        values = reference.value if isinstance(relation, ManyToManyField) else [reference.value]
        column = prepare(_key(relation), self._target.connection)
        try:
            return [column.convert_one(value) for value in values]
        except Exception:  # a natural key; an applied record has no others, as far as is known
            return None

    def _failure(self, suspect: _Held) -> Failure | None:
        for missing in missing_parents(self._target, [suspect.serialized]):
            if missing.field == suspect.relation.name and self._dangles(suspect):
                return missing.as_failure()
        return None

    def _dangles(self, suspect: _Held) -> bool:
        """Tell whether the row as it is left refers to nothing.

        It may have been deleted since. And a parent that was deleted since may have let it go: its
        key was set to null, its link was taken along.
        """
        model = concrete(find_model(suspect.serialized["model"]))
        field = self._target.identities.field(model)
        value = identity_value(suspect.serialized, field)
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


def _relations(serialized: Serialized) -> list[Relation]:
    model = find_model(serialized["model"])
    return [*foreign_keys(model), *many_to_many(model)]


def _key(relation: Relation) -> Any:
    """Return the foreign key that refers: of a many-to-many field, that of its links."""
    if isinstance(relation, ManyToManyField):
        through: Any = relation.remote_field.through
        return through._meta.get_field(relation.m2m_reverse_field_name())
    return relation
