"""When a session must not go on by itself: whom it asks, and what it says if nobody is there."""

from __future__ import annotations

from tui_ingest.ingest.batches.attempts import BatchResult, Refusal
from tui_ingest.ingest.events import State
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.publisher import Publisher, first_line
from tui_ingest.ingest.session.retrier import Ended
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Batch, NoticeKind


class StopPolicy:
    """Pauses the session where somebody has to decide; without an operator, ends it.

    Raises:
        Ended: from every method, if the session is not interactive.
    """

    def __init__(
        self, target: Target, control: Control, publisher: Publisher, *, interactive: bool
    ) -> None:
        self._control = control
        self._publisher = publisher
        self._settings = target.settings
        self._interactive = interactive
        self._gap_accepted = False  # by resuming after a halt

    def at_gap(self, batch: Batch) -> bool:
        """Tell whether the batch has to wait for somebody to accept a loss."""
        gaps = [notice for notice in batch.notices if notice.kind is NoticeKind.GAP]
        if not gaps or self._settings.on_gap != "stop" or self._gap_accepted:
            self._gap_accepted = False
            return False
        if not self._interactive:
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
        self._publisher.refused(refusal)
        failure = refusal.failure
        reason = (
            f"Stopped on the record at position {refusal.entry.location.start}:"
            f" {failure.reason}: {first_line(failure.error)}"
        )
        # Whoever ordered it from elsewhere will decide from there.
        if not self._interactive and not self._control.lasting[1].by:
            raise Ended(State.STOPPED_ON_ERROR, reason)
        self._publisher.change_state(State.STOPPED_ON_ERROR, reason)

    def after_failures(self, written: BatchResult) -> bool:
        """Pause if so many records in a row failed that it is the environment, not the data."""
        if written.failures_in_a_row < self._settings.max_consecutive_failures:
            return False
        last = max(written.failures)
        failure = written.failures[last]
        reason = (
            f"{written.failures_in_a_row:,} records in a row failed, the last one at position"
            f" {written.entries[last].location.start} ({failure.reason}:"
            f" {first_line(failure.error)}). Look for a missing migration or the wrong project,"
            " then retry the dead letters."
        )
        if not self._interactive:
            raise Ended(State.STOPPED, reason)
        self._halt(reason)
        return True

    def _halt(self, reason: str) -> None:
        self._control.pause(by="")
        self._publisher.notice(EventKind.HALTED, reason)
        self._publisher.change_state(State.PAUSED, reason)
