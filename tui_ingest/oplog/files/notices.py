"""What a reader finds out about a log, in words for an operator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.lines import LineReader
from tui_ingest.oplog.log import Notice, NoticeKind

_MOST_NAMES = 20  # in one message


def _notice(
    kind: NoticeKind, message: str, generation: str = "", *, missing: int | None = None
) -> Notice:
    return Notice(kind=kind, message=message, generation=generation, missing_bytes=missing or None)


def rotated(generation: str, *, read: int, next_name: str) -> Notice:
    """Say that a generation of `read` bytes is done and the next one, `generation`, begins."""
    message = f"A generation of {read:,} bytes was read to its end; the next one is {next_name}."
    return _notice(NoticeKind.ROTATED, message, generation)


def unread_between(finished: LineReader, following: Generation) -> list[Notice]:
    """Say what cannot be read between the place that was reached and the next generation."""
    found = [unreadable(following.identity, name) for name in following.damaged_before]
    generation = finished.generation
    if not finished.lost_an_end:
        return found
    message = (
        f"{generation.path.name} is damaged ({generation.damage}): {finished.offset:,} bytes of it"
        " were read, and how much is missing is not known."
    )
    return [_notice(NoticeKind.GAP, message, generation.identity), *found]


def unreadable(generation: str, name: str) -> Notice:
    """Say that a damaged file lies before a generation."""
    message = f"{name} is damaged: nothing of it can be read, how much is not known."
    return _notice(NoticeKind.GAP, message, generation)


def vanished(generation: Generation) -> Notice:
    """Say that an unread file is gone that could not be held open."""
    size = generation.seen_size
    message = (
        f"{generation.path.name} was removed before it was read: {size:,} bytes of it are known."
        " There were more unread files than this process may have open."
    )
    return _notice(NoticeKind.GAP, message, generation.identity, missing=size)


def removed(generation: str, damaged: Sequence[str]) -> Notice:
    """Say that the newest file was removed, or damaged, with whatever came after it."""
    beside = f"; nothing of {', '.join(damaged)} can be read" if damaged else ""
    message = (
        "The file that is being read was removed. It is open and is read to its end, but"
        f" others may have come and gone after it (how much is not known{beside})."
    )
    return _notice(NoticeKind.GAP, message, generation)


def late(generation: str) -> Notice:
    """Say that a generation grew although it had a successor."""
    message = "Records were added to a generation after the next one had begun."
    return _notice(NoticeKind.LATE, message, generation)


def replaced(generation: str) -> Notice:
    """Say that the log's path names another file with the same content."""
    message = (
        "The log is now another file with the same content; reading went on in it,"
        " as it will whenever that happens again."
    )
    return _notice(NoticeKind.REPLACED, message, generation)


def passed_over(names: Sequence[str]) -> Notice:
    """Say which files look like the log's own, and are not read."""
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    message = (
        f"Not read, because rotation gives no such names: {shown}{more}. If a file belongs to"
        " the log, rename it to the log's name and a number or a date, and apply the log again"
        " (--from-start): what is older than what was read is taken as read."
    )
    return _notice(NoticeKind.PASSED_OVER, message)


def elsewhere(folder: Path) -> Notice:
    """Say that a folder may have more files of the log."""
    message = (
        f"Not read: the folder {folder.name}/ beside the log has files that are called as its"
        f" rotated ones. If they are, set 'OLDDIR' in TUI_INGEST to {folder.name!r}, and apply the"
        " log again (--from-start): what is older than what was read is taken as read."
    )
    return _notice(NoticeKind.PASSED_OVER, message)


def reordered(message: str) -> Notice:
    """Say that names and times contradict each other, and which of them was believed."""
    return _notice(NoticeKind.REORDERED, message)


def truncated(generation: str, missing: int) -> list[Notice]:
    """Say that a file holds another content now, and what of the old one was not read."""
    message = "The log was truncated or written over; it is read again from its first byte."
    found = _notice(NoticeKind.TRUNCATED, message, generation, missing=missing)
    return [found, gap(generation, missing)] if missing else [found]


def gap(generation: str, missing: int) -> Notice:
    """Say that the generation that was read last is gone, with `missing` bytes, or who knows."""
    known = f"{missing:,} unread bytes of it are known" if missing else "how much is not known"
    message = (
        "The generation that was read last is in none of the log's files: records may have"
        f" been rotated away before they were read ({known})."
    )
    return _notice(NoticeKind.GAP, message, generation, missing=missing)
