"""Many lines to records by a few calls for all of them, which takes two thirds of the time.

Whatever is not certain to be what `parse_line` would make of it is left to that function.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Sequence
from typing import Any

from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.parsing import parse_line, too_long
from tui_ingest.oplog.records import Operation, Record, RecordLocation

MOST_LINES = 64  # in one call: with one that is no record among them, each half is tried
_FEW_LINES = 8  # of which one is no record: they take less time one by one
_MOST_BYTES = 1024 * 1024  # of lines that are copied to be parsed

_EPOCH = re.compile(rb"\d{1,10}(?:\.\d+)?")
_DIGIT_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_OPERATIONS = {operation.value.encode(): operation for operation in Operation}
# Between the JSON of two lines. A string of JSON has no newline in it, and nobody who writes a log
# knows the number: where all the numbers are in their places, no value reaches over the end of its
# line, and none has more than one.
_NUMBER = secrets.randbits(60)
_SEPARATOR = b",\n%d,\n" % _NUMBER


def parse_all(
    raws: Sequence[bytes],
    locations: Sequence[RecordLocation],
    whole: Sequence[bool],
    *,
    max_record_bytes: int,
) -> list[Entry]:
    """Return what lines hold.

    Args:
        raws: the lines without their terminators.
        locations: of each.
        whole: whether that is all of each; of the others it is what is kept of too long a line.
        max_record_bytes: how long a line may be.
    """
    entries: list[Entry] = []
    stretches = [
        range(at, min(at + MOST_LINES, len(raws)))
        for at in reversed(range(0, len(raws), MOST_LINES))
    ]
    while stretches:
        lines = stretches.pop()
        part = slice(lines.start, lines.stop)
        records = parse_lines(raws[part], locations[part]) if all(whole[part]) else None
        if records is not None:
            entries += records
        elif len(lines) > _FEW_LINES:
            middle = len(lines) // 2
            stretches += lines[middle:], lines[:middle]
        else:
            for line in lines:
                if whole[line]:
                    entries += parse_line(raws[line], locations[line])
                else:
                    entries.append(too_long(raws[line], locations[line], max_record_bytes))
    return entries


def parse_lines(raws: Sequence[bytes], locations: Sequence[RecordLocation]) -> list[Record] | None:
    """Return the records that lines are; None if one of them may not be a record.

    Args:
        raws: the lines without their terminators.
        locations: of each.
    """
    if sum(map(len, raws)) > _MOST_BYTES:
        return None
    parts = [raw.split(b" ", 2) for raw in raws]
    if {*map(len, parts)} != {3}:
        return None
    times, operations, texts = zip(*parts, strict=True)
    if not (_are_epochs(times) and {*operations} <= _OPERATIONS.keys() and _are_lists(texts)):
        return None
    objects = _decoded(texts)
    if objects is None or not _are_objects(objects):
        return None
    columns = (
        map(float, times),
        map(_OPERATIONS.__getitem__, operations),
        objects,
        raws,
        locations,
    )
    return [*map(Record._make, zip(*columns, strict=True))]


def _are_epochs(times: Sequence[bytes]) -> bool:
    # But for its digits, a log has hardly two different ones.
    kinds = {*b"\n".join(times).translate(_DIGIT_TO_ZERO).split(b"\n")}
    return all(map(_EPOCH.fullmatch, kinds))


def _are_lists(texts: Sequence[bytes]) -> bool:
    return {text[:1] for text in texts} == {b"["}


def _decoded(texts: Sequence[bytes]) -> list[Any] | None:
    try:
        found = json.loads(f"[{_SEPARATOR.join(texts).decode()}]")
    except (ValueError, RecursionError):
        return None
    numbers = [_NUMBER] * (len(texts) - 1)
    return found[::2] if len(found) == 2 * len(texts) - 1 and found[1::2] == numbers else None


def _are_objects(objects: list[Any]) -> bool:
    """Tell whether every value is a list of `{"model": "…", "fields": {…}}`."""
    if {*map(type, objects)} != {list}:
        return False
    items = [*itertools.chain.from_iterable(objects)]
    return (
        {*map(type, items)} <= {dict}
        and {type(item.get("model")) for item in items} <= {str}
        and {type(item.get("fields")) for item in items} <= {dict}
    )
