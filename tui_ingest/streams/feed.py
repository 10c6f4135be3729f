"""Messages of one subject in their order, fetched ahead, their parts put together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from tui_ingest.streams.broker import Broker, Stored
from tui_ingest.streams.messages import Envelope, decode, digest, part_of

BATCH_MESSAGES = 64  # fetched at once
BATCH_BYTES = 4 * 1024 * 1024  # at most; one message at least comes

if TYPE_CHECKING:
    from nats.aio.msg import Msg

PENDING = "Nats-Num-Pending"  # in the headers of a message: how many come after it


class Whole(NamedTuple):
    """A message, with what tells it from any other in its place."""

    envelope: Envelope
    sequence: int  # of its last part
    digest: str  # of that part
    first: int  # sequence of its first part


class Newest(NamedTuple):
    """The last message of the subject."""

    sequence: int
    time: float  # seconds since the epoch, by the broker's clock
    envelope: Envelope
    pending: int  # messages up to it, for a reader that has read none yet


class Feed:
    """Reads on after a sequence number, and asks for the next messages before they are wanted.

    It leaves nothing behind in the broker: each request names where it begins.
    """

    def __init__(self, broker: Broker, *, after: int) -> None:
        self._broker = broker
        self._asked_up_to = after
        self._coming: Future[list[Msg]] | None = None
        self._ready: deque[list[Stored]] = deque()  # the parts of each message
        self._again: Whole | None = None
        self._parts: list[Stored] = []
        self._pending = 0  # messages after those that came, when they came

    @property
    def pending(self) -> int:
        """How many messages there are that were not handed out, as far as is known."""
        return len(self._ready) + self._pending + (self._again is not None)

    def next(self) -> Whole | None:
        """Return the next message; None when there is none yet.

        Raises:
            LogUnavailableError: the broker is away.
            LogError: a message is none of ours.
        """
        if self._again is not None:
            message, self._again = self._again, None
            return message
        while not self._ready:
            if not self._fetch():
                return None
        message = _whole(self._ready[0])
        self._ready.popleft()  # not before it is understood: it would be passed over
        return message

    def has_news(self) -> bool:
        """Tell whether `next` would return a message."""
        while not self._ready and self._again is None:
            if not self._fetch():
                return False
        return True

    def put_back(self, message: Whole) -> None:
        """Hand out a message once more."""
        self._again = message

    def _fetch(self) -> bool:
        coming, self._coming = self._coming or self._ask(), None
        found = self._broker.fetched(coming)
        for stored in found:
            self._take(stored)
            self._asked_up_to = stored.sequence
        if found:
            self._pending = int(found[-1].headers.get(PENDING, 0))
        if self._pending and found:
            self._coming = self._ask()
        return bool(found)

    def _ask(self) -> Future[list[Msg]]:
        return self._broker.fetch(
            {"seq": self._asked_up_to + 1, "batch": BATCH_MESSAGES, "max_bytes": BATCH_BYTES}
        )

    def _take(self, stored: Stored) -> None:
        number, of = part_of(stored.headers)
        if number == 1:
            self._parts = []
        elif len(self._parts) + 1 != number:
            return  # its beginning is gone: what comes next will not join, and is told
        self._parts.append(stored)
        if number == of:
            self._ready.append(self._parts)
            self._parts = []


def _whole(parts: list[Stored]) -> Whole:
    first, last = parts[0], parts[-1]
    payload = b"".join(part.payload for part in parts)
    return Whole(
        envelope=decode(last.headers, payload),
        sequence=last.sequence,
        digest=digest(last.headers, last.payload),
        first=first.sequence,
    )


def pending_after(broker: Broker, sequence: int) -> int:
    """Return how many messages of the subject come after a number."""
    found = broker.fetched(broker.fetch({"seq": sequence + 1, "batch": 1}))
    return 1 + int(found[0].headers.get(PENDING, 0)) if found else 0


def messages(broker: Broker, *, after: int = 0, since: datetime | None = None) -> Iterator[Whole]:
    """Yield the messages after a number, or of a time or later by the broker's clock."""
    if since is not None:
        start = since.isoformat().replace("+00:00", "Z")
        found = broker.fetched(broker.fetch({"start_time": start, "batch": 1}))
        if not found:
            return
        after = found[0].sequence - 1
    feed = Feed(broker, after=after)
    while (message := feed.next()) is not None:
        yield message
