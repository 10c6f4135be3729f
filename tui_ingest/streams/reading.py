"""A subject of a stream as one sequence of entries: the stream's implementation of `Log`."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import TypeVar

from tui_ingest.flag import Flag
from tui_ingest.oplog.log import (
    MAX_RECORD_BYTES,
    Backlog,
    Batch,
    Entry,
    LogError,
    LogUnavailableError,
    Notice,
    Position,
    Searched,
    StartPoint,
)
from tui_ingest.oplog.records import Record, RecordLocation
from tui_ingest.streams import looking_up
from tui_ingest.streams.addresses import Access, parse_address
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.feed import Feed, Newest, Whole, pending_after
from tui_ingest.streams.messages import decode
from tui_ingest.streams.positions import Gathered, Group, stand_at
from tui_ingest.streams.progress import Progress

POLL_SECONDS = 0.1  # between two looks for a message
VERIFY_SECONDS = 60.0  # between two looks whether the stream is still the one that it was
_NEWEST_SECONDS = 1.0  # for which the last message is believed to be the last
_REPLICA_SECONDS = 5.0  # for a replica to have what the leader has
_REPLICA_PAUSE_SECONDS = 0.02

T = TypeVar("T")


class StreamLog:
    """The log at an address of a stream. Offsets are sequence numbers of messages.

    Args:
        address: see `StreamAddress`.
        access: how to be let in.
        max_record_bytes: a longer record becomes a `Malformed` entry.
        poll_seconds: look for messages this often.
    """

    unit = "message"

    def __init__(
        self,
        address: str,
        *,
        access: Access,
        max_record_bytes: int = MAX_RECORD_BYTES,
        poll_seconds: float | None = None,
    ) -> None:
        self._address = parse_address(address)
        self.path = address
        self._access = access
        self._max_record_bytes = max_record_bytes
        self._poll_seconds = poll_seconds or POLL_SECONDS
        self._woken = Flag()
        self._broker: Broker | None = None
        self._feed: Feed | None = None  # None: the stream has to be looked at first
        self._looked_at = 0.0  # monotonic seconds
        self._exists = True
        self._position = Position()  # after what was handed out
        self._progress = Progress()
        self._notices: list[Notice] = []
        self._newest: tuple[float, Newest | None] = (0.0, None)  # looked at in monotonic seconds

    # Reading

    def resume(self, position: Position | None) -> None:
        """See `Log.resume`."""
        self._position = position or Position()
        self._progress = Progress.parse(self._position.evidence)
        self._notices.clear()
        self._feed = None

    def read(self, *, max_records: int, max_bytes: int, final: bool = False) -> Batch | None:
        """See `Log.read`. A message is handed out whole, whatever was asked for."""
        return self._with_broker(lambda broker: self._read(broker, max_records, max_bytes, final))

    def _read(self, broker: Broker, max_records: int, max_bytes: int, final: bool) -> Batch | None:
        if self._feed is None or time.monotonic() - self._looked_at > VERIFY_SECONDS:
            self._stand(broker)
        if self._feed is None:
            return None
        found = Gathered()
        deadline = time.monotonic() + _REPLICA_SECONDS if final else None
        while len(found.entries) < max_records and found.size < max_bytes:
            try:
                message = self._next(broker, deadline=None if found.entries else deadline)
            except LogError:
                if not found.groups:
                    raise
                break  # those are good; the next call will meet the same trouble
            if message is None or not self._take(broker, message, found):
                break
        return self._batch(found)

    def _next(self, broker: Broker, *, deadline: float | None) -> Whole | None:
        """Return the next message.

        Args:
            deadline: monotonic seconds, until which a message is waited for that the leader has
                and no replica has handed out yet. None: what a replica has is all.
        """
        assert self._feed is not None  # noqa: S101  # looked at before
        while (message := self._feed.next()) is None and deadline is not None:
            last = broker.last()
            if last is None or last.sequence <= self._position.offset:
                break
            if time.monotonic() > deadline:
                raise LogUnavailableError(
                    f"{self.path}: message {last.sequence:,} is not handed out."
                )
            self._woken.wait(_REPLICA_PAUSE_SECONDS)
        return message

    def _take(self, broker: Broker, message: Whole, found: Gathered) -> bool:
        """Put what is new in a message to what was found; tell whether that could be done."""
        meeting = self._progress.meet(message.envelope)
        if meeting.gap is not None:
            if found.entries:  # whoever has to accept a loss meets it by itself
                assert self._feed is not None  # noqa: S101  # the message came from there
                self._feed.put_back(message)
                return False
            if not self._is_same(broker):
                return False
        entries: list[Entry] = []
        if not meeting.is_old:
            envelope = message.envelope
            entries = envelope.entries(max_record_bytes=self._max_record_bytes, after=meeting.after)
            self._notices += [meeting.gap] if meeting.gap else []
            self._notices += envelope.notices
        found.add(Group(message, meeting.progress, self._position, entries))
        self._move(message, meeting.then(message.envelope))
        return True

    def _is_same(self, broker: Broker) -> bool:
        """Tell whether it is still the stream that the position is of, before a gap is believed.

        In one that was made anew the numbers of messages mean others.
        """
        feed = self._feed
        self._stand(broker)
        return self._feed is feed

    def _move(self, message: Whole, progress: Progress) -> None:
        self._progress = replace(progress, digest=message.digest)
        self._position = replace(
            self._position,
            offset=message.sequence,
            size=max(message.sequence, self._position.size),
            evidence="",  # made of the progress when somebody wants it: once for many messages
        )

    def _batch(self, found: Gathered) -> Batch | None:
        self._position = replace(self._position, evidence=str(self._progress))
        if not found.entries and not self._notices:
            return None
        notices, self._notices = tuple(self._notices), []
        return Batch(
            entries=found.entries,
            position=self._position,
            notices=notices,
            after=found.position_after,
        )

    # The broker

    def _with_broker(self, work: Callable[[Broker], T]) -> T:
        """Do what needs a client, and let go of it after any trouble: the next try has another."""
        try:
            if self._broker is None:
                self._broker = Broker(self._address, self._access)
            return work(self._broker)
        except LogError:
            self._let_go()
            raise

    def _let_go(self) -> None:
        broker, self._broker, self._feed = self._broker, None, None
        self._newest = (0.0, None)
        if broker is not None:
            broker.close()

    def _stand(self, broker: Broker) -> None:
        """Look whether the stream is the one that the position is of, and go on there."""
        found = stand_at(broker, self._position, self._progress)
        self._looked_at = time.monotonic()
        self._exists = found is not None
        if found is None:
            self._feed = None
            return
        moved = (found.position.generation, found.position.offset) != (
            self._position.generation,
            self._position.offset,
        )
        self._position, self._progress = found.position, found.progress
        self._notices += found.notices
        if moved or self._feed is None:
            self._feed = Feed(broker, after=found.position.offset)

    # Places

    def line_at(self, location: RecordLocation) -> bytes | None:
        """See `Log.line_at`."""
        with contextlib.suppress(LogError):
            return self._with_broker(lambda broker: looking_up.line_at(broker, location))
        return None

    def recent(
        self, position: Position, most: int, *, since: Position | None = None
    ) -> Sequence[Entry]:
        """See `Log.recent`."""
        with contextlib.suppress(LogError):
            return self._with_broker(
                lambda broker: looking_up.recent(broker, position, most, since=since)
            )
        return ()

    def search(
        self, patterns: Sequence[re.Pattern[bytes]], position: Position | None
    ) -> Generator[Searched]:
        """See `Log.search`."""
        # Of its own, because the reader lets go of its broker after any trouble.
        with contextlib.closing(Broker(self._address, self._access)) as broker:
            yield from looking_up.search(broker, patterns, position)

    def ahead_of(self, position: Position) -> Callable[[Entry], bool]:
        """See `Log.ahead_of`. Of files that nobody remembers, the time of a record tells."""
        progress = Progress.parse(position.evidence)

        def is_ahead(entry: Entry) -> bool:
            reached = progress.reached(entry.location.generation)
            if reached is not None:
                return entry.location.end > reached
            return isinstance(entry, Record) and entry.timestamp > progress.time

        return is_ahead

    def layout(self) -> Sequence[tuple[str, int]]:
        """See `Log.layout`."""
        return ()

    def locate(self, start: StartPoint) -> Position:
        """See `Log.locate`."""
        return self._with_broker(lambda broker: looking_up.locate(broker, start))

    def count(self, start: Position, end: Position) -> int | None:
        """See `Log.count`."""
        return self._with_broker(lambda broker: looking_up.count(broker, start, end))

    # Waiting

    def backlog(self) -> Backlog:
        """See `Log.backlog`."""
        try:
            newest = self._with_broker(self._look_at_newest)
        except LogError:
            return Backlog(exists=self._exists, readable=False)
        if newest is None:
            return Backlog(exists=self._exists)
        sequence, heard_at, envelope, pending = newest
        behind = max(0, envelope.total - self._progress.total)
        if self._feed is None and self._position.offset and envelope.total == self._progress.total:
            # Signs of life are not in the checkpoint: only records take it along.
            sequence, pending = self._position.offset, 0
        return Backlog(
            exists=True,
            unit=self.unit,
            generation_size=max(sequence, self._position.offset),
            remaining_bytes=behind if sequence > self._position.offset else 0,
            remaining_messages=self._feed.pending if self._feed else pending,
            heard_at=heard_at,
        )

    def _look_at_newest(self, broker: Broker) -> Newest | None:
        looked_at, newest = self._newest
        if not looked_at or time.monotonic() - looked_at > _NEWEST_SECONDS:
            info = broker.stream()
            last = broker.last() if info else None
            self._exists, newest = info is not None, None
            if last is not None:
                envelope = decode(last.headers, last.payload)
                pending = 0 if self._feed else pending_after(broker, self._position.offset)
                newest = Newest(last.sequence, last.time, envelope, pending)
            self._newest = time.monotonic(), newest
        return newest

    def wait(self, timeout: float) -> None:
        """See `Log.wait`."""
        deadline = time.monotonic() + timeout
        while not self._woken.wait(min(self._poll_seconds, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline or self._has_news():
                return
        self._woken.clear()

    def _has_news(self) -> bool:
        """Tell whether reading would find something, if only trouble."""
        if self._feed is None:
            return False
        try:
            return self._feed.has_news()
        except LogError:
            self._let_go()
            return True

    def wake(self) -> None:
        """See `Log.wake`."""
        self._woken.set()

    def close(self) -> None:
        """See `Log.close`."""
        self._let_go()
