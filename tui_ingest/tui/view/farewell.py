"""What is left to do when an operator leaves, and what is said after that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from tui_ingest.ingest.status import SessionStatus
from tui_ingest.words.numbers import plural, size
from tui_ingest.words.terminal_safe import terminal_safe


def left_to_do(status: SessionStatus) -> str:
    """Return what a session would leave: "38.0 MiB are unread, 7 dead letters are open"."""
    if status.attached:  # it goes on without whoever looks
        return ""
    parts = []
    if rest := _rest(status):
        parts.append(f"{size(rest)} are unread")
    if status.dead_letters:
        parts.append(_open_letters(status.dead_letters))
    return ", ".join(parts)


def farewell_of_a_dry_run(statuses: Sequence[SessionStatus]) -> list[str]:
    """Return what is said of one: that nothing of it is left."""
    return [f"{_applied(statuses)}. It was a dry run: nothing was kept."]


def farewell(status: SessionStatus) -> list[str]:
    """Return three lines for the shell: records, dead letters, the place in the log.

    One who only looked needs them no more than to know that the session goes on.
    """
    if status.attached:
        return [f"Left it to {status.runs_on}." if status.runs_on else "Nothing applies the log."]
    name = terminal_safe(PurePath(status.path).name)
    place = f"at byte {status.position.offset:,} of {status.size:,} ({int(status.share * 100)} %)"
    return [
        f"{_applied([status])}.",
        f"{_open_letters(status.dead_letters)}.",
        f"{name}: {place}, {size(_rest(status))} unread.",
    ]


def farewell_of_many(statuses: Sequence[SessionStatus]) -> list[str]:
    """Return the same of several logs together: records, then what is left to do."""
    letters = sum(status.dead_letters for status in statuses)
    rest = sum(map(_rest, statuses))
    return [
        f"{plural(len(statuses), 'log')}: {_applied(statuses)}.",
        f"{_open_letters(letters)}, {size(rest)} unread.",
    ]


def _applied(statuses: Sequence[SessionStatus]) -> str:
    records = plural(sum(status.records for status in statuses), "record")
    set_aside = sum(status.set_aside for status in statuses)
    return f"{records} in this session, {set_aside:,} of them set aside"


def _rest(status: SessionStatus) -> int:
    return status.backlog.applicable_bytes if status.backlog is not None else 0


def _open_letters(number: int) -> str:
    return f"{plural(number, 'dead letter')} {'is' if number == 1 else 'are'} open"
