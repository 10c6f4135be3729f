"""Lines that their writer sends to a stream himself: there is no file."""

from __future__ import annotations

import logging
import secrets
import time
from collections import deque
from collections.abc import Iterator, Sequence

from tui_ingest.oplog.log import LogError, Position
from tui_ingest.streams.addresses import Access, parse_address
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.messages import Envelope, SitePlace
from tui_ingest.streams.publishing import (
    BEAT_SECONDS,
    RUN_BYTES,
    EmptiedError,
    FencedError,
    Publisher,
    emptied,
)
from tui_ingest.streams.upkeep import info_of, verify, verify_durability
from tui_ingest.troubles import Troubles

logger = logging.getLogger(__name__)


class StreamSink:
    """The end of a subject, of which its writer believes that he is the only one.

    The places of the lines are those that they would have in a file that is never rotated.

    Args:
        address: see `StreamAddress`.
        access: how to be let in.
    """

    def __init__(self, address: str, access: Access) -> None:
        self._address = parse_address(address)
        self._access = access
        self._broker: Broker | None = None
        self._publisher: Publisher | None = None
        self._lines: list[bytes] = []  # with their newlines; in no message yet
        self._messages: deque[Envelope] = deque()  # of which it is not known that they are there
        self._was_fenced = False  # and has not said so
        self._fence = ""  # why
        self._has_sent = False  # something, to this stream or one before it
        self._troubles = Troubles()
        self._appended_at = 0.0  # monotonic seconds

    def append(self, lines: Sequence[bytes]) -> None:
        """Append lines; they are there when this returns.

        Raises:
            LogUnavailableError: nobody knows how many are. Call `resume` until that succeeds.
        """
        self._lines += lines
        if not self._send():
            self._was_fenced = True
            raise FencedError(f"{self._fence} Nothing more of this is sent.")

    def resume(self) -> bool:
        """Append what an append that failed left over; if nothing, give a sign of life at times.

        Returns:
            False once, if somebody else has appended meanwhile: what was left over is dropped,
            because it may be older than that.

        Raises:
            LogUnavailableError: it still cannot be done.
        """
        if self._was_fenced:
            self._was_fenced = False
            return False
        if not self._send():
            return False
        if time.monotonic() - self._appended_at > BEAT_SECONDS:
            self._beat()
        return True

    def abandon(self) -> None:
        """Forget what could not be appended, and let go of the broker."""
        self._lines.clear()
        self._messages.clear()
        self._was_fenced = False
        self.close()

    def close(self) -> None:
        """Let go of the broker."""
        broker, self._broker, self._publisher = self._broker, None, None
        if broker is not None:
            broker.close()

    def _send(self) -> bool:
        """Append all that there is; tell whether nobody else did meanwhile."""
        if not self._lines and not self._messages:
            return True
        try:
            publisher = self._connected()
            if not self._drop_appended(publisher):
                raise FencedError(f"Somebody else publishes {self._address.subject}.")
            self._messages += _messages(self._lines, publisher)
            self._lines = []
            while self._messages:
                publisher.append(self._messages[0])
                self._messages.popleft()
            self._appended_at, self._has_sent = time.monotonic(), True
        except FencedError as error:
            self._fence = str(error)
            self._has_sent &= not isinstance(error, EmptiedError)  # which is said by this
            self.abandon()
            return False
        except LogError:
            self.close()
            raise
        return True

    def _drop_appended(self, publisher: Publisher) -> bool:
        """Forget messages of which only the answer was lost; tell whether the rest may follow."""
        if not self._messages or self._messages[0].came_from == SitePlace.of(publisher.position):
            return True
        places = [SitePlace.of(message.to) for message in self._messages]
        end = SitePlace.of(publisher.position)
        if end not in places:
            return False
        for _ in range(places.index(end) + 1):
            self._messages.popleft()
        return True

    def _beat(self) -> None:
        try:
            self._connected().beat()
            self._appended_at = time.monotonic()
        except FencedError:
            self.close()  # the other one has just given a sign of life
        except LogError:
            self.close()
            raise

    def _connected(self) -> Publisher:
        if self._publisher is None:
            self._broker = broker = Broker(self._address, self._access)
            verify(broker, info_of(broker))
            for unknown in verify_durability(self._access.monitors):
                if self._troubles.again(unknown) is not None:
                    logger.warning("%s", unknown)
            publisher = Publisher(broker)
            if self._has_sent and publisher.is_first:
                logger.warning("%s", emptied(self._address))
            self._publisher, self._has_sent = publisher, not publisher.is_first
        return self._publisher


def _messages(lines: Sequence[bytes], publisher: Publisher) -> Iterator[Envelope]:
    """Yield the messages for lines that come after what the publisher has appended."""
    position = publisher.position or Position()
    if not position.generation:  # before the first line, whatever signs of life there were
        position = Position(generation=secrets.token_hex(16))
    total = publisher.total
    came_from = SitePlace.of(publisher.position)
    run: list[bytes] = []
    size = 0
    for at, line in enumerate(lines, 1):
        run.append(line)
        size += len(line)
        if size < RUN_BYTES and at < len(lines):
            continue
        start, total = position.offset, total + size
        end = start + size
        position = Position(generation=position.generation, offset=end, size=end)
        yield Envelope(
            came_from=came_from,
            to=position,
            total=total,
            generation=position.generation,
            start=start,
            end=end,
            payload=b"".join(run)[:-1],
        )
        came_from, run, size = SitePlace.of(position), [], 0
