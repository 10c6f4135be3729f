"""What a message carries: a run of lines of one site's log, with their places in it.

The payload is the lines without their terminators, joined by newlines. What would not be the same
after it was split and parsed again (the cut end of a file, a line over the limit) goes alone, with
the reason why it is no record. A payload that is too long for the broker is cut into parts.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from tui_ingest.oplog.bulk_parsing import parse_all
from tui_ingest.oplog.log import Entry, LogError, Notice, NoticeKind, Position
from tui_ingest.oplog.records import Malformed, MalformedReason, RecordLocation

Headers = dict[str, str]

GENERATION = "Oplog-Generation"  # of the site's log, in which the lines are; "" if there are none
START = "Oplog-Start"  # bytes: where the first line begins in it
END = "Oplog-End"  # bytes: where the last one ends
TERMINATOR = "Oplog-Terminator"  # bytes after each line, which the payload lacks
FROM = "Oplog-From"  # `generation:offset`: where the site stood before this message
TO = "Oplog-To"  # the site's whole position after it, as JSON
TOTAL = "Oplog-Total"  # bytes of lines in this and all messages before, of this site
NOTICES = "Oplog-Notices"  # what was found out about the site's log, as JSON
REASON = "Oplog-Reason"  # why the one line of the payload is no record
ERROR = "Oplog-Error"  # the same for a person, as JSON
PART = "Oplog-Part"  # `number/of`, from 1

# Reasons that cannot be found out again from the line alone.
_KNOWN_AT_THE_SITE = (MalformedReason.TOO_LONG, MalformedReason.TORN, MalformedReason.GLUED)


class SitePlace(NamedTuple):
    """How far a site's log was read."""

    generation: str
    offset: int  # bytes

    @classmethod
    def of(cls, position: Position | None) -> SitePlace:
        """Return how far the site's reader is; None: it has not begun."""
        return cls(position.generation, position.offset) if position else cls("", 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A message, but for what the broker adds to it."""

    came_from: SitePlace
    to: Position  # of the site's reader: whoever appends goes on from here
    total: int  # bytes
    generation: str = ""
    start: int = 0  # bytes
    end: int = 0
    terminator: int = 1  # bytes
    payload: bytes = b""
    notices: tuple[Notice, ...] = ()
    reason: MalformedReason | None = None
    error: str = ""

    @property
    def has_lines(self) -> bool:
        """Whether it is more than a sign of life."""
        return bool(self.generation)

    @property
    def first_total(self) -> int:
        """Bytes of lines in all messages before."""
        return self.total - (self.end - self.start)

    def count(self, *, after: int = 0, upto: int | None = None) -> int:
        """Return how many lines end after one byte of their generation, and at most at another."""
        if not self.has_lines:
            return 0
        if self.reason is not None:
            ends = [self.end]
        else:
            lengths = [len(raw) + self.terminator for raw in self.payload.split(b"\n")]
            ends = [*itertools.accumulate(lengths, initial=self.start)][1:]
        return sum(after < end and (upto is None or end <= upto) for end in ends)

    def entries(self, *, max_record_bytes: int, after: int = 0) -> list[Entry]:
        """Return what the lines hold.

        Args:
            max_record_bytes: a longer line becomes a `Malformed` entry.
            after: lines that end at or before this byte of their generation are left out.
        """
        if not self.has_lines:
            return []
        if self.reason is not None:
            location = RecordLocation(self.generation, self.start, self.end - self.start)
            return [Malformed(self.reason, self.error, self.payload, location)]
        raws = self.payload.split(b"\n")
        lengths = [len(raw) + self.terminator for raw in raws]
        starts = [*itertools.accumulate(lengths, initial=self.start)]
        skipped = sum(end <= after for end in starts[1:])
        generations = itertools.repeat(self.generation)
        locations = [*map(RecordLocation, generations, starts[skipped:], lengths[skipped:])]
        whole = [location.length <= max_record_bytes for location in locations]
        return parse_all(raws[skipped:], locations, whole, max_record_bytes=max_record_bytes)


class Run(NamedTuple):
    """Entries that fit in one envelope."""

    entries: Sequence[Entry]
    terminator: int  # bytes

    @property
    def payload(self) -> bytes:
        """The lines without their terminators."""
        return b"\n".join(entry.raw for entry in self.entries)

    @property
    def refused(self) -> Malformed | None:
        """The only entry, if it says why it is no record."""
        return _refused(self.entries[0])


def runs(entries: Iterable[Entry], *, max_bytes: int) -> Iterator[Run]:
    """Yield entries of one generation in runs without a hole, of so many bytes or one entry."""
    run: list[Entry] = []
    size = terminator = 0
    for entry in entries:
        ending = entry.location.length - len(entry.raw)
        alone = _refused(entry) is not None
        follows = run and run[-1].location.end == entry.location.start and ending == terminator
        if run and (alone or not follows or size >= max_bytes):
            yield Run(run, terminator)
            run, size = [], 0
        run.append(entry)
        size = max_bytes if alone else size + len(entry.raw) + 1  # nothing comes behind it
        terminator = ending
    if run:
        yield Run(run, terminator)


def _refused(entry: Entry) -> Malformed | None:
    if isinstance(entry, Malformed) and entry.reason in _KNOWN_AT_THE_SITE:
        return entry
    return None


def encode(envelope: Envelope, *, max_payload: int) -> list[tuple[Headers, bytes]]:
    """Return headers and payload of the message, or of each of its parts.

    Args:
        max_payload: bytes that the broker takes at once, headers included.
    """
    headers = _headers(envelope)
    size = max_payload - sum(len(name) + len(text) + 4 for name, text in headers.items()) - 1024
    payload = envelope.payload
    if len(payload) <= size:
        return [(headers, payload)]
    parts = [payload[at : at + size] for at in range(0, len(payload), size)]
    return [
        ({**headers, PART: f"{number}/{len(parts)}"}, part) for number, part in enumerate(parts, 1)
    ]


def _headers(envelope: Envelope) -> Headers:
    to = envelope.to
    headers = {
        FROM: f"{envelope.came_from.generation}:{envelope.came_from.offset}",
        TO: _json([to.generation, to.offset, to.size, to.evidence]),
        TOTAL: str(envelope.total),
    }
    if envelope.has_lines:
        headers |= {
            GENERATION: envelope.generation,
            START: str(envelope.start),
            END: str(envelope.end),
            TERMINATOR: str(envelope.terminator),
        }
    if envelope.notices:
        told = [[said.kind, said.message, said.missing_bytes] for said in envelope.notices]
        headers[NOTICES] = _json(told)
    if envelope.reason is not None:
        headers |= {REASON: envelope.reason.value, ERROR: _json(envelope.error)}
    return headers


def decode(headers: Mapping[str, str], payload: bytes) -> Envelope:
    """Return what a message, whose parts were put together, carries.

    Raises:
        LogError: it was not written by a forwarder or a relay.
    """
    try:
        generation, _, offset = headers[FROM].rpartition(":")
        at, reached, size, evidence = json.loads(headers[TO])
        reason = headers.get(REASON)
        lines_of = headers.get(GENERATION, "")
        if bool(lines_of) != bool(payload):
            raise ValueError(f"{len(payload)} bytes of {lines_of or 'no file'}")
        return Envelope(
            came_from=SitePlace(generation, int(offset)),
            to=Position(generation=at, offset=reached, size=size, evidence=evidence),
            total=int(headers[TOTAL]),
            generation=lines_of,
            start=int(headers.get(START, 0)),
            end=int(headers.get(END, 0)),
            terminator=int(headers.get(TERMINATOR, 1)),
            payload=payload,
            notices=tuple(
                Notice(kind=NoticeKind(kind), message=said, generation=at, missing_bytes=missing)
                for kind, said, missing in json.loads(headers.get(NOTICES, "[]"))
            ),
            reason=MalformedReason(reason) if reason else None,
            error=json.loads(headers.get(ERROR, '""')),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise LogError(
            "A message of the stream was written neither by `tui-ingest-stream forward` nor by"
            f" the recorder's relay ({type(error).__name__}: {error}). Let only these publish"
            " there."
        ) from error


def part_of(headers: Mapping[str, str]) -> tuple[int, int]:
    """Return which part of how many a message is, from 1."""
    number, _, of = headers.get(PART, "1/1").partition("/")
    return int(number), int(of)


def digest(headers: Mapping[str, str], payload: bytes) -> str:
    """Return what stands for a message in a position: 32 hexadecimal digits."""
    known = sorted((name, text) for name, text in headers.items() if name.startswith("Oplog-"))
    return blake2b(repr(known).encode() + payload, digest_size=16).hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))  # ASCII: a header takes nothing else
