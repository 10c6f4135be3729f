"""Which file names belong to a log, and what they say of the order of rotation."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import PurePath
from typing import NamedTuple

from tui_ingest.oplog.files.archives import SUFFIXES

# `oplog.log-2026112603.backup`: with logrotate's `create`, what the writer began before logrotate
# could make the new file
_OUTRUN = re.compile(r"\A(-\d{10})\.backup\Z")
# What another kind of number would be: a size, a port, a version.
_YEARS = range(1970, 2200)
# `oplog.log.7`: RotatingFileHandler, logrotate, concurrent-log-handler
_NUMBERED = re.compile(r"\.(\d{1,5})")
# `oplog.7.log`: logrotate's `extension`. More digits may be a port or a process.
_NUMBERED_WITHIN = re.compile(r"\.(\d{1,3})")
_YEAR_FIRST = re.compile(r"(\d{4})([-._]?)(\d\d)\2(\d\d)")  # -%Y%m%d, and how all others begin
_YEAR_LAST = re.compile(r"(\d\d)([-._]?)(\d\d)\2(\d{4})")  # -%d%m%Y, -%m%d%Y
_MONTH = re.compile(r"(\d{4})-?(\d\d)(?![-\d])")  # -%Y%m
_EPOCH = re.compile(r"(\d{10})(\d{3})?")  # -%s, or milliseconds
# A time of day, seconds since the epoch, counters: whatever it is, numbers say what came first.
_NUMBERS = re.compile(r"(?:\d{2,})?(?:[-_T.:, ]\d+)*Z?")

Moment = tuple[int, ...]  # year, month, day, and the numbers after those


class RotatedName(NamedTuple):
    """A name that rotation gives."""

    name: str
    stem: str  # the name as it was before compression
    rank: int | None  # N of NAME.N: the higher, the older; None for a date
    moment: Moment  # what a date says; () for a rank
    compression: str  # ".gz" or the like; "" if it is plain


def rotated_name(name: str, log_name: str) -> RotatedName | None:
    """Return what a file name says; None if it is no rotated name of this log."""
    compression = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    stem = name.removesuffix(compression)
    root, extension = PurePath(log_name).stem, PurePath(log_name).suffix
    if stem.startswith(log_name):
        said = _rank_or_moment(_OUTRUN.sub(r"\1", stem[len(log_name) :]), _NUMBERED)
    elif extension and stem.startswith(root) and stem.endswith(extension):
        said = _rank_or_moment(stem[len(root) : -len(extension)], _NUMBERED_WITHIN)
    else:
        said = None
    return RotatedName(name, stem, *said, compression) if said is not None else None


def age_order(rotated: RotatedName) -> tuple[Moment, int]:
    """Return a key that sorts the names of one kind of rotation oldest first."""
    return rotated.moment, -(rotated.rank or 0)


def _rank_or_moment(middle: str, numbered: re.Pattern[str]) -> tuple[int | None, Moment] | None:
    if found := numbered.fullmatch(middle):
        return int(found[1]), ()
    moment = _moment(middle[1:]) if middle[:1] in (".", "-", "_") else ()
    return (None, moment) if moment else None


def _moment(text: str) -> Moment:
    """Return the numbers of a text that begins with a date, the greater the later; or ()."""
    if moment := _iso_time(text):
        return moment
    for pattern, read in _FORMS:
        if (found := pattern.match(text)) and _NUMBERS.fullmatch(rest := text[found.end() :]):
            moment = read(found)
            if moment:
                return *moment, *map(int, re.findall(r"\d+", rest))
    return ()


def _iso_time(text: str) -> Moment:
    """Return the numbers of an ISO time in UTC: of two with other offsets nothing else is right."""
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        return ()
    if moment is None or moment.year not in _YEARS:
        return ()
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return *moment.timetuple()[:6], moment.microsecond


def _year_first(found: re.Match[str]) -> Moment:
    return _real(found[1], found[3], found[4])


def _year_last(found: re.Match[str]) -> Moment:
    return _real(found[4], found[3], found[1]) or _real(found[4], found[1], found[3])


def _month(found: re.Match[str]) -> Moment:
    return _real(found[1], found[2], "1")[:2]


def _epoch(found: re.Match[str]) -> Moment:
    moment = datetime.fromtimestamp(int(found[1]), UTC)
    return *moment.timetuple()[:6], int(found[2] or 0)


def _real(year: str, month: str, day: str) -> Moment:
    """Return a date that there is, or ()."""
    try:
        real = date(int(year), int(month), int(day))
    except ValueError:
        return ()
    return (real.year, real.month, real.day) if real.year in _YEARS else ()


_FORMS = (
    (_YEAR_FIRST, _year_first),
    (_YEAR_LAST, _year_last),
    (_EPOCH, _epoch),
    (_MONTH, _month),
)
