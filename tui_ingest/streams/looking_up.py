"""What is looked up in a stream: places, lines once more, all that is there of something.

Nothing here moves a reader.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tui_ingest.oplog.log import (
    MAX_RECORD_BYTES,
    Entry,
    FromByte,
    FromPosition,
    FromTime,
    LogError,
    Position,
    Searched,
    StartPoint,
)
from tui_ingest.oplog.parsing import timestamp_of
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import Whole, messages
from tui_ingest.streams.messages import Envelope, decode
from tui_ingest.streams.progress import Progress

MARGIN = timedelta(minutes=10)  # by which the clocks of a site and of its broker may differ
_WINDOWS = (4, 16, 64, 256, 1024, 4096)  # numbers looked through at once, ever further back

# Places that an operator names


def locate(broker: Broker, start: StartPoint) -> Position:
    """Return the position that an operator means.

    Raises:
        LogError: there is no such place.
        LogUnavailableError: the broker is away.
    """
    info = _info(broker)
    position = Position(generation=info["created"], size=info["state"]["last_seq"])
    if isinstance(start, FromPosition):
        if start.offset > position.size + 1:
            raise LogError(
                f"The stream ends with message {position.size:,}; there is no message"
                f" {start.offset:,} in it."
            )
        return replace(position, offset=max(0, start.offset - 1))
    if isinstance(start, FromByte):
        return _at_byte(broker, position, start)
    if isinstance(start, FromTime):
        return _at_time(broker, position, start.timestamp)
    return position


def count(broker: Broker, start: Position, end: Position) -> int | None:
    """Return how many lines lie from one position to another, negative if `end` comes first.

    None if one of them is not in the stream any more.
    """
    created = _info(broker)["created"]
    if (start.generation or created, end.generation or created) != (created, created):
        return None
    first, last = Progress.parse(start.evidence), Progress.parse(end.evidence)
    if (end.offset, last.total) < (start.offset, first.total):
        return -_lines_between(broker, end, start)
    return _lines_between(broker, start, end)


def _lines_between(broker: Broker, start: Position, end: Position) -> int:
    progress, last = Progress.parse(start.evidence), Progress.parse(end.evidence)
    total = 0
    for message in messages(broker, after=start.offset):
        envelope = message.envelope
        meeting = progress.meet(envelope)
        if message.sequence > end.offset:  # the end may be within it
            upto = last.reached(envelope.generation) or 0
            return total + envelope.count(after=meeting.after, upto=upto)
        total += envelope.count(after=meeting.after)
        progress = meeting.progress.after(envelope)
    return total


def _at_time(broker: Broker, position: Position, timestamp: float) -> Position:
    """Return the place of the first record that is not older, or the end.

    A record was written before it was published: the broker's time says where to begin to look.
    """
    last = None
    for message in messages(broker, since=_moment(timestamp)):
        envelope = message.envelope
        for entry in envelope.entries(max_record_bytes=MAX_RECORD_BYTES):
            time = timestamp_of(entry.raw)
            if time is not None and time >= timestamp:
                progress = Progress().up_to(envelope, entry.location.start)
                return replace(position, offset=message.first - 1, evidence=str(progress))
        last = message
    return replace(position, offset=max(position.size, last.sequence if last else 0))


def _at_byte(broker: Broker, position: Position, start: FromByte) -> Position:
    """Return the place of the first line of the site's own file at or after a byte."""
    for message in messages(broker):
        envelope = message.envelope
        if envelope.generation == start.generation and start.offset < envelope.end:
            entries = envelope.entries(max_record_bytes=MAX_RECORD_BYTES)
            starts = (entry.location.start for entry in entries)
            byte = next((one for one in starts if one >= start.offset), envelope.end)
            progress = Progress().up_to(envelope, byte)
            return replace(position, offset=message.first - 1, evidence=str(progress))
    raise LogError("No message in which that place is, is in the stream any more.")


def _moment(timestamp: float) -> datetime:
    try:
        return datetime.fromtimestamp(timestamp, UTC) - MARGIN
    except (OverflowError, ValueError, OSError):
        return datetime(1 if timestamp < 0 else 9999, 1, 1, tzinfo=UTC)


def _info(broker: Broker) -> dict[str, Any]:
    info = broker.stream()
    if info is None:
        raise LogError(f"There is no stream {broker.address.stream}.")
    return info


# Lines that were read before, once more


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
