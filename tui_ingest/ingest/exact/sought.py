"""Rows that are looked for among those that many records speak of.

While dead letters are open, every record that is applied is asked whether it is about one of their
rows. Nearly none is, and mostly that shows at the first look: what identifies its row is written as
it would be in a key, and is in none of them.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import IntegerField, UUIDField

from tui_ingest.ingest.identity import are_uuid_texts, has_natural_key
from tui_ingest.ingest.model_fields import (
    AnyField,
    Serialized,
    concrete,
    primary_key,
    referenced_fields,
)
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import RecordError
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Record

_NUMBER = re.compile("-?[0-9]{1,20}")


class _Names(NamedTuple):
    """By what rows of one model are known, and what of it is looked for."""

    # With their names in a record ("": the pk), and the type of the values that are as in a key.
    fields: tuple[tuple[str, type | None], ...]
    values: frozenset[Any]
    is_any_possible: bool


class Sought:
    """Rows that are looked for.

    Args:
        rows: as `RowKey` has them.
    """

    def __init__(self, target: Target, rows: Iterable[tuple[str, str]]) -> None:
        self._target = target
        self._keys: dict[str, list[str]] = defaultdict(list)  # by the label of their model
        for label, key in rows:
            self._keys[label].append(key)

    def among(self, records: Sequence[Record]) -> list[Record]:
        """Return the records that may speak of one of the rows, by any of its names.

        A whole column of values is looked at by a few calls: 1 µs for a record.
        """
        by_label: dict[str, tuple[list[int], list[Serialized]]] = defaultdict(lambda: ([], []))
        for place, record in enumerate(records):
            for serialized in record.objects:
                places, objects = by_label[serialized["model"]]
                places.append(place)
                objects.append(serialized)
        found: set[int] = set()
        for label, (places, objects) in by_label.items():
            found.update(itertools.compress(places, self._may_be(label, objects)))
        return [records[place] for place in sorted(found)]

    def _may_be(self, label: str, objects: Sequence[Serialized]) -> Iterable[bool]:
        """Tell of each object of one model whether it may speak of one of the rows."""
        names = self._names_of(label)
        if names.is_any_possible or not names.values:
            return itertools.repeat(names.is_any_possible, len(objects))
        hits: set[Any] = set()
        columns = []
        for name, kind in names.fields:
            values = [one["fields"].get(name) if name else one.get("pk") for one in objects]
            if not _are_as_in_keys(values, kind):
                return itertools.repeat(True, len(objects))
            hits |= names.values.intersection(values)
            columns.append(values)
        return (not hits.isdisjoint(one) for one in zip(*columns, strict=True)) if hits else ()

    def _names_of(self, label: str) -> _Names:
        try:
            model = concrete(find_model(label))
        except RecordError:  # its pk is all that is known
            return _Names((), frozenset(), True)
        keys = self._keys.get(model._meta.label_lower, ())
        texts = [*keys, *(key.partition("=")[2] for key in keys)]
        pk = primary_key(model)
        named_by = referenced_fields(model) | {self._target.identities.field(model)}
        return _Names(
            fields=tuple(("" if field is pk else field.name, _kind(field)) for field in named_by),
            values=frozenset((*texts, *(int(text) for text in texts if _NUMBER.fullmatch(text)))),
            is_any_possible=has_natural_key(model) and any(map(_is_opaque, texts)),
        )


def _kind(field: AnyField) -> type | None:
    """Return the type of the values that a log has as a key has them; None if that depends."""
    if isinstance(field, IntegerField):
        return int
    return str if isinstance(field, UUIDField) else None


def _are_as_in_keys(values: Sequence[Any], kind: type | None) -> bool:
    present = [value for value in values if value is not None]
    if not present:
        return True
    return {*map(type, present)} == {kind} and (kind is not str or are_uuid_texts(present))


def _is_opaque(text: str) -> bool:
    return text.startswith(("natural=", "sha256:"))
