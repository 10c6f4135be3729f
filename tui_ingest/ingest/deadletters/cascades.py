"""Rows that a deletion would take along although they have moved away: their own records wait.

The source deleted a department after its staff had left it. If the record of one who left waits
here, the row is still where it was: it would go with the department, and with it what refers to it.
It would come back with its record; what went with it would not. So the deletion waits, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from django.db.models import Model, ProtectedError, QuerySet, RestrictedError

from tui_ingest.ingest.deadletters.waiting import waiting_letters
from tui_ingest.ingest.exact.clashes import key_of
from tui_ingest.ingest.exact.deleting import goes_alone, taken_along
from tui_ingest.ingest.exact.finding import find_rows, row_keys
from tui_ingest.ingest.exact.needs import WAITING_REASONS
from tui_ingest.ingest.model_fields import concrete
from tui_ingest.ingest.policy import find_model
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, RowKey
from tui_ingest.ingest.target import Target, chunks
from tui_ingest.models import DeadLetter, DeadLetterRow, ProcessedFile
from tui_ingest.oplog.records import Operation, Record


class Cascades:
    """Looks at deletions before they are made, while records of one log wait.

    Args:
        about_to_look: is called before rows are looked for.
    """

    def __init__(
        self,
        target: Target,
        file: ProcessedFile,
        *,
        about_to_look: Callable[[], None] = lambda: None,
    ) -> None:
        self._about_to_look = about_to_look
        self._target = target
        self._file = file
        self._waiting: bool | None = None  # whether any dead letter does

    def failure(
        self,
        record: Record,
        failed: Iterable[tuple[Record, Failure]] = (),
        but: Iterable[RowKey] = (),
    ) -> Failure | None:
        """Return why a deletion has to wait; None if it need not.

        Args:
            failed: records that are no dead letters yet.
            but: rows whose records are about to take effect.
        """
        if record.operation is not Operation.DELETE:
            return None
        here = {key for other, why in failed for key in self._rows_of(other, why)} - {*but}
        if not here and not self._do_any_wait():
            return None
        for serialized in record.objects:
            try:
                if goes_alone(find_model(serialized["model"])):
                    continue
                self._about_to_look()
                row = find_rows(self._target, serialized).first()
            except RecordError:
                continue
            if row is not None:
                for key in self._taken_along(row, here, {*but}):
                    return _failure(row, key)
        return None

    def _rows_of(self, record: Record, why: Failure) -> Iterable[RowKey]:
        is_waiting_save = record.operation is Operation.SAVE and why.reason in WAITING_REASONS
        return row_keys(self._target, record.objects).values() if is_waiting_save else ()

    def _do_any_wait(self) -> bool:
        if self._waiting is None:
            self._waiting = self._waiting_saves().exists()
        return self._waiting

    def _taken_along(self, row: Model, here: set[RowKey], but: set[RowKey]) -> Iterator[RowKey]:
        try:
            groups = taken_along(self._target, row)
        except (ProtectedError, RestrictedError):  # it fails in any case
            return
        own = key_of(self._target, row)
        for group in groups:
            for part in chunks(group.iterator() if isinstance(group, QuerySet) else group):
                keys = {key_of(self._target, instance) for instance in part} - {own, *but}
                yield from keys & here
                yield from self._waiting_among(keys)

    def _waiting_among(self, keys: set[RowKey]) -> Iterator[RowKey]:
        if not keys or not self._do_any_wait():
            return
        rows = self._target.rows(DeadLetterRow).filter(
            dead_letter__in=self._waiting_saves(),
            superseded=False,
            key__in=[key.key for key in keys],
        )
        found = itertools.starmap(RowKey, rows.values_list("model", "key"))
        yield from (key for key in found if key in keys)

    def _waiting_saves(self) -> QuerySet[DeadLetter]:
        letters = waiting_letters(self._target)
        return letters.filter(file=self._file, operation=Operation.SAVE.value)


def _failure(row: Model, key: RowKey) -> Failure:
    label = concrete(type(row))._meta.label_lower
    return Failure(
        reason=Reason.PROTECTED,
        error=(
            f"{label} {row.pk} is not deleted yet: {key.model} {key.key} would go with it, and has"
            " a record of its own that waits. It is retried when that one has taken effect."
        ),
        needs=(key,),
    )
