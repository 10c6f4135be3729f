"""Parsing: one line of bytes to a record, or to the reason why it is not one."""

import json
import sys

import pytest

from tests.support.lines import choice, question
from tui_ingest.oplog.log import MAX_RECORD_BYTES
from tui_ingest.oplog.parsing import (
    parse_line,
    parse_torn,
    record_end,
    timestamp_of,
    too_long,
)
from tui_ingest.oplog.records import (
    Malformed,
    MalformedReason,
    Operation,
    Record,
    RecordLocation,
)

START = 5000


def parse(line, *, with_=parse_line):
    raw = line.removesuffix(b"\n")
    return with_(raw, RecordLocation("g1", START, len(line)))


def record(line):
    (entry,) = parse(line)
    assert isinstance(entry, Record)
    return entry


def malformed(line):
    (entry,) = parse(line)
    assert isinstance(entry, Malformed)
    assert entry.raw == line.removesuffix(b"\n")
    assert entry.location == RecordLocation("g1", START, len(line))
    return entry


def test_a_record():
    line = question(1, "What's up?", at=1698395500.971553)
    found = record(line)
    assert found.timestamp == 1698395500.971553
    assert found.operation is Operation.SAVE
    assert found.objects[0]["model"] == "polls.question"
    assert found.objects[0]["fields"]["question_text"] == "What's up?"
    assert found.raw == line[:-1]
    assert found.location == RecordLocation("g1", START, len(line))
    assert found.location.end == START + len(line)


@pytest.mark.parametrize(
    ("line", "operation", "objects"),
    [
        (b"1 DELETE []\n", Operation.DELETE, []),
        (b'1 DIGEST [{"model":"a.b","pk":null,"fields":{}}]\n', Operation.DIGEST, None),
        (b'1698395500 SAVE [{"model":"a.b","fields":{}}]\n', Operation.SAVE, None),
        (b'9999999999.5 SAVE   [ {"model": "a.b", "pk": null, "fields": {}} ] \n', "SAVE", None),
    ],
)
def test_other_records(line, operation, objects):
    found = record(line)
    assert found.operation == operation
    assert objects is None or found.objects == objects


@pytest.mark.parametrize(
    "text",
    ["a\u2028b", "a\u2029b\u0085c\x1dd", "snow ☃ and 𝄞", "\ufeff", "1698395500.5 SAVE [1]"],
)
def test_text_is_what_was_written(text):
    fields = {"text": text}
    objects = json.dumps([{"model": "a.b", "pk": 1, "fields": fields}], ensure_ascii=False)
    objects = objects.replace("\x1d", "\\u001d")
    assert record(f"1.5 SAVE {objects}\n".encode()).objects[0]["fields"] == fields


def test_the_largest_numbers_and_those_that_are_none():
    fields = record(
        b'1 SAVE [{"model":"a.b","fields":{"a":1e999,"b":NaN,"c":12345678901234567890}}]'
    )
    assert fields.objects[0]["fields"]["c"] == 12345678901234567890


@pytest.mark.parametrize(
    ("line", "reason", "error"),
    [
        (b"hello\n", "bad_line", "<epoch> SAVE|DELETE|DIGEST <json>"),
        (b"1698395500.971553 update []\n", "bad_line", "<epoch>"),
        (b"1698395500.971553 UPDATE []\n", "unknown_operation", "knows no operation UPDATE"),
        (b"1698395500.971553\n", "bad_line", "<epoch>"),
        (b"1698395500.971553 SAVE\n", "bad_line", "<epoch>"),
        ("١٢٣ SAVE []\n".encode(), "bad_line", "<epoch>"),
        (b'1 SAVE [{"model": "a.b"\n', "bad_json", "character 24"),
        (b"1 SAVE [] []\n", "bad_json", "Extra data"),
        (b"1 SAVE \n", "bad_json", "Expecting value"),
        (b'1 SAVE ["a\x1fb"]\n', "bad_json", "control character at character 11."),
        (b"1 SAVE [" + b"9" * 5000 + b"]\n", "bad_json", "digit"),
        (b'1 SAVE ["\xff"]\n', "bad_encoding", "Byte 10 of the line"),
        (b'1 SAVE ["\xed\xa0\x80"]\n', "bad_encoding", "Byte 10"),  # half of a surrogate pair
        (b'1 SAVE {"model": "a.b"}\n', "bad_objects", "one object: put it in brackets"),
        (b"1 SAVE null\n", "bad_objects", "NoneType"),
        (b"1 SAVE [1]\n", "bad_objects", "Object 1 of 1 is not an object"),
        (b'1 SAVE [{"model":"a.b","fields":{}},{"fields":{}}]\n', "bad_objects", "Object 2 of 2"),
        (b'1 SAVE [{"model": 3, "fields": {}}]\n', "bad_objects", "'model'"),
        (b'1 SAVE [{"model": "a.b"}]\n', "bad_objects", "'fields'"),
        (b'1 SAVE [{"model": "a.b", "fields": []}]\n', "bad_objects", "'fields'"),
    ],
)
def test_what_is_no_record(line, reason, error):
    found = malformed(line)
    assert found.reason == reason
    assert error in found.error


