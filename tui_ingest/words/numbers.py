"""Numbers and states in the words that every screen, line and report uses."""

from __future__ import annotations

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def plural(number: int, noun: str) -> str:
    """Return '1 gap', '2 gaps', '1,000 gaps'."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def open_of_failed(letters: int, failed: int) -> str:
    """Return '14 open', and of how many, where some are closed or count for several models."""
    return f"{letters:,} open" + (f" of {failed:,} failed" if failed != letters else "")


def size(number: float) -> str:
    """Return a number of bytes with the largest unit that fits it."""
    if number < 1024:
        return f"{int(number)} B"
    for unit in _UNITS:
        number /= 1024
        if number < 1024 or unit == _UNITS[-1]:
            break
    return f"{number:,.1f} {unit}"


def duration(seconds: float) -> str:
    """Return 8s, 3m12s, 2h05m or 3d04h: two units at the most."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"


def ago(then: float | None, now: float) -> str:
    """Return '2s ago', by two times in seconds since the epoch; 'never' if there was none."""
    return "never" if then is None else f"{duration(max(0.0, now - then))} ago"


def size_in(number: int, messages: int | None) -> str:
    """Return a number of bytes, and in how many messages they come, if they come in such."""
    return size(number) if messages is None else f"{size(number)} in {plural(messages, 'message')}"
