"""Whether a stream is the one that a position is of, and where to go on if it is not.

A broker serves a position before the first or beyond the last message, or in another stream of the
same name, from wherever it has something: without a look nobody would know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui_ingest.oplog.log import Notice, NoticeKind, Position
from tui_ingest.streams.addresses import StreamAddress
from tui_ingest.streams.broker import Broker
from tui_ingest.streams.messages import digest
from tui_ingest.streams.progress import Progress
from tui_ingest.streams.requirements import verify


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A position in the stream as it is now."""

    position: Position
    progress: Progress
    notices: tuple[Notice, ...] = ()


def stand_at(
    broker: Broker, address: StreamAddress, position: Position, progress: Progress
) -> Standing | None:
    """Return where to go on; None if there is no such stream.

    Raises:
        LogError: the stream may lose what it acknowledges.
        LogUnavailableError: the broker is away.
    """
    info = broker.stream()
    if info is None:
        return None
    verify(info, broker.version, address)
    created = info["created"]
    if not position.generation:
        return Standing(position=replace(position, generation=created), progress=progress)
    changed = _change(broker, info, position, progress)
    if changed is None:
        return Standing(position=position, progress=progress)
    again = replace(progress, again=True, digest="")
    return Standing(
        position=Position(generation=created, evidence=str(again)),
        progress=again,
        notices=(_read_again(changed, created),),
    )


def _change(
    broker: Broker, info: dict[str, object], position: Position, progress: Progress
) -> tuple[NoticeKind, str] | None:
    """Return what happened to the stream since the position was left; None if nothing did."""
    if info["created"] != position.generation:
        return NoticeKind.REPLACED, "The stream was deleted and made anew"
    state = info["state"]
    assert isinstance(state, dict)  # noqa: S101  # as the API says
    if position.offset > state["last_seq"]:
        return NoticeKind.TRUNCATED, (
            f"The stream ends with message {state['last_seq']:,}, before the one that was read"
            f" last ({position.offset:,}): the brokers lost its end"
        )
    stored = broker.at(position.offset) if position.offset and progress.digest else None
    if stored is not None and digest(stored.headers, stored.payload) != progress.digest:
        return NoticeKind.TRUNCATED, (
            f"Message {position.offset:,} is another one than was read: the brokers lost the end of"
            " the stream, and it was written again"
        )
    return None


def _read_again(changed: tuple[NoticeKind, str], created: str) -> Notice:
    kind, what = changed
    return Notice(
        kind=kind,
        message=(
            f"{what}. It is read from its first message; lines that were taken already are left"
            " out."
        ),
        generation=created,
    )
