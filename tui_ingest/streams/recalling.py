"""Lines that were read before, once more: for people who look at a log."""

from __future__ import annotations

from collections.abc import Iterator

from tui_ingest.oplog.log import MAX_RECORD_BYTES, Entry, Position
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import Whole, messages
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
