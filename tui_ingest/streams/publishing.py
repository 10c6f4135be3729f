"""Appending to a subject, each time after the message that is known to be its last.

This is the fence: a second writer of the same subject, or one that was believed dead, is refused.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from tui_ingest.oplog.log import Batch, LogUnavailableError, Position
from tui_ingest.streams.addresses import StreamAddress
from tui_ingest.streams.broker import WRONG_LAST_SEQUENCE, Broker, RefusedError
from tui_ingest.streams.messages import Envelope, SitePlace, decode, encode, runs

RUN_BYTES = 128 * 1024  # of lines in one message, unless one line has more
BEAT_SECONDS = 30.0  # of silence, before a sign of life


class FencedError(LogUnavailableError):
    """Somebody else appended to the subject since it was looked at."""


class EmptiedError(FencedError):
    """The subject has no message any more, and had some; nothing was appended."""


def emptied(address: StreamAddress) -> str:
    """Say that messages are gone which this process knows to have been there."""
    return (
        f"{address.subject} has no message any more: it was purged, or its stream was made anew."
        " What is still to be had at the source is sent again; the rest is lost to whoever had not"
        " read it."
    )


class Publisher:
    """The end of a subject, as its leader has it, and what is appended there.

    After any doubt (an answer that did not come) make another one: it looks at the end again.

    Attributes:
        position: of the site's reader, after all that was appended; None before the first message.
        total: bytes of lines in all messages.

    Raises:
        LogUnavailableError: the broker is away, or refuses.
        LogError: the last message is none of ours.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        last = broker.last()
        self._sequence = last.sequence if last else 0
        self.position: Position | None = None
        self.total = 0
        if last is not None:
            envelope = decode(last.headers, last.payload)
            self.position, self.total = envelope.to, envelope.total

    def append(self, envelope: Envelope) -> None:
        """Append a message, in one piece or in parts of which all or none are there.

        Raises:
            FencedError: the subject has grown; nothing was appended.
            LogUnavailableError: nobody knows whether it was.
        """
        parts = encode(envelope, max_payload=self._broker.max_payload)
        parts[0][0]["Nats-Expected-Last-Subject-Sequence"] = str(self._sequence)
        if len(parts) > 1:
            batch = secrets.token_hex(8)
            for number, (headers, _) in enumerate(parts, 1):
                headers |= {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
            parts[-1][0]["Nats-Batch-Commit"] = "1"
        try:
            self._sequence = self._broker.publish(parts)
        except RefusedError as error:
            if error.code in WRONG_LAST_SEQUENCE:
                raise self._fenced() from error
            raise
        self.position, self.total = envelope.to, envelope.total

    @property
    def is_first(self) -> bool:
        """Whether the subject has no message."""
        return not self._sequence

    def _fenced(self) -> FencedError:
        """Return why the end of the subject is not where it was."""
        address = self._broker.address
        if self._sequence and self._broker.last() is None:
            return EmptiedError(emptied(address))
        return FencedError(
            f"Somebody else publishes {address.subject}: it has grown since this process looked at"
            " it."
        )

    def beat(self) -> None:
        """Append a sign of life: nothing to read, but whoever reads sees that nothing is late."""
        position = self.position or Position()
        self.append(Envelope(came_from=SitePlace.of(position), to=position, total=self.total))


def envelopes(batch: Batch, before: Position | None, total: int) -> Iterator[Envelope]:
    """Yield the messages that a batch of a site's log is sent in.

    Args:
        batch: as it was read.
        before: the reader's position before it.
        total: bytes of lines that were sent before.
    """
    position, done = before or Position(), 0
    notices = batch.notices
    for run in runs(batch.entries, max_bytes=RUN_BYTES):
        first, last = run.entries[0].location, run.entries[-1].location
        done += len(run.entries)
        total += last.end - first.start
        to = batch.position_after(done)
        refused = run.refused
        yield Envelope(
            came_from=SitePlace.of(position),
            to=to,
            total=total,
            generation=first.generation,
            start=first.start,
            end=last.end,
            terminator=run.terminator,
            payload=run.payload,
            notices=notices,
            reason=refused.reason if refused else None,
            error=refused.error if refused else "",
        )
        position, notices = to, ()
    if notices:
        yield Envelope(
            came_from=SitePlace.of(position), to=batch.position, total=total, notices=notices
        )
