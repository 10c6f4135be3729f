"""Dead letters that wait for rows: parents that are not here, and holders of unique values.

While any are open, every record that is applied is asked whether it is about one of their rows.
Nearly none is, and mostly that shows at the first look: what identifies its row is written as it
would be in a key, and is in none of them.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django.db.models import IntegerField, QuerySet, UUIDField

from tui_ingest.ingest.deadletters.keeping import describe_failure, keys_of, write_keys
from tui_ingest.ingest.deadletters.reading import effective_entry, without_superseded
from tui_ingest.ingest.deadletters.superseding import named, open_rows
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.needs import WAITING_REASONS, changed_by, waiting
from tui_ingest.ingest.identity import are_uuid_texts, has_natural_key
from tui_ingest.ingest.model_fields import (
    AnyField,
    Serialized,
    concrete,
    primary_key,
    referenced_fields,
)
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import RecordError, RowKey
from tui_ingest.ingest.target import Target, chunks, few
from tui_ingest.models import DeadLetter, DeadLetterKey, ProcessedFile
from tui_ingest.oplog.records import Record

_NUMBER = re.compile("-?[0-9]{1,20}")


def touching(target: Target, file: ProcessedFile, records: Sequence[Record]) -> list[Record]:
    """Return the applied records of a log that may write a row which one of its open dead letters
    speaks of, or waits for: of the many in a batch nearly none does.

    In the transaction that applies them, once the failures among them are kept. One query if there
    is no open dead letter, otherwise three; all of the records, if there are too many dead letters
    to compare them here.
    """
    letters = target.rows(DeadLetter).filter(file=file, status=DeadLetter.Status.OPEN)
    if not letters.exists():
        return []
    names = ("model", "key")
    rows = few(open_rows(target, file).values_list(*names), len(records))
    keys = few(open_keys(target, file).values_list(*names), len(records))
    if rows is None or keys is None:
        return [*records]
    return [*Sought(target, rows | keys).among(records)]


def waiting_for(target: Target, file: ProcessedFile, records: Sequence[Record]) -> list[int]:
    """Return the open dead letters that wait for a row which these applied records changed, or
    of which a part was overtaken by them.

    One query if none waits.

    Returns:
        Their ids, in log order.
    """
    keys = open_keys(target, file)
    models = frozenset(keys.values_list("model", flat=True).distinct()) if records else ()
    if not models:
        return []
    changed = {key for record in records for key in changed_by(target, record, models)}
    return sorted({letter for found in matching(keys, changed).values() for letter in found})


def matching(keys: QuerySet[DeadLetterKey], wanted: Iterable[RowKey]) -> dict[RowKey, set[int]]:
    """Return which of some rows are among the keys, and of which dead letters, by their ids."""
    found: dict[RowKey, set[int]] = {}
    for same in named(keys, set(wanted)):
        for model, key, letter in same.values_list("model", "key", "dead_letter_id"):
            found.setdefault(RowKey(model, key), set()).add(letter)
    return found


def brought(target: Target, file: ProcessedFile, wanted: Iterable[RowKey]) -> set[RowKey]:
    """Return those of some rows that open dead letters which wait themselves would bring or
    change.
    """
    return {*matching(open_keys(target, file).filter(is_needed=False), wanted)}


def open_keys(target: Target, file: ProcessedFile) -> QuerySet[DeadLetterKey]:
    """Return what the open dead letters of a log that wait for rows need and bring."""
    return target.rows(DeadLetterKey).filter(
        dead_letter__file=file, dead_letter__status=DeadLetter.Status.OPEN
    )


def waiting_letters(target: Target) -> QuerySet[DeadLetter]:
    """Return the open dead letters that may come back by themselves."""
    return target.rows(DeadLetter).filter(status=DeadLetter.Status.OPEN, reason__in=WAITING_REASONS)


def judge_again(target: Target, dead_letter_ids: Iterable[int]) -> None:
    """Find out what waiting dead letters wait for by now, and put it down.

    What nothing stands in the way of any more needs nothing then.
    """
    for part in chunks(dead_letter_ids):
        letters = waiting_letters(target).filter(pk__in=part)
        for letter in letters.prefetch_related("keys").order_by("pk"):
            _judge(target, letter)


def _judge(target: Target, letter: DeadLetter) -> None:
    entry = effective_entry(letter)
    if not isinstance(entry, Record):
        return
    record = without_superseded(target, letter, entry)
    try:
        with target.atomic():
            failure = waiting(target, record)
    except Exception as error:  # no such table, or the project's own look-up by natural key
        if is_of_the_database(error):
            raise
        return
    needs = failure.needs if failure else ()
    before = {(key.is_needed, key.model, key.key) for key in letter.keys.all()}
    if before == {
        (key.is_needed, key.model, key.key) for key in keys_of(target, letter, record, needs)
    }:
        return
    with target.atomic():
        if failure is not None:
            describe_failure(letter, replace(failure, traceback=letter.traceback))
            letter.save(using=target.database)
        write_keys(target, letter, record, needs)


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
