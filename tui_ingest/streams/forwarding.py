"""From a file that others write to a subject of a stream: the file is the spool.

A forwarder has no state of its own. Where it stands is in the last message, and after any doubt it
looks there again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tui_ingest.flag import Flag
from tui_ingest.oplog.log import Log, LogError, LogUnavailableError
from tui_ingest.streams.addresses import Access, StreamAddress
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.publishing import (
    BEAT_SECONDS,
    RUN_BYTES,
    EmptiedError,
    FencedError,
    Publisher,
    emptied,
    envelopes,
)
from tui_ingest.streams.upkeep import info_of, verify
from tui_ingest.troubles import Troubles

IDLE_SECONDS = 5.0  # between two looks at the file when nothing wakes the forwarder
FIRST_RETRY_SECONDS = 0.25  # at most, before the first try after trouble; doubled each time
MOST_RETRY_SECONDS = 10.0
_MOST_RECORDS = 100_000  # read at once: the bytes are the limit


class Forwarder:
    """Sends a log to a subject until it is told to stop.

    Args:
        log: of a file; closed at the end.
        address: where to.
        access: how to be let in.
        say: called with one sentence about whatever changes: trouble, its end.
    """

    def __init__(
        self, log: Log, address: StreamAddress, access: Access, *, say: Callable[[str], None]
    ) -> None:
        self._log = log
        self._address = address
        self._access = access
        self._say = say
        self._stopping = Flag()
        self._attempt = 0  # since the last success
        self._troubles = Troubles()
        self._has_sent = False  # something, to this stream or one before it
        self._has_begun = False  # and said so

    def stop(self) -> None:
        """End after the message that is being sent. Safe in a signal handler."""
        self._stopping.set()
        self._log.wake()

    def run(self, *, once: bool = False) -> None:
        """Send what is there and what comes.

        Args:
            once: end when everything that is there was sent.

        Raises:
            LogError: it cannot go on, and waiting will not help.
        """
        try:
            while not self._stopping.is_set():
                try:
                    self._forward(once=once)
                except LogUnavailableError as error:
                    self._wait_after(error)
                else:
                    return
        finally:
            self._log.close()

    def _forward(self, *, once: bool) -> None:
        """Send with one client, from what the stream's end says, until there is trouble."""
        broker = Broker(self._address, self._access)
        try:
            verify(broker, info_of(broker))
            publisher = Publisher(broker)
            if publisher.is_first:
                self._say_that_it_is_empty()
            self._has_sent = not publisher.is_first
            self._log.resume(publisher.position)
            beaten_at = 0.0
            while not self._stopping.is_set():
                if self._send(publisher, once=once):
                    beaten_at = time.monotonic()
                elif once:
                    self._look_at_the_end()
                    return
                elif time.monotonic() - beaten_at > BEAT_SECONDS:
                    publisher.beat()
                    self._went_well()
                    beaten_at = time.monotonic()
                else:
                    self._log.wait(IDLE_SECONDS)
        finally:
            broker.close()

    def _look_at_the_end(self) -> None:
        """Say what is not sent. Without an active file the last one may have just been rotated."""
        backlog = self._log.backlog()
        if not backlog.exists and not backlog.generation_size:
            raise LogError(f"{self._log.path} does not exist. Check the path of the log.")
        if backlog.partial_bytes:
            self._say(
                f"The last line has no end yet: {backlog.partial_bytes:,} bytes were left unsent."
            )

    def _say_that_it_is_empty(self) -> None:
        """Whether it was purged, a forwarder knows only of the time that it was there."""
        if self._has_sent:
            self._say(emptied(self._address))
        elif not self._has_begun:
            self._say(
                f"{self._address.subject} has no message: it begins with the oldest file that is"
                " here. If it had some before, somebody has removed them."
            )
        self._has_begun = True

    def _send(self, publisher: Publisher, *, once: bool) -> bool:
        """Send the next lines; tell whether there were any."""
        batch = self._log.read(max_records=_MOST_RECORDS, max_bytes=RUN_BYTES, final=once)
        if batch is None:
            return False
        for envelope in envelopes(batch, publisher.position, publisher.total):
            publisher.append(envelope)
            self._went_well()
        return True

    def _went_well(self) -> None:
        if self._troubles.over():
            self._say("It goes on.")
        self._attempt, self._has_sent = 0, True

    def _wait_after(self, error: LogUnavailableError) -> None:
        """Wait a random time, longer after each failure, so that two forwarders do not meet again.

        A fenced one has lost no try: the other one may have ended meanwhile.
        """
        how_often = self._troubles.again(str(error))
        if how_often is not None:
            self._say(f"Waiting: {error}{f' ({how_often})' if how_often else ''}")
        if isinstance(error, EmptiedError):
            self._has_sent = False  # which is said by this
        most = FIRST_RETRY_SECONDS * 2.0 ** min(self._attempt, 16)
        if isinstance(error, FencedError):
            most = max(most, 1.0)
        self._attempt += 1
        self._stopping.wait(random.uniform(0, min(most, MOST_RETRY_SECONDS)))  # noqa: S311  # no secret
