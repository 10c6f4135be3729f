"""The right of a session to apply its log."""

from __future__ import annotations

from tui_ingest.ingest import checkpoints, leases
from tui_ingest.ingest.leases import Holder, Owner
from tui_ingest.ingest.target import Target


class Lease:
    """Taken before the first record, renewed with the heartbeat, given back at the end.

    Attributes:
        held: as far as is known; the database knows better, and fences every transaction.
        holder: who had the lease when this session last tried to take it; None if nobody had.
    """

    def __init__(self, target: Target, path: str, owner: Owner | None, *, seconds: float) -> None:
        self.held = False
        self.holder: Holder | None = None
        self._target = target
        self._path = path
        self._owner = owner  # None: a dry run commits nothing and keeps nobody out
        self._seconds = seconds

    def take(self) -> bool:
        """Take the lease if it is to be had, and tell whether it is this session's now.

        Raises:
            Exception: the database cannot be used now.
        """
        if self._owner is not None and not self.held:
            checkpoints.load(self._target, self._path)
            found = leases.holder(self._target, self._path)
            self.holder = found if found and found.owner.id != self._owner.id else None
            self.held = self._is_to_be_had() and leases.take(
                self._target, self._path, self._owner, seconds=self._seconds, dead=self._dead()
            )
        return self._owner is None or self.held

    def _is_to_be_had(self) -> bool:
        """Look before writing: whoever has it is not to be kept waiting by who wants it."""
        holder = self.holder
        return holder is None or holder.owner.is_gone() or holder.silent_seconds > self._seconds

    def _dead(self) -> Owner | None:
        return self.holder.owner if self.holder and self.holder.owner.is_gone() else None

    @property
    def is_lost(self) -> bool:
        """Whether this session needs the lease and has it no more."""
        return self._owner is not None and not self.held

    def lose(self) -> None:
        """Take note that somebody else has it."""
        self.held = False

    def release(self) -> None:
        """Give it back, so that another session begins at once.

        Raises:
            Exception: the database cannot be used now.
        """
        if self._owner is not None and self.held:
            self.held = False
            leases.release(self._target, self._path, self._owner)
