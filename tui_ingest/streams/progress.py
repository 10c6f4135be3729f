"""What was taken of a site's log, and whether a message joins it.

The broker's sequence numbers prove nothing about the site: a damaged stream may lack its middle,
and one that lost its end, or was made anew, brings lines again that were taken. The places of the
lines in the site's own log tell: a hole is a gap, and what was taken is left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from tui_ingest.oplog.log import Entry, Notice, NoticeKind
from tui_ingest.oplog.parsing import timestamp_of
from tui_ingest.streams.messages import Envelope, SitePlace

MOST_KNOWN = 40  # generations of which it is known how far they were taken: more than are kept


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far each of the site's generations was taken, and what the last message was."""

    taken: tuple[SitePlace, ...] = ()  # the one that was read last is the last
    total: int = 0  # bytes of lines up to here, as the site counts them
    time: float = 0.0  # the highest time of a record, in seconds since the epoch
    digest: str = ""  # of the message at the position
    again: bool = False  # the stream is read from its start, for where the site's lines go on

    def __str__(self) -> str:
        places = [[place.generation, place.offset] for place in self.taken]
        facts = [self.digest, self.total, self.time, self.again, places]
        return json.dumps(facts, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Progress:
        """Return what `str` has made a text of; none was made of nothing."""
        if not text:
            return cls()
        digest, total, time, again, places = json.loads(text)
        taken = tuple(SitePlace(generation, offset) for generation, offset in places)
        return cls(taken=taken, total=total, time=time, digest=digest, again=again)

    def reached(self, generation: str) -> int | None:
        """Return how many bytes of a generation were taken; None if none that is known."""
        return next((at.offset for at in self.taken if at.generation == generation), None)

    def meet(self, message: Envelope) -> Meeting:
        """Tell what is new in a message."""
        if not self.taken:  # the first one that is still there
            return Meeting(self._before(message))
        if self._is_read_again(message):
            return Meeting(self._at(SitePlace(message.generation, message.start)))
        reached = self.reached(message.generation) if message.has_lines else None
        if reached is not None and message.start <= reached:
            return Meeting(self, after=reached)
        before = self.reached(message.came_from.generation)
        if before is not None and message.came_from.offset <= before:
            return Meeting(self)
        begins_anew = self.again or not message.came_from.generation
        if before is None and begins_anew and self._is_old(message):
            return Meeting(replace(self, total=message.total, again=True), is_old=True)
        known = message.first_total - self.total
        if before is not None:
            known = message.came_from.offset - before
        return Meeting(self._before(message), gap=_gap(message, known))

    def after(self, message: Envelope) -> Progress:
        """Return what is taken with all of a message."""
        progress = self
        if message.has_lines:
            end = max(message.end, self.reached(message.generation) or 0)
            progress = self._at(SitePlace(message.generation, end))
        to = SitePlace.of(message.to)
        if to.generation and to.offset > (progress.reached(to.generation) or 0):
            progress = progress._at(to)
        time = max([self.time, *_times(message)])
        return replace(progress, total=message.total, time=time, again=False)

    def within(self, message: Envelope, entry: Entry) -> Progress:
        """Return what is taken with the lines of a message up to one of them."""
        progress = self._at(SitePlace(message.generation, entry.location.end))
        return replace(progress, total=message.total - (message.end - entry.location.end))

    def up_to(self, message: Envelope, byte: int) -> Progress:
        """Return what is taken with the lines of a message that end at or before a byte."""
        total = message.total - (message.end - byte)
        return replace(self._before(message)._at(SitePlace(message.generation, byte)), total=total)

    def _at(self, place: SitePlace) -> Progress:
        others = [known for known in self.taken if known.generation != place.generation]
        return replace(self, taken=(*others, place)[-MOST_KNOWN:])

    def _before(self, message: Envelope) -> Progress:
        """Return the same with all taken that the site had sent before a message."""
        progress = replace(self, total=message.first_total)
        if message.came_from.generation:
            progress = progress._at(message.came_from)
        if message.has_lines and message.generation != message.came_from.generation:
            progress = progress._at(SitePlace(message.generation, message.start))
        return progress

    def _is_read_again(self, message: Envelope) -> bool:
        """Tell whether the site reads a file again that was written over: same head, new rest."""
        came_from, reached = message.came_from, self.reached(message.generation)
        return (
            any(said.kind is NoticeKind.TRUNCATED for said in message.notices)
            and message.generation == came_from.generation
            and message.start < came_from.offset
            and reached is not None
            and reached >= came_from.offset
        )

    def _is_old(self, message: Envelope) -> bool:
        """Tell whether a message of a generation that nobody remembers brings nothing new.

        A site sends all its files again where a stream was made anew, or emptied.
        """
        return not message.has_lines or max(_times(message), default=self.time) < self.time


@dataclass(frozen=True, slots=True)
class Meeting:
    """What is new in a message."""

    progress: Progress  # with all that comes before the message
    after: int = 0  # lines that end at or before this byte were taken already
    is_old: bool = False  # all of it was
    gap: Notice | None = None  # between what was taken and the message

    def then(self, message: Envelope) -> Progress:
        """Return what is taken with all of the message."""
        return self.progress if self.is_old else self.progress.after(message)


def _times(message: Envelope) -> list[float]:
    """Return the times of the first and the last line, as far as they have some."""
    payload = message.payload
    ends = (payload[:64], payload[payload.rfind(b"\n") + 1 :][:64])
    return [time for raw in ends if (time := timestamp_of(raw)) is not None]


def _gap(message: Envelope, missing: int) -> Notice:
    known = f"{missing:,} bytes of the site's log are known to be missing" if missing > 0 else ""
    return Notice(
        kind=NoticeKind.GAP,
        message=(
            "The stream does not go on where the session stands: messages were removed before they"
            f" were read, or were lost ({known or 'how much is not known'})."
        ),
        generation=message.generation or message.came_from.generation,
        missing_bytes=missing if missing > 0 else None,
    )
