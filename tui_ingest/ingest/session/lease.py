"""The right of a session to apply its log: waited for, taken, given back. `heartbeat` keeps it."""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass

from tui_ingest.ingest import checkpoints, leases
from tui_ingest.ingest.events import EventKind, State
from tui_ingest.ingest.leases import Holder, Owner
from tui_ingest.ingest.session.applier import Applier
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.session.retrier import Ended, Retrier
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.turns import write_turn
from tui_ingest.words.numbers import duration

LOOK_SECONDS = 0.5  # between two looks whether it is to be had
RELOAD_SECONDS = 2.0  # between two looks at what its holder has done
HANDED_OVER_SECONDS = 5.0  # for others, before whoever handed it over takes it back

# In which a session stays until somebody does something. One that works once only does by order.
_STAYING = {State.CAUGHT_UP, State.PAUSED, State.STOPPED_ON_ERROR, State.NO_FILE_YET}


class Lease:
    """Taken before the first record, renewed with the heartbeat, given back at the end.

    Attributes:
        owner: as whom; None for a dry run, which commits nothing and keeps nobody out.
        is_handed_over: lost by order.
        held: as far as is known; the database knows better, and fences every transaction.
        holder: who had the lease when this session last tried to take it; None if nobody had.
        is_staying: that holder follows the log, or stands still: it will not end by itself.
        seconds: for which it lasts, without a sign of life.
    """

    def __init__(self, target: Target, path: str, owner: Owner | None, *, seconds: float) -> None:
        self.held = False
        self.holder: Holder | None = None
        self.is_staying = False
        self._target = target
        self._path = path
        self.owner = owner
        self.is_handed_over = False
        self.seconds = seconds
        self._barred_until = 0.0  # monotonic seconds

    def take(self) -> bool:
        """Take the lease if it is to be had, and tell whether it is this session's now.

        Raises:
            Exception: the database cannot be used now.
        """
        if self.owner is not None and not self.held:
            file = checkpoints.load(self._target, self._path)
            found = leases.holder_as_of(self._target, file)
            self.holder = found if found and found.owner.id != self.owner.id else None
            self.is_staying = file.state in _STAYING
            self.held = self._try(self.owner)
            self.is_handed_over = False
        return self.owner is None or self.held

    def _try(self, owner: Owner) -> bool:
        """Look before writing: whoever has it is not to be kept waiting by who wants it."""
        holder = self.holder
        dead = holder.owner if holder is not None and holder.owner.is_gone() else None
        is_held = holder is not None and not dead and holder.silent_seconds <= self.seconds
        if is_held or time.monotonic() < self._barred_until:
            return False
        with write_turn(self._target.connection, short=True):
            return leases.take(self._target, self._path, owner, seconds=self.seconds, dead=dead)

    @property
    def is_lost(self) -> bool:
        """Whether this session needs the lease and has it no more."""
        return self.owner is not None and not self.held

    def lose(self) -> None:
        """Take note that somebody else has it."""
        self.held = False

    def hand_over(self, heir: Owner | None) -> None:
        """Give it to another session, or to whoever takes it within a few seconds.

        Raises:
            Exception: the database cannot be used now.
        """
        if self.owner is None or not self.held:
            return
        if heir is not None:
            leases.hand_over(self._target, self._path, self.owner, heir)
        else:
            leases.release(self._target, self._path, self.owner)
        self.held, self.is_handed_over = False, True
        self._barred_until = time.monotonic() + HANDED_OVER_SECONDS

    def release(self, *, is_there: bool) -> None:
        """Give it back, so that another session begins at once.

        Args:
            is_there: the log; of one that never was, as of a mistyped path, nothing is kept.

        Raises:
            Exception: the database cannot be used now.
        """
        if self.owner is not None and self.held:
            self.held = False
            if not is_there:
                leases.forget(self._target, self._path, self.owner)
            leases.release(self._target, self._path, self.owner)


@dataclass(eq=False)
class Standby:
    """Takes the lease, however long that takes, and continues where its holder was."""

    lease: Lease
    applier: Applier
    cursor: LogCursor
    control: Control
    publisher: Publisher
    retrier: Retrier
    _: KW_ONLY
    once: bool

    def __post_init__(self) -> None:
        self._loaded_at = 0.0  # monotonic seconds

    def begin(self) -> None:
        """Take the lease, if need be after its holder, and read where the log stands.

        Raises:
            Ended: told to stop; or it is to work once, and another session stays.
        """
        self._show()
        before: Holder | None = None  # as of the last look
        while not self.retrier.until_done(self.lease.take, between=self._show):
            holder = self.lease.holder
            if holder is not None:  # else it was given back at this moment
                self._stand_by(holder, before or holder)
            before = holder
            self._wait()
        replaced = self.lease.holder
        if not self.retrier.until_done(self.cursor.is_current):
            self.applier.load()
        if replaced is not None:
            self.publisher.notice(EventKind.TAKEN_OVER, _taken_from(replaced))

    def _stand_by(self, holder: Holder, before: Holder) -> None:
        self.publisher.change_state(State.STANDING_BY, f"{holder.owner} applies this log")
        is_alive = holder.silent_seconds < before.silent_seconds
        if self.once and is_alive and self.lease.is_staying:  # else it may work once, too
            raise Ended(
                State.STOPPED,
                f"{holder.owner} applies this log. Stop it first, or leave the work to it.",
            )

    def _wait(self) -> None:
        if time.monotonic() - self._loaded_at > RELOAD_SECONDS:
            self._show()
        deadline = time.monotonic() + LOOK_SECONDS
        while (left := deadline - time.monotonic()) > 0 and not self.control.stopping:
            self.control.wait(left)
        if self.control.stopping:
            raise Ended(State.STOPPED)

    def _show(self) -> None:
        """Say how far the log is applied, by whomever."""
        self.applier.load()
        self.publisher.progress(self.cursor, now=True)
        self._loaded_at = time.monotonic()


def _taken_from(holder: Holder) -> str:
    if holder.owner.is_gone():
        return f"Took over from {holder.owner}, which has died."
    silence = duration(holder.silent_seconds)
    return f"Took over from {holder.owner}, which gave no sign of life for {silence}."
