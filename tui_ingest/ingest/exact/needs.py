"""The rows that stand between a record and its effect: whoever waits for them waits for these."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import assert_never

from django.db.models import ProtectedError, RestrictedError

from tui_ingest.ingest.exact.clashes import find_clashes, key_of
from tui_ingest.ingest.exact.deleting import taken_along
from tui_ingest.ingest.exact.finding import find_rows, natural_key_text, row_key, row_keys
from tui_ingest.ingest.exact.parents import arrivals, missing_parents
from tui_ingest.ingest.identity import has_natural_key
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Operation, Record

# What may pass by itself, once other records have taken effect.
WAITING_REASONS = (Reason.MISSING_PARENT, Reason.UNIQUE_CLASH, Reason.PROTECTED)

MOST_PROTECTING = 100  # rows that one deletion waits for; the next ones are found later


def waiting(target: Target, record: Record) -> Failure | None:
    """Return for which rows a record has to wait: parents that are not here, rows that have unique
    values of it, rows that forbid its deletion. None: for no row that is known.

    Without those that the record itself brings or changes: it is judged at its end. Asks the
    database once per reference and unique value.
    """
    match record.operation:
        case Operation.SAVE:
            found = _before_save(target, record)
        case Operation.DELETE:
            found = _before_delete(target, record)
        case Operation.DIGEST:
            return None
        case unknown:
            assert_never(unknown)
    own = set(row_keys(target, record.objects).values())
    found = [one for one in found if not own.issuperset(one.needs)]
    if not found:
        return None
    needs = dict.fromkeys(key for one in found for key in one.needs if key not in own)
    return replace(found[0], needs=tuple(needs))


def _before_save(target: Target, record: Record) -> list[Failure]:
    found = [missing.as_failure() for missing in missing_parents(target, record.objects)]
    return found + [clash.as_failure() for clash in find_clashes(target, record.objects)]


def _before_delete(target: Target, record: Record) -> list[Failure]:
    found = []
    for serialized in record.objects:
        with contextlib.suppress(RecordError):
            if row := find_rows(target, serialized).first():
                try:
                    taken_along(target, row)
                except (ProtectedError, RestrictedError) as error:
                    said, rows = error.args
                    keys = sorted(key_of(target, one) for one in islice(rows, MOST_PROTECTING))
                    needs, why = tuple(keys), str(said)
                    found.append(Failure(reason=Reason.PROTECTED, error=why, needs=needs))
    return found


def changed_by(target: Target, record: Record, models: frozenset[str] | None = None) -> set[RowKey]:
    """Return the rows that a record brings or changes, by every name that others wait for.

    Args:
        models: labels; None: of all models.
    """
    found: set[RowKey] = set()
    for serialized in record.objects:
        with contextlib.suppress(RecordError):  # a name that cannot be worked out: the last one
            found.update(_names_of(target, record.operation, serialized, models))
    return found


def _names_of(
    target: Target, operation: Operation, serialized: Serialized, models: frozenset[str] | None
) -> Iterator[RowKey]:
    model = concrete(find_model(serialized["model"]))
    label = model._meta.label_lower
    if models is not None and label not in models:
        return
    match operation:
        case Operation.SAVE:
            yield from arrivals(serialized)
            yield row_key(target, serialized)
            if has_natural_key(model):
                yield RowKey(label, natural_key_text(target, serialized))
        case Operation.DELETE:
            yield row_key(target, serialized)
        case Operation.DIGEST:
            pass
        case unknown:
            assert_never(unknown)
