"""A session that is not the one: it waits for the lease of its log, and says so."""

from __future__ import annotations

import time

from tui_ingest.ingest.events import State
from tui_ingest.ingest.leases import Holder
from tui_ingest.ingest.session.applier import Applier
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.lease import Lease
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.session.retrier import Ended, Retrier
from tui_ingest.ingest.status import EventKind
from tui_ingest.words.numbers import duration

LOOK_SECONDS = 0.5  # between two looks whether the lease is to be had
RELOAD_SECONDS = 2.0  # between two looks at what its holder has done


class Standby:
    """Takes the lease, however long that takes, and continues where its holder was."""

    def __init__(
        self,
        lease: Lease,
        applier: Applier,
        cursor: LogCursor,
        control: Control,
        publisher: Publisher,
        retrier: Retrier,
        *,
        once: bool,
    ) -> None:
        self._lease = lease
        self._applier = applier
        self._cursor = cursor
        self._control = control
        self._publisher = publisher
        self._retrier = retrier
        self._once = once
        self._loaded_at = 0.0  # monotonic seconds

    def begin(self) -> None:
        """Take the lease, if need be after its holder, and read where the log stands.

        Raises:
            Ended: told to stop; or it is to work once, and another session stays.
        """
        self._show()
        before: Holder | None = None  # as of the last look
        while not self._retrier.until_done(self._lease.take, between=self._show):
            holder = self._lease.holder
            if holder is not None:  # else it was given back at this moment
                self._stand_by(holder, before or holder)
            before = holder
            self._wait()
        replaced = self._lease.holder
        if not self._retrier.until_done(self._cursor.is_current):
            self._applier.load()
        if replaced is not None:
            self._publisher.notice(EventKind.TAKEN_OVER, _taken_from(replaced))

    def _stand_by(self, holder: Holder, before: Holder) -> None:
        self._publisher.change_state(State.STANDING_BY, f"{holder.owner} applies this log")
        is_alive = holder.silent_seconds < before.silent_seconds
        if self._once and is_alive and self._lease.is_staying:  # else it may work once, too
            raise Ended(
                State.STOPPED,
                f"{holder.owner} applies this log. Stop it first, or leave the work to it.",
            )

    def _wait(self) -> None:
        if time.monotonic() - self._loaded_at > RELOAD_SECONDS:
            self._show()
        deadline = time.monotonic() + LOOK_SECONDS
        while (left := deadline - time.monotonic()) > 0 and not self._control.stopping:
            self._control.wait(left)
        if self._control.stopping:
            raise Ended(State.STOPPED)

    def _show(self) -> None:
        """Say how far the log is applied, by whomever."""
        self._applier.load()
        self._publisher.progress(self._cursor, now=True)
        self._loaded_at = time.monotonic()


def _taken_from(holder: Holder) -> str:
    if holder.owner.is_gone():
        return f"Took over from {holder.owner}, which has died."
    silence = duration(holder.silent_seconds)
    return f"Took over from {holder.owner}, which gave no sign of life for {silence}."
