"""How a batch is tried: whole and hopefully first, more carefully after each refused commit."""

from __future__ import annotations

import enum
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_ingest.ingest.batches.written import Limits
from tui_ingest.ingest.exact.failures import Failure, describe
from tui_ingest.oplog.log import Batch, Entry


class CommitRefusedError(Exception):
    """A deferred constraint failed, or is known to be about to."""

    def __init__(self, cause: Exception, blamed: Mapping[int, Failure] | None = None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.blamed = blamed or {}  # by index of the entry


class RunRefusedError(Exception):
    """The database refused a run, and there was no savepoint to go back to."""


class Look(enum.IntEnum):
    """How far to look for missing parents before the commit, which would only say that some are."""

    NONE = enum.auto()
    AHEAD = enum.auto()  # before a run is written, if it is the whole batch; otherwise after all
    AFTER = enum.auto()  # when every record is written


@dataclass(kw_only=True)
class Attempt:
    """A batch, and what is known of its entries from attempts that were undone."""

    batch: Batch
    size: int  # entries to try
    limits: Limits
    look: Look = Look.NONE
    blamed: dict[int, Failure] = field(default_factory=dict)  # they fail, by index
    suspects: set[int] = field(default_factory=set)  # the database refused them among others
    longest: int = sys.maxsize  # entries of a run; less while they fail
    is_careful: bool = False  # a savepoint for each run
    was_refused: bool = False  # a run was

    @property
    def entries(self) -> Sequence[Entry]:
        return self.batch.entries[: self.size]

    def narrow(self, refused: CommitRefusedError) -> None:
        """Learn from a refused commit.

        The records whose parents are missing are found by looking; for anything else the batch
        is halved, until the one that is left is to blame.
        """
        if refused.blamed:
            self.blamed.update(refused.blamed)
        elif self.look < Look.AFTER:
            self.look = Look(self.look + 1)
        elif self.size > 1:
            self.size //= 2
        else:
            self.blamed[0] = describe(refused.cause)
