"""Per-model totals: how many records of each model came out of a log, by what became of them.

What was set aside and names no model is counted, too, so that nothing that failed is left out.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from tui_ingest.ingest.events import Counts, Outcome
from tui_ingest.ingest.target import Target
from tui_ingest.models import ModelTotal, ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Malformed, Operation
from tui_ingest.words.terminal_safe import terminal_safe

COLUMNS = tuple(field.name for field in dataclasses.fields(Counts))
# What a record calls a model is data: only what can be a label becomes a row of the totals.
_LABEL = re.compile(r"\w+\.\w+")
NO_MODEL = ""  # the label of what failed and names none: a line that is no record, a DIGEST
_MAX_LABEL = 255  # characters; ModelTotal.model
_ONE = {outcome: Counts(**{outcome.value: 1}) for outcome in Outcome}


def label_of(serialized: Mapping[str, object]) -> str:
    """Return the `app_label.model` that a serialized object names, as Django looks it up."""
    app_label, _, model = str(serialized["model"]).partition(".")
    return f"{app_label}.{model.lower()}"


def labels_of(entry: Entry) -> frozenset[str]:
    """Return the labels under which an entry is counted: each model it names, once.

    A DIGEST is counted nowhere: it is about all rows of its model.
    """
    if isinstance(entry, Malformed) or entry.operation is Operation.DIGEST:
        return frozenset()
    return frozenset(filter(is_label, map(label_of, entry.objects)))


def failed_labels_of(entry: Entry) -> frozenset[str]:
    """Return the same of an entry that failed, which is always counted somewhere."""
    return labels_of(entry) or frozenset({NO_MODEL})


def is_label(text: str) -> bool:
    """Tell whether a text can be the label of a model, installed or not."""
    return len(text) <= _MAX_LABEL and _LABEL.fullmatch(text) is not None


def tally(outcomes: Iterable[tuple[str, Outcome]]) -> dict[str, Counts]:
    """Add up single outcomes, each a model label and what became of a record."""
    counts: dict[str, Counts] = {}
    for label, outcome in outcomes:
        counts[label] = counts.get(label, Counts()) + _ONE[outcome]
    return counts


def merge(into: dict[str, Counts], changes: Mapping[str, Counts]) -> None:
    """Add changes to counts that are kept in memory."""
    for label, change in changes.items():
        into[label] = into.get(label, Counts()) + change


def add(target: Target, file: ProcessedFile, changes: Mapping[str, Counts]) -> None:
    """Add changes, which may be negative, to the totals of a log.

    Inside a transaction that holds the log's checkpoint: nobody else writes them meanwhile.
    """
    quote = target.connection.ops.quote_name
    table = quote(ModelTotal._meta.db_table)
    added = (f"{quote(name)} = {quote(name)} + %s" for name in COLUMNS)
    # By hand: to compile it for each model takes longer than all else that a short batch settles.
    add_up = f"UPDATE {table} SET {', '.join(added)} WHERE file_id = %s AND model = %s"  # noqa: S608
    with target.connection.cursor() as cursor:
        for label, change in changes.items():
            columns = {name: getattr(change, name) for name in COLUMNS}
            if any(columns.values()):
                cursor.execute(add_up, [*columns.values(), file.pk, label])
                if not cursor.rowcount:
                    target.rows(ModelTotal).create(file=file, model=label, **columns)


def by_model(counts: Mapping[str, Counts]) -> dict[str, dict[str, int]]:
    """Return counts as JSON can hold them, without what names no model."""
    return {label: dataclasses.asdict(one) for label, one in counts.items() if label != NO_MODEL}


def without_model(counts: Mapping[str, Counts]) -> int:
    """Return how many entries failed that name no model."""
    return counts.get(NO_MODEL, Counts()).failed


def in_order(labels: Iterable[str]) -> list[str]:
    """Sort labels, with what names no model at the end."""
    return sorted(labels, key=lambda label: (label == NO_MODEL, label))


def shown(label: str) -> str:
    """Return how a label is shown to people."""
    return "(no model)" if label == NO_MODEL else terminal_safe(label)


def load(target: Target, file: ProcessedFile) -> dict[str, Counts]:
    """Return the lifetime totals of a log by model label."""
    return load_all(target, target.rows(ProcessedFile).filter(pk=file.pk)).get(file.pk, {})


def load_all(target: Target, files: QuerySet[ProcessedFile]) -> defaultdict[int, dict[str, Counts]]:
    """Return the same of many logs, by their keys."""
    loaded: defaultdict[int, dict[str, Counts]] = defaultdict(dict)
    rows = target.rows(ModelTotal).filter(file__in=files.order_by().values("pk"))
    for row in rows.order_by("model"):
        loaded[row.file_id][row.model] = Counts(**{name: getattr(row, name) for name in COLUMNS})
    return loaded
