"""Dead letters that wait for a row which others refer to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from django.db.models import QuerySet

from tui_ingest.ingest.deadletters.chunking import chunks, few
from tui_ingest.ingest.deadletters.contents import effective_entry
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.finding import natural_key_text
from tui_ingest.ingest.exact.parents import arrivals, missing_parents
from tui_ingest.ingest.identity import has_natural_key
from tui_ingest.ingest.model_fields import concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.records import Operation, Record


def waiting_for(target: Target, file: ProcessedFile, records: Sequence[Record]) -> list[int]:
    """Return the open dead letters whose missing parent these applied records brought.

    One query if none waits.

    Returns:
        Their ids, in log order.
    """
    orphans = _orphans(target, file)
    models = set(orphans.values_list("waiting_for_model", flat=True).distinct())
    if not models:
        return []
    brought = _brought(target, records, models)
    some = few(orphans.values_list("waiting_for_model", "waiting_for_key"))
    if some is not None:
        brought.intersection_update(map(RowKey._make, some))
    found: set[int] = set()
    for model in models:
        for part in chunks(key.key for key in brought if key.model == model):
            letters = orphans.filter(waiting_for_model=model, waiting_for_key__in=part)
            found.update(letters.values_list("pk", flat=True))
    return sorted(found)


def no_longer_waiting(target: Target, file: ProcessedFile) -> list[int]:
    """Return the open dead letters for a missing parent of which nothing is missing by now.

    Their ids, in log order. Only reads: what would fail again is not even tried.
    """
    letters = _orphans(target, file).order_by("pk").iterator(chunk_size=500)
    return [letter.pk for letter in letters if _is_complete(target, letter)]


def _is_complete(target: Target, letter: DeadLetter) -> bool:
    entry = effective_entry(letter)
    try:
        return isinstance(entry, Record) and not missing_parents(target, entry.objects)
    except Exception as error:  # no such table, or the project's own look-up by natural key
        if is_of_the_database(error):
            raise
        return False


def _orphans(target: Target, file: ProcessedFile) -> QuerySet[DeadLetter]:
    return target.rows(DeadLetter).filter(
        file=file, status=DeadLetter.Status.OPEN, reason=Reason.MISSING_PARENT
    )


def _brought(target: Target, records: Sequence[Record], models: set[str]) -> set[RowKey]:
    brought: set[RowKey] = set()
    for record in records:
        match record.operation:
            case Operation.SAVE:
                objects = record.objects
            case Operation.DELETE | Operation.DIGEST:
                continue
            case unknown:
                assert_never(unknown)
        for serialized in objects:
            try:
                model = concrete(find_model(serialized["model"]))
                if model._meta.label_lower in models:
                    brought.update(arrivals(serialized))
                    if has_natural_key(model):
                        text = natural_key_text(target, serialized)
                        brought.add(RowKey(model._meta.label_lower, text))
            except RecordError:
                continue
    return brought
