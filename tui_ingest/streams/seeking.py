"""Places that an operator names: the start, a message, a time. Nothing here moves a reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tui_ingest.oplog.log import (
    MAX_RECORD_BYTES,
    FromByte,
    FromPosition,
    FromTime,
    LogError,
    Position,
    StartPoint,
)
from tui_ingest.oplog.parsing import timestamp_of
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import messages
from tui_ingest.streams.progress import Progress

MARGIN = timedelta(minutes=10)  # by which the clocks of a site and of its broker may differ


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
