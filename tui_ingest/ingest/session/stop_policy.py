"""When a session must not go on by itself: whom it asks, and what it says if nobody is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

from tui_ingest.ingest.batches.attempts import BatchResult, Refusal
from tui_ingest.ingest.events import EventKind, State
from tui_ingest.ingest.reasons import advice, first_line
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.publisher import Publisher, stopped_before
from tui_ingest.ingest.session.retrier import Ended
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.totals import label_of
from tui_ingest.oplog.log import Batch, NoticeKind
from tui_ingest.oplog.records import Malformed
from tui_ingest.words.terminal_safe import terminal_safe


class _Cause(NamedTuple):
    """Why records failed."""

    reason: str
    model: str  # label; "" of what is no record

    def __str__(self) -> str:
        return f"{self.reason} of {terminal_safe(self.model)}" if self.model else self.reason


@dataclass(eq=False)
class StopPolicy:
    """Pauses the session where somebody has to decide; without an operator, ends it.

    Raises:
        Ended: from every method, if the session is not interactive.
    """

    target: Target
    control: Control
    publisher: Publisher
    _: KW_ONLY
    interactive: bool

    def __post_init__(self) -> None:
        self._gap_accepted = False  # by resuming after a halt
        self._causes: Counter[_Cause] = Counter()  # of the failures since the last success

    def warn(self) -> None:
        """Say of the settings at the start what many dead letters would say later."""
        if said := self.target.policy.outside_warning():
            self.publisher.notice(EventKind.REFERS_OUTSIDE, said)

    def at_gap(self, batch: Batch) -> bool:
        """Tell whether the batch has to wait for somebody to accept a loss."""
        gaps = [notice for notice in batch.notices if notice.kind is NoticeKind.GAP]
        if not gaps or self.target.settings.on_gap != "stop" or self._gap_accepted:
            self._gap_accepted = False
            return False
        if not self.interactive:
            raise Ended(
                State.STOPPED,
                f"{gaps[0].message} Stopped because ON_GAP is 'stop';"
                " set it to 'continue' to go on with what is left.",
            )
        self._halt(f"{gaps[0].message} Resume to go on with what is left.")
        self._gap_accepted = True
        return True

    def before_record(self, refusal: Refusal) -> None:
        """Stand before a record that failed; the control will bring the decision."""
        failure = refusal.failure
        self.publisher.tell(stopped_before(refusal.entry, failure))
        reason = (
            f"Stopped on the record at position {refusal.entry.location.start}:"
            f" {failure.reason}: {first_line(failure.error)}"
        )
        # Whoever ordered it from elsewhere will decide from there.
        if not self.interactive and not self.control.lasting.stop_on_error.by:
            raise Ended(State.STOPPED_ON_ERROR, reason)
        self.publisher.change_state(State.STOPPED_ON_ERROR, reason)

    def after_failures(self, written: BatchResult) -> bool:
        """Pause if so many records in a row failed that it is the environment, not the data."""
        self._count_causes(written)
        if written.failures_in_a_row < self.target.settings.max_consecutive_failures:
            return False
        last = max(written.failures)
        failure = written.failures[last]
        ((cause, times),) = self._causes.most_common(1)
        reason = (
            f"{written.failures_in_a_row:,} records in a row failed, the last one at position"
            f" {written.entries[last].location.start} ({failure.reason}:"
            f" {first_line(failure.error)}). Most of them ({times:,}): {cause}."
            f" {advice(cause.reason)}"
        )
        if not self.interactive:
            raise Ended(State.STOPPED, reason)
        self._halt(reason)
        return True

    def _count_causes(self, written: BatchResult) -> None:
        last_success = max(written.outcomes, default=-1)
        if last_success >= 0 or not written.failures_in_a_row:
            self._causes.clear()
        for index, failure in written.failures.items():
            if index > last_success:
                entry = written.entries[index]
                objects = [] if isinstance(entry, Malformed) else entry.objects
                model = label_of(objects[0]) if objects else ""
                self._causes[_Cause(failure.reason, model)] += 1

    def _halt(self, reason: str) -> None:
        self.control.pause(by="")
        self.publisher.notice(EventKind.HALTED, reason)
        self.publisher.change_state(State.PAUSED, reason)
