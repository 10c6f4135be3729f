"""The entries of one batch, message by message, and the positions between them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from tui_ingest.oplog.log import Entry, Position
from tui_ingest.streams.feed import Whole
from tui_ingest.streams.progress import Progress


class Group(NamedTuple):
    """Entries of one message, for positions between them."""

    message: Whole
    progress: Progress  # before it
    before: Position
    entries: list[Entry]


class Gathered:
    """What one batch is made of."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.entries: list[Entry] = []
        self.size = 0  # bytes

    def add(self, group: Group) -> None:
        """Take one more message."""
        self.groups.append(group)
        self.entries += group.entries
        self.size += len(group.message.envelope.payload)

    def position_after(self, entry: Entry) -> Position:
        """Return the position after one of the entries: after its message, or within it."""
        at = next(
            at for at, group in enumerate(self.groups) if any(entry is one for one in group.entries)
        )
        message, progress, before, entries = self.groups[at]
        if entry is entries[-1]:
            after = replace(progress.after(message.envelope), digest=message.digest)
            size = max(message.sequence, before.size)
            return replace(before, offset=message.sequence, size=size, evidence=str(after))
        within = progress.within(message.envelope, entry)
        digest = self.groups[at - 1].message.digest if at else progress.digest
        return replace(before, evidence=str(replace(within, digest=digest)))
