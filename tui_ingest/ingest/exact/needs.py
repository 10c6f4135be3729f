"""The rows that stand between a record and its effect: whoever waits for them waits for these."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from tui_ingest.ingest.exact.clashes import find_clashes
from tui_ingest.ingest.exact.finding import natural_key_text, row_key, row_keys
from tui_ingest.ingest.exact.parents import arrivals, missing_parents
from tui_ingest.ingest.identity import has_natural_key
from tui_ingest.ingest.model_fields import Serialized, concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import Operation, Record

# What may pass by itself, once other records have taken effect.
WAITING_REASONS = (Reason.MISSING_PARENT, Reason.UNIQUE_CLASH)


def waiting(target: Target, record: Record) -> Failure | None:
    """Return for which rows a record has to wait: parents that are not here, and rows that have
    unique values of it. None: for no row that is known.

    Without those that the record itself brings or changes: it is judged at its end. Asks the
    database once per reference and unique value.
    """
    match record.operation:
        case Operation.SAVE:
            pass
        case Operation.DELETE | Operation.DIGEST:
            return None
        case unknown:
            assert_never(unknown)
    own = set(row_keys(target, record.objects).values())
    found = [missing.as_failure() for missing in missing_parents(target, record.objects)]
    clashes = find_clashes(target, record.objects)
    found += [clash.as_failure() for clash in clashes if clash.holder_key not in own]
    if not found:
        return None
    return replace(found[0], needs=tuple(dict.fromkeys(key for one in found for key in one.needs)))


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
