"""Which of the many records of a batch have to do with open dead letters: nearly none has."""

from __future__ import annotations

from collections.abc import Sequence

from tui_ingest.ingest.deadletters.superseding import open_rows
from tui_ingest.ingest.deadletters.waiting import open_keys
from tui_ingest.ingest.exact.sought import Sought
from tui_ingest.ingest.reasons import RowKey
from tui_ingest.ingest.target import Target, few
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.records import Record


def touching(target: Target, file: ProcessedFile, records: Sequence[Record]) -> list[Record]:
    """Return the applied records of a log that may write a row which one of its open dead letters
    speaks of, or waits for.

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
    return [*Sought(target, map(RowKey._make, rows | keys)).among(records)]
