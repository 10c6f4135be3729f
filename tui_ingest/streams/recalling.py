"""Lines that were read before, once more: for people who look at a log."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence

from tui_ingest.oplog.log import MAX_RECORD_BYTES, Entry, Position, Searched
from tui_ingest.oplog.parsing import timestamp_of
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import Whole, messages
from tui_ingest.streams.messages import Envelope, decode
from tui_ingest.streams.progress import Progress

_WINDOWS = (4, 16, 64, 256, 1024, 4096)  # numbers looked through at once, ever further back


def line_at(broker: Broker, location: RecordLocation) -> bytes | None:
    """Return a line without its terminator; None if it is not among the last messages."""
    info = broker.stream()
    for message in _backwards(broker, info["state"]["last_seq"] if info else 0):
        envelope = message.envelope
        if envelope.generation == location.generation and (
            envelope.start <= location.start < envelope.end
        ):
            entries = envelope.entries(max_record_bytes=MAX_RECORD_BYTES)
            return next((one.raw for one in entries if one.location == location), None)
    return None


def recent(broker: Broker, position: Position, most: int, *, since: Position | None) -> list[Entry]:
    """Return up to `most` entries just before a position, oldest first.

    Args:
        since: none from before this position.
    """
    if since is None or since.generation != position.generation:
        since = Position(generation=position.generation)
    done, begun = Progress.parse(position.evidence), Progress.parse(since.evidence)
    found: list[Entry] = []
    beyond = next(messages(broker, after=position.offset), None)  # it may be applied in part
    if beyond is not None:
        found = _entries(beyond, begun, done)
    for message in _backwards(broker, position.offset):
        if message.sequence <= since.offset or len(found) >= most:
            break
        # All of it is applied, and only the first one after `since` was in part before.
        found = _entries(message, begun, None) + found
    return found[-most:]


def _entries(message: Whole, begun: Progress, done: Progress | None) -> list[Entry]:
    generation = message.envelope.generation
    after = begun.reached(generation) or 0
    upto = None if done is None else done.reached(generation) or 0
    entries = message.envelope.entries(max_record_bytes=MAX_RECORD_BYTES, after=after)
    return [entry for entry in entries if upto is None or entry.location.end <= upto]


def _backwards(broker: Broker, end: int) -> Iterator[Whole]:
    """Yield messages from one on, the last one first, as far back as anybody looks."""
    for window in _WINDOWS:
        start = max(0, end - window)
        some: list[Whole] = []
        for message in messages(broker, after=start):
            if message.sequence > end:
                break
            some.append(message)
        yield from reversed(some)
        end = start
        if not end:
            return


# Searching: all that is there, once more


def search(
    broker: Broker, patterns: Sequence[re.Pattern[bytes]], position: Position | None
) -> Generator[Searched]:
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


def _found(envelope: Envelope, patterns: Sequence[re.Pattern[bytes]], *, after: int) -> list[Entry]:
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
