"""A reader's position: whether it is one of the stream that is there, and those within a batch.

A broker serves a position before the first or beyond the last message, or in another stream of the
same name, from wherever it has something: without a look nobody would know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from tui_ingest.oplog.log import Entry, Notice, NoticeKind, Position
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import Whole
from tui_ingest.streams.messages import digest
from tui_ingest.streams.progress import Progress
from tui_ingest.streams.upkeep import verify


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A position in the stream as it is now."""

    position: Position
    progress: Progress
    notices: tuple[Notice, ...] = ()


def stand_at(broker: Broker, position: Position, progress: Progress) -> Standing | None:
    """Return where to go on; None if there is no such stream.

    Raises:
        LogError: the stream may lose what it acknowledges.
        LogUnavailableError: the broker is away.
    """
    info = broker.stream()
    if info is None:
        return None
    verify(broker, info)
    created = info["created"]
    if not position.generation:
        return Standing(position=replace(position, generation=created), progress=progress)
    changed = _change(broker, info, position, progress)
    if changed is None:
        return Standing(position=position, progress=progress)
    kind, what = changed
    said = f"{what}. It is read from its first message; lines that were taken already are left out."
    again = replace(progress, again=True, digest="")
    return Standing(
        position=Position(generation=created, evidence=str(again)),
        progress=again,
        notices=(Notice(kind=kind, message=said, generation=created),),
    )


def _change(
    broker: Broker, info: dict[str, Any], position: Position, progress: Progress
) -> tuple[NoticeKind, str] | None:
    """Return what happened to the stream since the position was left; None if nothing did."""
    if info["created"] != position.generation:
        return NoticeKind.REPLACED, "The stream was deleted and made anew"
    last = info["state"]["last_seq"]
    if position.offset > last:
        return NoticeKind.TRUNCATED, (
            f"The stream ends with message {last:,}, before the one that was read"
            f" last ({position.offset:,}): the brokers lost its end"
        )
    stored = broker.at(position.offset) if position.offset and progress.digest else None
    if stored is not None and digest(stored.headers, stored.payload) != progress.digest:
        return NoticeKind.TRUNCATED, (
            f"Message {position.offset:,} is another one than was read: the brokers lost the end of"
            " the stream, and it was written again"
        )
    return None


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
