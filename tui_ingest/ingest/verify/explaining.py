"""What may account for a difference: what was set aside, and what nobody was to write here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, Q, QuerySet

from tui_ingest.ingest.model_fields import concrete
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, DeadLetterRow, ModelTotal, ProcessedFile
from tui_ingest.words.numbers import plural

_NAMED = 10_000  # rows of dead letters that are compared with those that differ


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """What the log has said of a model and could not be applied."""

    rows: int  # that dead letters speak of
    keys: Collection[str]  # of these, as `DeadLetterRow.key` has them; not all if they are many
    lines: int  # that are no records: they may have been about any row

    def explains(self, surplus: int, differing: Collection[str] | None) -> bool:
        """Tell whether a difference may be no more than this.

        Args:
            surplus: rows that one side has more than the other.
            differing: identities of the rows that differ; None if nobody has named them.
        """
        if self.lines:
            return True
        if differing is not None:
            return len(differing) <= self.rows and set(differing) <= set(self.keys)
        return 0 < self.rows >= surplus

    def __str__(self) -> str:
        told = []
        if self.rows:
            told.append(f"{plural(self.rows, 'row')} with an open dead letter")
        if self.lines:
            told.append(f"{plural(self.lines, 'line')} of the log that could not be read")
        return " and ".join(told)


def set_aside(
    target: Target,
    file: ProcessedFile,
    model: type[Model],
    *,
    since: datetime | None,
    began: datetime,
) -> SetAside:
    """Return what was set aside and was not put right before the comparison began.

    Args:
        since: when the rows were equal last: what is older explains nothing.
        began: when the comparison did, which may take a while.
    """
    letters = target.rows(DeadLetter).filter(file=file)
    letters = letters.filter(Q(status=DeadLetter.Status.OPEN) | Q(resolved__gte=began))
    if since is not None:
        letters = letters.filter(created__gt=since)
    rows = _rows(target, letters, model)
    return SetAside(
        rows=rows.count(),
        keys=frozenset(rows[:_NAMED]),
        lines=letters.filter(operation="").count(),
    )


def _rows(
    target: Target, letters: QuerySet[DeadLetter], model: type[Model]
) -> QuerySet[DeadLetterRow, str]:
    label = concrete(model)._meta.label_lower
    rows = target.rows(DeadLetterRow).filter(dead_letter__in=letters, model=label)
    rows = rows.filter(Q(superseded=False) | Q(dead_letter__resolved__isnull=False))
    return rows.values_list("key", flat=True).order_by("key").distinct()


def other_writers(target: Target, file: ProcessedFile, label: str) -> list[str]:
    """Return the paths of the other logs from which rows of a model were written."""
    others = target.rows(ModelTotal).filter(model=label).exclude(file=file)
    others = others.filter(Q(saved__gt=0) | Q(deleted__gt=0))
    return list(others.order_by("file__file_path").values_list("file__file_path", flat=True))
