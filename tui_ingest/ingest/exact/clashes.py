"""Two rows that claim the same value: who has it now, and both shown side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Deferrable, F, Model, OrderBy, Q, QuerySet, UniqueConstraint, Value
from django.db.models.lookups import Exact

from tui_ingest.ingest.exact.deserializing import Row, deserialize, shortened
from tui_ingest.ingest.exact.serializing import serialize_row
from tui_ingest.ingest.identity import key_text
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target

MAX_SHOWN = 2_000  # characters of each row


class UniqueSet(NamedTuple):
    """Fields whose values only one row may have at a time."""

    names: tuple[str, ...]
    condition: Q | None = None  # of the rows that the rule is about; None: of all
    is_deferred: bool = False  # judged at the commit
    expressions: tuple[Any, ...] = ()  # of the fields, whose values they are; none: the fields

    def matches(self, model: type[Model], values: Mapping[str, Any]) -> Q:
        """Return what the row has that has these values of the fields."""
        condition = self.condition or Q()
        if not self.expressions:
            return condition & Q(**values)
        field: Any = model._meta.get_field
        given = {F(name): Value(value, field(name)) for name, value in values.items()}
        for expression in self.expressions:
            condition &= Q(Exact(expression, expression.replace_expressions(given)))
        return condition


class Clash(NamedTuple):
    """An object of a log, and the row that has one of its unique values now."""

    target: Target
    serialized: Serialized
    holder: Model
    holder_key: RowKey
    unique: UniqueSet

    def sentence(self) -> str:
        return both_rows(self.target, self.serialized, self.holder, self.unique.names)

    def as_failure(self) -> Failure:
        return Failure(reason=Reason.UNIQUE_CLASH, error=self.sentence(), needs=(self.holder_key,))


def find_clashes(target: Target, objects: Iterable[Serialized]) -> Iterator[Clash]:
    """Yield the rows that have unique values of the objects, and are other rows than theirs.

    Asks the database once per object and rule.
    """
    for serialized in objects:
        try:
            model = concrete(find_model(serialized["model"]))
            ours = deserialize(target, serialized, ignore_unknown_fields=True)
        except RecordError:
            continue
        identity = _identity(target, ours)
        rows = target.rows(model)
        for unique in unique_sets(model):
            values = _values(ours, rows.filter(**identity), unique)
            if values is None or not _is_enforced(target, unique):
                continue
            if not _is_meant(target, ours, unique):
                continue
            others = rows.exclude(**identity)
            holder = others.filter(unique.matches(model, values)).first()
            if holder is not None:
                yield Clash(target, serialized, holder, key_of(target, holder), unique)


def both_rows(target: Target, serialized: Serialized, row: Model, names: Iterable[str]) -> str:
    """Return a sentence about a clash, and under it the row of the log and the one here."""
    return (
        f"{serialized['model']} {serialized.get('pk')} has the same {' and '.join(names)} as"
        f" another row, {row._meta.label_lower} {row.pk}.\n"
        f"In the log: {shortened(json.dumps(serialized, ensure_ascii=False), MAX_SHOWN)}\n"
        f"Here: {shortened(serialize_row(target, row), MAX_SHOWN)}"
    )


@cache
def unique_sets(model: type[Model]) -> tuple[UniqueSet, ...]:
    """Return the rules of a model's own table; that of its primary key is none of them."""
    meta = model._meta
    fields = meta.local_concrete_fields
    found = [UniqueSet((f.name,)) for f in fields if f.unique and not f.primary_key]
    found += [UniqueSet(tuple(names)) for names in meta.unique_together]
    constraints = (one for one in meta.constraints if isinstance(one, UniqueConstraint))
    found += map(_of_constraint, constraints)
    own = {f.name for f in fields}
    return tuple(unique for unique in found if own.issuperset(unique.names))


def _of_constraint(constraint: UniqueConstraint) -> UniqueSet:
    expressions: tuple[Any, ...] = tuple(map(_bare, constraint.expressions))
    names = dict.fromkeys(name for one in expressions for name in _names_in(one))
    return UniqueSet(
        tuple(constraint.fields) or tuple(names),
        constraint.condition,
        constraint.deferrable is Deferrable.DEFERRED,
        expressions,
    )


def _bare(expression: Any) -> Any:
    """Leave out in which order, and by which class of operators, an index has the values."""
    if isinstance(expression, OrderBy):
        expression = expression.expression
    has_other = hasattr(expression, "get_expression_for_validation")
    return expression.get_expression_for_validation() if has_other else expression


def _names_in(expression: Any) -> Iterator[str]:
    if isinstance(expression, F):
        yield expression.name  # type: ignore[attr-defined]
    else:
        for source in expression.get_source_expressions():
            yield from _names_in(source)


def key_of(target: Target, row: Model) -> RowKey:
    """Return how a row of the database is known."""
    model = concrete(type(row))
    field = target.identities.field(model)
    return RowKey(model._meta.label_lower, key_text(field, getattr(row, field.attname)))


def _identity(target: Target, ours: Row) -> dict[str, Any]:
    """Return what only the row of an object has."""
    field = target.identities.field(ours.model)
    return {field.attname: ours.pk if field.primary_key else ours.value(field)}


def _values(ours: Row, own: QuerySet[Model], unique: UniqueSet) -> dict[str, Any] | None:
    """Return the values as the record leaves them; None if it leaves a NULL, which clashes with
    nothing. What a record lacks stays as the row has it.
    """
    fields: list[Any] = [own.model._meta.get_field(name) for name in unique.names]
    here = None if all(f.attname in ours.values for f in fields) else own.first()
    values = {
        f.name: ours.value(f)
        if here is None or f.attname in ours.values
        else getattr(here, f.attname)
        for f in fields
    }
    return None if None in values.values() else values


def _is_enforced(target: Target, unique: UniqueSet) -> bool:
    """Tell whether this kind of database knows such rules; Django leaves out the others."""
    features = target.connection.features
    return (
        (unique.condition is None or bool(features.supports_partial_indexes))
        and (not unique.expressions or bool(features.supports_expression_indexes))
        and (not unique.is_deferred or bool(features.supports_deferrable_unique_constraints))
    )


def _is_meant(target: Target, ours: Row, unique: UniqueSet) -> bool:
    if unique.condition is None:
        return True
    fields: Any = concrete(ours.model)._meta.local_concrete_fields
    against = {f.name: Value(ours.value(f), f) for f in fields}
    return unique.condition.check(against, using=target.database)
