"""What one transaction did, and where it was told to end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_ingest.ingest import totals
from tui_ingest.ingest.events import Counts, Outcome
from tui_ingest.ingest.reasons import Failure
from tui_ingest.models import DeadLetter
from tui_ingest.oplog.log import Entry, Position
from tui_ingest.oplog.records import Record

_UNUSUAL = (Outcome.MISSING, Outcome.SKIPPED)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Where a batch is cut short. What was applied up to there is committed."""

    seconds: float  # so that a pause takes effect soon
    failures: int  # permanent failures in a row; the last of them is still set aside
    stop_on_error: bool = False  # cut before the first failure instead


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """The entry before which a batch was cut because of `Limits.stop_on_error`."""

    entry: Entry
    failure: Failure


@dataclass(kw_only=True)
class Written:
    """What one transaction did."""

    entries: Sequence[Entry] = ()  # those that took effect or were set aside
    position: Position | None = None  # None: nothing was committed
    last_record_time: float | None = None  # seconds since the epoch, by the source's clock
    # By entry, by label. Records of one run share their mappings: a batch has few different ones.
    outcomes: dict[int, Mapping[str, Outcome]] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)  # by index of the entry
    letters: dict[int, DeadLetter] = field(default_factory=dict)
    superseded: list[DeadLetter] = field(default_factory=list)
    failures_in_a_row: int = 0  # at the end of the entries
    refusal: Refusal | None = None

    def counts(self) -> dict[str, Counts]:
        """Return what the entries add to the totals, by model label."""
        times = Counter(map(id, self.outcomes.values()))
        numbers: Counter[tuple[str, Outcome]] = Counter()
        for key, outcomes in self._different_outcomes().items():
            for label_and_outcome in outcomes.items():
                numbers[label_and_outcome] += times[key]
        for index in self.failures:
            for label in totals.labels_of(self.entries[index]):
                numbers[label, Outcome.FAILED] += 1
        counts: dict[str, Counts] = {}
        for (label, outcome), number in numbers.items():
            totals.merge(counts, {label: Counts(**{outcome.value: number})})
        return counts

    def _different_outcomes(self) -> dict[int, Mapping[str, Outcome]]:
        outcomes = self.outcomes.values()
        return dict(zip(map(id, outcomes), outcomes, strict=True))

    def applied(self) -> list[Record]:
        """Return the records that took effect."""
        return [
            entry for index in self.outcomes if isinstance(entry := self.entries[index], Record)
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
            for index, outcomes in self.outcomes.items():
                if id(outcomes) in unusual:
                    found[index] = unusual[id(outcomes)]
        return found
