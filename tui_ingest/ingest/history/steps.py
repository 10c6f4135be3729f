"""One record of a row, and what it changed of what the records before said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.totals import label_of
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.records import Operation, Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A field that a record says something else of than the records before."""

    name: str
    is_new: bool  # no record before said anything of it, or the row was not there
    before: Any  # as logged
    after: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterFacts:
    """The dead letter that a record has become."""

    id: int
    reason: str
    error: str  # the first line
    status: str
    resolution: str
    is_edited: bool  # what is shown is what an operator made of it

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.status == DeadLetter.Status.OPEN


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One record of a row."""

    record: Record  # with the object that speaks of the row alone
    objects: int  # of the whole record
    changes: tuple[Change, ...]
    is_first: bool  # of its table's row, or the first one after a deletion
    is_again: bool  # after a deletion
    letter: LetterFacts | None = None
    is_ahead: bool = False  # the session has not read it yet
    is_in_log: bool = True  # or else only its dead letter has it

    @property
    def label(self) -> str:
        """The model, as the record names it, in small letters."""
        return label_of(self.record.objects[0])

    @property
    def has_effect(self) -> bool:
        """Whether the row here should be as this record says."""
        given_up = self.letter is not None and self.letter.status != DeadLetter.Status.APPLIED
        return not (given_up or self.is_ahead)


class Changes:
    """What was last said of each row, record by record."""

    def __init__(self) -> None:
        self._said: dict[str, Mapping[str, Any]] = {}  # by the label of the table
        self._deleted: set[str] = set()

    def next(
        self, table: str, operation: Operation, item: Serialized
    ) -> tuple[bool, bool, list[Change]]:
        """Return what an object says else than those before.

        A field that it lacks keeps the value that it had.

        Returns:
            Whether the row was not there before, as far as was said; whether that is so because it
            was deleted; and what is said of it.
        """
        is_first, is_again = table not in self._said, table in self._deleted
        before = self._said.pop(table, {})
        self._deleted.discard(table)
        if operation is Operation.DELETE:
            self._deleted.add(table)
            return is_first, is_again, []
        now = {"pk": item.get("pk"), **item["fields"]}
        self._said[table] = {**before, **now}
        changes = [
            Change(
                name=name,
                is_new=name not in before,
                before=before.get(name),
                after=value,
            )
            for name, value in now.items()
            if name not in before or before[name] != value
        ]
        return is_first, is_again, changes
