"""Everything that a stream has of something: all its messages read once more."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

from tui_ingest.oplog.log import MAX_RECORD_BYTES, Entry, Position, Searched
from tui_ingest.oplog.parsing import timestamp_of
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import Whole, messages
from tui_ingest.streams.messages import Envelope, decode
from tui_ingest.streams.progress import Progress

Patterns = Sequence[re.Pattern[bytes]]


def search(broker: Broker, patterns: Patterns, position: Position | None) -> Generator[Searched]:
    """See `Log.search`."""
    info, last = broker.stream(), broker.last()
    if info is None or last is None:
        yield Searched(done=0, total=0)
        return
    if position is None or position.generation != info["created"]:
        position = Position()  # of another stream: all that is here comes after it
    end = decode(last.headers, last.payload).total
    progress, begin, begins_at = Progress(), None, None
    for message in messages(broker):
        envelope = message.envelope
        meeting = progress.meet(envelope)
        lacks = [meeting.gap.message] if meeting.gap else []
        if begin is None:
            begin, begins_at = envelope.first_total, timestamp_of(envelope.payload)
            if begin:
                lacks.append(f"{begin:,} bytes of lines before these are in the stream no more.")
        found = [] if meeting.is_old else _found(envelope, patterns, after=meeting.after)
        read = [entry for entry in found if _is_read(message, entry, position)]
        yield Searched(
            entries=read,
            ahead=found[len(read) :],
            done=envelope.total - begin,
            total=max(end, envelope.total) - begin,
            begins_at=begins_at,
            lacks=tuple(lacks),
        )
        progress = meeting.then(envelope)


def _found(envelope: Envelope, patterns: Patterns, *, after: int) -> list[Entry]:
    if not any(pattern.search(envelope.payload) for pattern in patterns):
        return []
    entries = envelope.entries(max_record_bytes=MAX_RECORD_BYTES, after=after)
    return [entry for entry in entries if any(one.search(entry.raw) for one in patterns)]


def _is_read(message: Whole, entry: Entry, position: Position) -> bool:
    """Tell whether the session has read an entry: messages to a number, and part of the next."""
    if message.sequence <= position.offset:
        return True
    reached = Progress.parse(position.evidence).reached(message.envelope.generation)
    return reached is not None and entry.location.end <= reached
