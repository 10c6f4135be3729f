"""One line of bytes to a record, or to the reason why it is not one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import (
    Malformed,
    MalformedReason,
    Operation,
    Record,
    RecordLocation,
)

HEAD_BYTES = 1024  # of a line that is too long to be kept whole

# The epoch has ten digits before the point until the year 2286. Taking no more than ten lets a
# glued line be told apart from the digits that the fragment before it may end with.
# Some editors and systems begin a file with a byte order mark.
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?(\d{1,10}(?:\.\d++)?+) (SAVE|DELETE|DIGEST) +")
_UNKNOWN_HEAD = re.compile(rb"\d{1,10}(?:\.\d++)?+ ([A-Z][A-Z_]{0,31}) +[\[{]")
_GLUED_HEAD = re.compile(rb"\d{1,10}(?:\.\d++)?+ (?:SAVE|DELETE|DIGEST) (?=\[)")
# What a glued line is searched for, a part at a time, because meanwhile nothing else can happen in
# the process. The rest of its epoch is looked for from here backwards: from the beginning, every
# one of millions of digits would be tried as one.
_MARK = re.compile(rb"\d (?:SAVE|DELETE|DIGEST) \[")
_MOST_MARK_BYTES = len(b"0 DELETE [")
_PART_BYTES = 1024 * 1024
_EPOCH_BEFORE = re.compile(rb"\d{1,10}(?:\.\d+)?\Z")
_MOST_EPOCH_BYTES = 64
# Times of other programs, which end in what looks like an epoch. Three, six or nine digits of an
# epoch whose writer was killed look like the first, before another one: if the last ten digits are
# of this century, it may be either.
_FINER_TIME = re.compile(rb"(\d{10})(\d{3}|\d{6}|\d{9})(\.\d++)?+ (?:SAVE|DELETE|DIGEST) ")
_FINER_UNITS = {3: "milliseconds", 6: "microseconds", 9: "nanoseconds"}
_CENTURY = range(946_684_800, 4_102_444_800)  # seconds since the epoch, 2000 to 2100
_DATE = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S* (?:SAVE|DELETE|DIGEST) ")
_DECIMAL_COMMA = re.compile(rb"\d{10},\d++ (?:SAVE|DELETE|DIGEST) ")
_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|(?:\d\0){4}|(?:\0\d){4}")
_LOOSE_HEAD = re.compile(rb"[ \t]*\d{1,10}(?:\.\d++)?+[ \t]+(SAVE|DELETE|DIGEST)\b", re.IGNORECASE)
_OPERATIONS = {operation.value.encode(): operation for operation in Operation}
# Each false beginning may cost a parse of the rest of the line, and a line may be made of them.
_MOST_BYTES_UNGLUED = 256 * 1024 * 1024
_DECODER = json.JSONDecoder()


class _BadLineError(Exception):
    def __init__(
        self, reason: MalformedReason, error: str, *, may_hold_records: bool = True
    ) -> None:
        super().__init__(error)
        self.reason = reason
        self.error = error
        self.may_hold_records = may_hold_records  # written into the same line


def parse_line(raw: bytes, location: RecordLocation) -> list[Entry]:
    """Return what a line holds: one entry, or the parts of a line that was written into another.

    Args:
        raw: the line without its terminator, not blank.
        location: of the whole line; its length includes the terminator.
    """
    try:
        return [_record(raw, location)]
    except _BadLineError as bad:
        return (bad.may_hold_records and _unglue(raw, location)) or [
            Malformed(reason=bad.reason, error=bad.error, raw=raw, location=location)
        ]


def too_long(head: bytes, location: RecordLocation, limit: int) -> Malformed:
    """Return the entry for a line of more than `limit` bytes, of which only the head was kept."""
    return Malformed(
        reason=MalformedReason.TOO_LONG,
        error=f"The line has {location.length:,} bytes; MAX_RECORD_BYTES is {limit:,}.",
        raw=head[:HEAD_BYTES],
        location=location,
    )


def parse_torn(raw: bytes, location: RecordLocation) -> list[Entry]:
    """Return what the unterminated last line of a finished generation holds."""
    return [
        entry._replace(
            reason=MalformedReason.TORN,
            error=f"The file ends in the middle of this line: {entry.error}",
        )
        if isinstance(entry, Malformed) and entry.reason is not MalformedReason.GLUED
        else entry
        for entry in parse_line(raw, location)
    ]


def is_record(raw: bytes) -> bool:
    """Tell whether a line without its terminator is one complete record."""
    try:
        _record(raw, RecordLocation("", 0, len(raw)))
    except _BadLineError:
        return False
    return True


def record_end(raw: bytes) -> int | None:
    """Return where the record ends that a line begins with, whatever follows; None without one.

    Its JSON is whole, but whether it is a record in every other respect is not looked at.
    """
    head = _HEAD.match(raw)
    if head is None or raw[head.end() : head.end() + 1] != b"[":
        return None
    try:  # one character per byte: what follows may be cut, or no text at all
        return _DECODER.raw_decode(raw.decode("latin-1"), head.end())[1]
    except (ValueError, RecursionError):
        return None


def timestamp_of(raw: bytes) -> float | None:
    """Return the time that a line begins with, in seconds since the epoch; None without one."""
    head = _HEAD.match(raw)
    return float(head[1]) if head else None


def _record(raw: bytes, location: RecordLocation) -> Record:
    head = _HEAD.match(raw)
    if head is None:
        raise _no_head(raw)
    timestamp, operation = head.groups()
    return Record(
        timestamp=float(timestamp),
        operation=_OPERATIONS[operation],
        objects=_objects(raw, head.end()),
        raw=raw,
        location=location,
    )


def _no_head(raw: bytes) -> _BadLineError:
    if unknown := _UNKNOWN_HEAD.match(raw):
        return _BadLineError(
            MalformedReason.UNKNOWN_OPERATION,
            f"This version of tui-ingest knows no operation {unknown[1].decode()}. Install one that"
            " does, then retry.",
        )
    if time := _foreign_time(raw):
        return _BadLineError(
            MalformedReason.BAD_LINE,
            f"{time}. A log has seconds since 1970, as 1698395500.971553: have its writer write"
            " these.",
            may_hold_records=False,
        )
    return _BadLineError(
        MalformedReason.BAD_LINE,
        f"The line does not begin with '<epoch> SAVE|DELETE|DIGEST <json>'{_difference(raw)}.",
    )


def _foreign_time(raw: bytes) -> str:
    """Return what is wrong with the time of a record that another program wrote; "" if nothing."""
    if finer := _FINER_TIME.match(raw):
        seconds, more, fraction = finer.groups()
        if fraction is None or int((seconds + more)[-10:]) not in _CENTURY:
            return f"The time is in {_FINER_UNITS[len(more)]}: it has {10 + len(more)} digits"
    elif _DATE.match(raw):
        return "The time is a date"
    elif _DECIMAL_COMMA.match(raw):
        return "The time has a comma for its point"
    return ""


def _difference(raw: bytes) -> str:
    """Return where a head differs that looks right to people; "" where they see it."""
    if _UTF16.match(raw):
        return ": it looks like UTF-16; a log is UTF-8"
    loose = _LOOSE_HEAD.match(raw)
    if loose is None:
        return ""
    if not loose[1].isupper():
        return f": {loose[1].decode()} has to be in capitals"
    return ", with one space after each and nothing before them"


def _objects(raw: bytes, start: int) -> list[dict[str, Any]]:
    try:
        text = raw.decode()
        decoded, end = _DECODER.raw_decode(text, len(raw[:start].decode()))
    except UnicodeDecodeError as error:
        raise _BadLineError(
            MalformedReason.BAD_ENCODING,
            f"Byte {error.start + 1} of the line is not UTF-8: {error.reason}.",
        ) from error
    except json.JSONDecodeError as error:
        raise _BadLineError(
            MalformedReason.BAD_JSON,
            f"{error.msg.removesuffix(' at')} at character {error.pos + 1}.",
        ) from error
    except ValueError as error:  # a number of more digits than Python converts
        raise _BadLineError(MalformedReason.BAD_JSON, f"{error}.") from error
    except RecursionError as error:
        raise _BadLineError(
            MalformedReason.TOO_DEEP, "The JSON is nested deeper than can be followed."
        ) from error
    if text[end:].strip(" \t\r"):
        raise _BadLineError(MalformedReason.BAD_JSON, f"Extra data at character {end + 1}.")
    return _checked(decoded)


def _checked(decoded: Any) -> list[dict[str, Any]]:
    if type(decoded) is not list:
        raise _BadLineError(
            MalformedReason.BAD_OBJECTS,
            f"The JSON is not a list of objects but {_name_of(decoded)}.",
        )
    for item in decoded:
        if (
            type(item) is not dict
            or type(item.get("model")) is not str
            or type(item.get("fields")) is not dict
        ):
            raise _BadLineError(MalformedReason.BAD_OBJECTS, _what_is_wrong(decoded, item))
    return decoded


def _name_of(value: Any) -> str:
    return "one object: put it in brackets" if isinstance(value, dict) else type(value).__name__


def _what_is_wrong(decoded: list[Any], item: Any) -> str:
    if not isinstance(item, dict):
        missing = "is not an object"
    elif not isinstance(item.get("model"), str):
        missing = "does not name its 'model'"
    else:
        missing = "has no 'fields'"
    return f"Object {decoded.index(item) + 1} of {len(decoded)} {missing}."


def _unglue(raw: bytes, location: RecordLocation) -> list[Entry]:
    """Find the records in a line that was written into others; nothing if there are none."""
    entries: list[Entry] = []
    # One character per byte, because a fragment may end within a character of its own.
    text = raw.decode("latin-1")
    done = 0  # bytes of the line that are accounted for
    effort = 0  # bytes that were parsed in vain, at most
    for start, json_start in _glued_heads(raw):
        if start < done:
            continue
        piece = _piece(raw, start, _end_of_json(raw, text, json_start), location)
        if not isinstance(piece, Record):
            effort += len(raw) - start
            if effort > _MOST_BYTES_UNGLUED:
                break
            continue
        if start > done:
            entries.append(_piece(raw, done, start, location))
        entries.append(piece)
        done = start + len(piece.raw)
    if entries and done < len(raw):
        entries.append(_piece(raw, done, len(raw), location))
    return entries


def _glued_heads(raw: bytes) -> Iterator[tuple[int, int]]:
    """Yield where records may begin in a line, and where their JSON does."""
    for part in range(0, len(raw), _PART_BYTES):
        for mark in _MARK.finditer(raw, part, part + _PART_BYTES + _MOST_MARK_BYTES - 1):
            end = mark.start() + 1
            begin = max(0, end - _MOST_EPOCH_BYTES)
            if epoch := _EPOCH_BEFORE.search(raw[begin:end]):
                yield begin + epoch.start(), mark.end() - 1


def _end_of_json(raw: bytes, text: str, start: int) -> int:
    """Return the end of the JSON value that begins at `start`; `start` if it is not whole.

    Whole is what ends with the line, or where the next record begins.
    """
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return start
    return end if end == len(raw) or _GLUED_HEAD.match(raw, end) else start


def _finer_than_seconds(fragment: bytes) -> str:
    """Return what else digits before a record may be; "" if nothing."""
    unit = _FINER_UNITS.get(len(fragment)) if fragment.isdigit() else None
    return f" Or the time is in {unit}: a log has seconds since 1970." if unit else ""


def _piece(raw: bytes, start: int, end: int, location: RecordLocation) -> Entry:
    """Return what a part of a line holds; the last part has the terminator of the whole."""
    length = location.length - start if end == len(raw) else end - start
    place = location._replace(start=location.start + start, length=length)
    try:
        return _record(raw[start:end], place)
    except _BadLineError as bad:
        return Malformed(
            reason=MalformedReason.GLUED,
            error=f"Another record was written into the same line: {bad.error}"
            f"{_finer_than_seconds(raw[start:end])}",
            raw=raw[start:end],
            location=place,
        )