OBJECTS = b'[{"model": "a.b", "pk": 1, "fields": {}}]'


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"1698395500971 SAVE ", "in milliseconds: it has 13 digits"),
        (b"1698395500971.553 SAVE ", "in milliseconds"),
        (b"1698395500971553 DELETE ", "in microseconds: it has 16 digits"),
        (b"1698395500971553123 SAVE ", "in nanoseconds: it has 19 digits"),
        (b"2023-10-27T10:18:20 SAVE ", "is a date"),
        (b"2023-10-27T10:18:20.971+00:00 SAVE ", "is a date"),
        (b"2023-10-27 10:18:20,971 DELETE ", "is a date"),
        (b"1698395500,971553 SAVE ", "has a comma"),
    ],
)
def test_a_time_of_another_kind_is_named_and_not_taken_for_a_fragment(head, error):
    found = malformed(head + OBJECTS + b"\n")
    assert found.reason is MalformedReason.BAD_LINE
    assert error in found.error
    assert "seconds since 1970" in found.error


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"1698395500.5 save ", "save has to be in capitals"),
        (b"1698395500.5\tSAVE\t", "one space after each"),
        (b"1698395500.5  SAVE ", "one space after each"),
        (b"1698395500.5 SAVE", "one space after each"),
    ],
)
def test_a_head_that_looks_right_says_where_it_is_not(head, error):
    found = malformed(head + OBJECTS + b"\n")
    assert found.reason is MalformedReason.BAD_LINE
    assert error in found.error


def test_another_encoding_is_named():
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        line = (b"1698395500.5 SAVE " + OBJECTS).decode().encode(encoding)
        assert "UTF-16" in malformed(line + b"\n").error
    assert "UTF-16" not in malformed(b"\0" * 64 + b"\n").error, "what a power cut leaves"


def test_a_mark_at_the_start_of_a_file_is_no_fragment():
    found = record("\ufeff1698395500.5 SAVE ".encode() + OBJECTS + b"\n")
    assert (found.timestamp, found.objects[0]["pk"]) == (1698395500.5, 1)
    assert timestamp_of(found.raw) == 1698395500.5
    assert "character 21" in malformed("\ufeff1698395500.5 SAVE [nothing\n".encode()).error


def test_json_that_is_nested_too_deeply():
    depth = sys.getrecursionlimit() * 100
    assert malformed(b"1 SAVE " + b"[" * depth + b"]" * depth).reason is MalformedReason.TOO_DEEP


def test_time_of_a_line():
    assert timestamp_of(b"1698395500.5 SAVE [cut off") == 1698395500.5
    assert timestamp_of(b"nothing") is None
    assert timestamp_of(b"") is None


def test_a_line_that_is_too_long_keeps_its_head():
    location = RecordLocation("g1", 7, 70_000_001)
    entry = too_long(b"1 SAVE [" + b"x" * 5000, location, 67_108_864)
    assert entry.reason is MalformedReason.TOO_LONG
    assert entry.raw == b"1 SAVE [" + b"x" * 1016
    assert entry.location is location
    assert "70,000,001" in entry.error
    assert "67,108,864" in entry.error


# Lines that were written into one another


def pieces(line):
    """The entries of a line, after a check that they cover it exactly."""
    entries = parse(line)
    at = START
    for entry in entries:
        assert entry.location.start == at
        begin = at - START
        assert line[begin : begin + entry.location.length].removesuffix(b"\n") == entry.raw
        at = entry.location.end
    assert at == START + len(line)
    return entries


def kinds(entries):
    return [entry.reason.value if isinstance(entry, Malformed) else "record" for entry in entries]


@pytest.mark.parametrize("cut", [1, 5, 10, 17, 18, 24, 25, 60, 150])
def test_a_record_written_into_an_unfinished_one(cut):
    line = question(1)[:cut] + choice(1, of=1)
    fragment, found = pieces(line)
    assert fragment.reason is MalformedReason.GLUED
    assert fragment.raw == line[:cut]
    assert found.objects[0]["model"] == "polls.choice"


def test_digits_before_a_record_may_be_a_finer_time():
    fragment, found = pieces(b"169" + question(1, at=1698395500.5))
    assert found.timestamp == 1698395500.5
    assert "Or the time is in milliseconds" in fragment.error


