"""Which file names belong to a log, and in which order they were rotated."""

from __future__ import annotations

import re
from typing import NamedTuple

# `oplog.log.7`; Python's RotatingFileHandler, logrotate
_NUMBERED = re.compile(r"\.(?P<rank>\d{1,5})(?P<gz>\.gz)?")
# `oplog.log.2026-11-23_15-30`, `oplog.log-20261123`; Python's TimedRotatingFileHandler, logrotate
_DATED = re.compile(
    r"[.-](?P<date>\d{4}-?\d{2}-?\d{2}(?:[-_T.]?\d{2,}(?:[-_:]?\d+)*)?)(?P<gz>\.gz)?"
)


class RotatedName(NamedTuple):
    """A name that rotation gives."""

    name: str
    stem: str  # the name without `.gz`
    rank: int | None  # N of NAME.N: the higher, the older; None for a date
    date: str  # digits of the date, "" for a rank
    compressed: bool


def rotated_name(name: str, log_name: str) -> RotatedName | None:
    """Return what a file name says; None if it is no rotated name of this log."""
    if not name.startswith(log_name):
        return None
    suffix = name[len(log_name) :]
    if found := _NUMBERED.fullmatch(suffix):
        rank, date = int(found["rank"]), ""
    elif found := _DATED.fullmatch(suffix):
        rank, date = None, re.sub(r"\D", "", found["date"])
    else:
        return None
    compressed = found["gz"] is not None
    stem = name.removesuffix(".gz") if compressed else name
    return RotatedName(name, stem, rank, date, compressed)


def age_order(rotated: RotatedName) -> tuple[str, int]:
    """Return a key that sorts the names of one kind of rotation oldest first."""
    return rotated.date, -(rotated.rank or 0)
