"""Two rows that claim the same value, shown side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core import serializers
from django.db.models import Model

from tui_ingest.ingest.exact.deserializing import deserialize
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import RecordError
from tui_ingest.ingest.target import Target

MAX_SHOWN = 2_000  # characters of each row


def describe_clash(target: Target, objects: Iterable[Serialized]) -> str | None:
    """Return which row of the database has a unique value of the objects; None if none is found.

    Constraints over expressions or parts of a table are not looked up.
    """
    for serialized in objects:
        try:
            model = concrete(find_model(serialized["model"]))
            instance = deserialize(target, serialized, ignore_unknown_fields=True).object
        except RecordError:
            continue
        for names in _unique_sets(model):
            values = {name: _value(instance, name) for name in names}
            if row := _other_row(target, instance, values):
                return both_rows(serialized, row, names)
    return None


def both_rows(serialized: Serialized, row: Model, names: Iterable[str]) -> str:
    """Return a sentence about a clash, and under it the row of the log and the one here."""
    return (
        f"{serialized['model']} {serialized.get('pk')} has the same {' and '.join(names)} as"
        f" another row, {row._meta.label_lower} {row.pk}.\n"
        f"In the log: {_shortened(json.dumps(serialized, ensure_ascii=False))}\n"
        f"Here: {_shortened(serializers.serialize('json', [row], ensure_ascii=False)[1:-1])}"
    )


def _unique_sets(model: type[Model]) -> Iterator[tuple[str, ...]]:
    meta = model._meta
    for field in meta.local_concrete_fields:
        if field.unique:
            yield (field.name,)
    yield from (tuple(names) for names in meta.unique_together)
    yield from (tuple(constraint.fields) for constraint in meta.total_unique_constraints)


def _value(instance: Model, name: str) -> Any:
    field: Any = instance._meta.get_field(name)
    return getattr(instance, field.attname)


def _other_row(target: Target, instance: Model, values: dict[str, Any]) -> Model | None:
    if any(value is None for value in values.values()):
        return None
    rows = target.rows(type(instance)).filter(**values)
    return rows.first() if instance.pk is None else rows.exclude(pk=instance.pk).first()


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"