def test_a_fragment_that_was_cut_within_a_character():
    snow = '1 SAVE [{"model": "a.b", "fields": {"text": "☃'.encode()[:-1]
    fragment, found = pieces(snow + question(1))
    assert fragment.raw == snow
    assert found.objects[0]["pk"] == 1


def test_a_fragment_that_ends_in_digits_before_an_epoch():
    fragment, found = pieces(b'1.5 SAVE [{"model": "a.b", "pk": 1234' + question(1, at=1698395501))
    assert fragment.raw.endswith(b"1234")
    assert found.timestamp == 1698395501


def test_only_the_line_terminators_were_lost():
    line = question(1)[:-1] + question(2)[:-1] + question(3)
    entries = pieces(line)
    assert kinds(entries) == ["record", "record", "record"]
    assert [entry.objects[0]["pk"] for entry in entries] == [1, 2, 3]


def test_several_fragments_and_records():
    line = question(1)[:40] + question(2)[:-1] + question(3)[:50] + question(4)
    assert kinds(pieces(line)) == ["glued", "record", "glued", "record"]


def test_hundreds_of_lines_without_terminators():
    line = b"".join(question(number)[:-1] for number in range(300)) + b"\n"
    assert kinds(pieces(line)) == ["record"] * 300


def test_a_record_before_a_fragment():
    line = question(1)[:-1] + question(2)[:60] + b"\n"
    assert kinds(pieces(line)) == ["record", "glued"]


@pytest.mark.parametrize("before", range(-12, 3))
def test_a_glued_record_where_the_search_is_cut(before):
    """It is searched for in parts of 1 MiB."""
    good = question(1)
    fragment = b"x" * (1024 * 1024 + before)
    found = pieces(fragment + good)
    assert kinds(found) == ["glued", "record"]
    assert found[0].raw + found[1].raw + b"\n" == fragment + good


def repeated(unit):
    """As many bytes as a record may have."""
    return unit * (MAX_RECORD_BYTES // len(unit))


@pytest.mark.parametrize(
    "line",
    [
        repeated(b"1"),
        b"1." + repeated(b"1"),
        repeated(b"1234567890."),
        repeated(b" SAVE ["),
        repeated(b"1 SAVE ["),
        repeated(b'1 SAVE [] 2 DELETE [{"model":"a.b"}'),
        b"1 SAVE [" + repeated(b"1"),
        b"1 A" + repeated(b" "),
    ],
    ids=lambda line: repr(line[:12]),
)
def test_the_longest_lines_that_are_made_of_what_a_record_begins_with(line):
    """Were the time for one not linear, this would not end."""
    assert kinds(parse_line(line, RecordLocation("g", 0, len(line)))) != ["record"]


def test_the_end_of_a_record_whatever_follows():
    good = question(1).rstrip(b"\n")
    for rest in (b"", b" ", b"\r", good, good[:50], b"\xff", "ä".encode()[:1]):
        assert record_end(good + rest) == len(good)
    for cut in range(len(good)):
        assert record_end(good[:cut]) is None
    assert record_end('1.5 SAVE ["ä☃"] more'.encode()) == len('1.5 SAVE ["ä☃"]'.encode())
    assert record_end(b"nothing") is None
    assert record_end(b"1 SAVE 1") is None


def test_rubbish_after_a_record_is_not_a_glued_line():
    assert malformed(question(1)[:-1] + b" rubbish\n").reason is MalformedReason.BAD_JSON


def test_what_looks_like_a_record_within_a_text_is_none():
    line = b'1 SAVE [{"model": "a.b", "pk": 1, "fields": {"text": "5 SAVE [] 6 SAVE []"}]\n'
    assert malformed(line).reason is MalformedReason.BAD_JSON


def test_thousands_of_false_beginnings_are_looked_at_in_bounded_time():
    line = b'1 SAVE ["' + b"5 SAVE [" * 100_000 + b"\n"
    assert malformed(line).reason is MalformedReason.BAD_JSON


# The last line of a finished generation


def test_a_torn_line():
    (entry,) = parse(question(1)[:60], with_=parse_torn)
    assert entry.reason is MalformedReason.TORN
    assert "ends in the middle" in entry.error


def test_a_complete_record_without_its_newline_is_not_torn():
    (entry,) = parse(question(1)[:-1], with_=parse_torn)
    assert isinstance(entry, Record)


def test_a_torn_line_glued_to_a_fragment():
    entries = parse(question(1)[:60] + question(2)[:-1], with_=parse_torn)
    assert kinds(entries) == ["glued", "record"]
