"""How a batch is tried, more carefully after each refused commit, and what came of it."""

from __future__ import annotations

import enum
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tui_ingest.ingest import totals
from tui_ingest.ingest.events import Counts, Outcome
from tui_ingest.ingest.model_fields import Serialized
from tui_ingest.ingest.reasons import Failure
from tui_ingest.ingest.verify import Conclusion
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.log import Batch, Entry, Notice, Position
from tui_ingest.oplog.records import Record, RecordLocation

_UNUSUAL = (Outcome.MISSING, Outcome.SKIPPED)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a batch is cut short. What was applied up to there is committed."""

    seconds: float  # so that a pause takes effect soon
    failures: int  # that count, in a row (see `Partners`); the last of them is still set aside
    until_failure: bool = False  # cut behind the first failure, whether it counts or not
    stop_on_error: bool = False  # cut before the first failure instead
    # What the database cancels is the record's own failure: every record is tried by itself.
    is_timeout_final: Callable[[], bool] | None = None

    @property
    def one_by_one(self) -> bool:
        """Whether records are tried alone, because batches took too long."""
        return self.is_timeout_final is not None


class CommitRefusedError(Exception):
    """A deferred constraint failed, or is known to be about to."""

    def __init__(self, cause: Exception, blamed: Mapping[int, Failure] | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.blamed = blamed or {}  # by index of the entry


class RunRefusedError(Exception):
    """The database refused a run, and there was no savepoint to go back to."""


class Look(enum.IntEnum):
    """When to look for missing parents: a commit that fails for them names no record."""

    NONE = enum.auto()  # expect none
    AHEAD = enum.auto()  # before writing; if that does not tell, as AFTER
    AFTER = enum.auto()  # when every record is written, just before the commit


@dataclass(kw_only=True)
class Attempt:
    """A batch, and what is known of its entries from attempts that were undone."""

    batch: Batch
    size: int  # entries to try
    limits: Limits
    look: Look = Look.NONE
    blamed: dict[int, Failure] = field(default_factory=dict)  # they fail, by index
    suspects: set[int] = field(default_factory=set)  # the database refused them among others
    refused: set[int] = field(default_factory=set)  # they ended a series of the exact path
    longest: int = sys.maxsize  # entries of a run; less while they fail
    is_careful: bool = False  # a savepoint for each run
    lends: bool = False  # rows of a run may take unique values from each other
    has_lent: bool = False  # and some did
    was_refused: bool = False  # a run was

    @property
    def entries(self) -> Sequence[Entry]:
        return self.batch.entries[: self.size]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The entry before which a batch was cut because of `Limits.stop_on_error`."""

    entry: Entry
    failure: Failure


@dataclass(kw_only=True)
class BatchResult:
    """What one transaction did."""

    entries: Sequence[Entry] = ()  # those that took effect or were set aside
    position: Position | None = None  # None: nothing was committed
    last_record_time: float | None = None  # seconds since the epoch, by the source's clock
    # By index of the entry, then by model label. All saves of one model in a run share one mapping,
    # so that those who count look at a few mappings instead of at every record.
    outcomes: dict[int, Mapping[str, Outcome]] = field(default_factory=dict)
    witnesses: list[Serialized] = field(default_factory=list)  # see `batches.witnesses`
    failures: dict[int, Failure] = field(default_factory=dict)  # by index of the entry
    hopeful: set[int] = field(default_factory=set)  # of these, what waits for rows of such records
    letters: dict[int, DeadLetter] = field(default_factory=dict)
    # Of the records that took effect, those that may have to do with open dead letters.
    touching: list[Record] = field(default_factory=list)
    superseded: list[DeadLetter] = field(default_factory=list)
    overtaken: list[RecordLocation] = field(default_factory=list)  # failures of a dry run, likewise
    verified: list[Conclusion] = field(default_factory=list)  # what DIGESTs have said
    notices: Sequence[Notice] = ()  # what the log said that was not known
    failures_in_a_row: int = 0  # that count, at the end of the entries
    refusal: Refusal | None = None

    def counts(self) -> dict[str, Counts]:
        """Return what the entries add to the totals, by model label."""
        times = Counter(map(id, self.outcomes.values()))
        numbers: Counter[tuple[str, Outcome]] = Counter()
        for key, outcomes in self._different_outcomes().items():
            for label_and_outcome in outcomes.items():
                numbers[label_and_outcome] += times[key]
        for index in self.failures:
            for label in totals.failed_labels_of(self.entries[index]):
                numbers[label, Outcome.FAILED] += 1
        counts: dict[str, Counts] = {}
        for (label, outcome), number in numbers.items():
            totals.merge(counts, {label: Counts(**{outcome.value: number})})
        return counts

    def _different_outcomes(self) -> dict[int, Mapping[str, Outcome]]:
        outcomes = self.outcomes.values()
        return dict(zip(map(id, outcomes), outcomes, strict=True))

    def applied(self) -> list[Record]:
        """Return the records that took effect on rows; a DIGEST has none."""
        return [
            entry
            for index, outcomes in self.outcomes.items()
            if outcomes and isinstance(entry := self.entries[index], Record)
        ]

    def unusual(self) -> dict[int, Outcome]:
        """Return the entries that were not simply saved or deleted."""
        found = dict.fromkeys(self.failures, Outcome.FAILED)
        unusual = {
            key: outcome
            for key, outcomes in self._different_outcomes().items()
            for outcome in _UNUSUAL
            if outcome in outcomes.values()
        }
        if unusual:
            found |= {i: unusual[id(o)] for i, o in self.outcomes.items() if id(o) in unusual}
        return found
