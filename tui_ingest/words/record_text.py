"""A line of the log as text that can be read and edited, and back to the bytes of a line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import Malformed, Record, RecordLocation
from tui_ingest.words.terminal_safe import terminal_safe, terminal_safe_json

LONG_VALUE = 2_000  # characters of a string that are shown where nothing is edited
LONG_LIST = 200  # items of a list, likewise

_NOWHERE = RecordLocation("", 0, 0)


def entry_of(raw: bytes, location: RecordLocation = _NOWHERE) -> Entry:
    """Return what a line of bytes holds: one record, or why it is none."""
    entries = parse_line(raw, location)
    broken = [entry for entry in entries if isinstance(entry, Malformed)]
    return broken[0] if broken else entries[0]


def readable(raw: bytes) -> str:
    """Return a line for reading: the record's JSON indented, long values cut."""
    return _text(raw, _shortened)


def editable(raw: bytes) -> str:
    """Return a line for editing: whole, the time and operation on the first line."""
    return _text(raw, lambda objects: objects)


class Span(NamedTuple):
    """A piece of one line of a text."""

    line: int  # the first is 0
    start: int  # characters before it
    end: int


def span_of_error(error: str) -> Span | None:
    """Return the place at which a line stops being a record, if what is said of it names that."""
    found = re.search(r"at character (\d+)\.$", error)
    return Span(0, int(found[1]) - 1, int(found[1]) - 1) if found else None


def span_of(text: str, object_index: int, field: str) -> Span | None:
    """Return where the value of a field stands in a record's text; of a string, what is quoted.

    Of a value over several lines the first. None if the object does not carry the field.

    Args:
        text: as `editable` returns it.
        field: its name; "pk" is the key's.
    """
    name = terminal_safe_json(json.dumps(field, ensure_ascii=False))
    before = ("    " if field == "pk" else "      ") + f"{name}: "
    at_object = -1
    for number, line in enumerate(text.split("\n")):
        # What is indented so far begins an object: within a value everything is further in.
        at_object += line == "  {"
        if at_object == object_index and line.startswith(before):
            end = len(line) - line.endswith(",")
            is_string = line[len(before)] == '"'
            return Span(number, len(before) + is_string, end - is_string)
    return None


def line_of(text: str) -> bytes:
    """Return the bytes of the line that an edited text stands for."""
    return " ".join(part for part in map(str.strip, text.split("\n")) if part).encode(
        "utf-8", "surrogatepass"
    )


def _text(raw: bytes, shown: Callable[[Any], Any]) -> str:
    record = entry_of(raw)
    if not isinstance(record, Record):
        return terminal_safe(raw.decode("utf-8", "backslashreplace"))
    head, _, _ = raw.partition(b"[")
    body = json.dumps(shown(record.objects), ensure_ascii=False, indent=2)
    return f"{terminal_safe(head.decode().strip())}\n{terminal_safe_json(body)}"


def _shortened(value: Any) -> Any:
    match value:
        case str() if len(value) > LONG_VALUE:
            return f"{value[:LONG_VALUE]} … {len(value) - LONG_VALUE:,} more characters"
        case list():
            more = [f"… {len(value) - LONG_LIST:,} more"] if len(value) > LONG_LIST else []
            return [*map(_shortened, value[:LONG_LIST]), *more]
        case dict():
            return {key: _shortened(item) for key, item in value.items()}
    return value
