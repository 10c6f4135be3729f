"""What is typed and shown: records as text, places in the log, inert text."""

import json
from datetime import datetime, timedelta

import pytest

from tests.support.lines import line, question, serialized
from tui_ingest.oplog.log import FromPosition, FromStart, FromTime
from tui_ingest.tui.view.lines import without_subject
from tui_ingest.tui.view.places import parse_place
from tui_ingest.words.record_text import (
    editable,
    entry_of,
    line_of,
    readable,
    span_of,
    span_of_error,
)
from tui_ingest.words.terminal_safe import terminal_safe, terminal_safe_json

EVIL = "\x1b]0;x\x07\x00\x7f\x9b2J\u200e\u202e\u2028\u2066\ufeff\ud800\U000e0041"


@pytest.mark.parametrize("character", [c for c in EVIL if not c.isprintable()])
def test_no_character_that_acts_on_a_terminal_survives(character):
    assert terminal_safe(character).isascii()
    assert json.loads(terminal_safe_json(f'"{character}"'), strict=False) == character


@pytest.mark.parametrize("text", ["plain", "日本語", "שלום", "👩🏽", "e\u0301", "[/red]", "a\\b"])
def test_what_acts_on_nothing_is_left_alone(text):
    assert terminal_safe(text) == text
    assert terminal_safe_json(text) == text


def test_line_feeds_are_kept_where_lines_are_wanted():
    assert terminal_safe("a\nb\r") == r"a\nb\r"
    assert terminal_safe("a\nb\r", lines=True) == "a\nb\\r"


def test_what_is_edited_comes_back_as_the_same_record():
    line = question(1, 'a "quoted" \\ text, [list] {dict}\u2028 ' + EVIL).rstrip()
    text = editable(line)
    assert len(text.splitlines()) > 5
    assert all(character.isprintable() or character == "\n" for character in text)
    again, before = entry_of(line_of(text)), entry_of(line)
    assert again.objects == before.objects
    assert (again.timestamp, again.operation) == (before.timestamp, before.operation)


@pytest.mark.parametrize(
    ("object_index", "field", "value"),
    [
        (0, "pk", "1"),
        (0, "text", r"say \"pk\": 5"),
        (1, "pk", "k"),
        (1, "text", "null"),
        (1, "tags", "["),
        (1, "a\u2028b", "true"),
        (0, "tags", None),
        (2, "pk", None),
    ],
)
def test_the_value_of_a_field_is_found_in_the_text_of_its_object(object_index, field, value):
    first = serialized("a.b", 1, {"data": {"pk": 9, "text": "inner"}, "text": 'say "pk": 5'})
    second = serialized("a.b", "k", {"text": None, "tags": [1, 2], "a\u2028b": True})
    text = editable(line("SAVE", first, second).rstrip())
    span = span_of(text, object_index, field)
    found = span and text.split("\n")[span.line][span.start : span.end]
    assert found == value


def test_long_values_are_cut_for_reading_and_not_for_editing():
    line = question(1, "x" * 100_000).rstrip()
    assert "98,000 more characters" in readable(line)
    assert len(readable(line)) < 5_000
    assert entry_of(line_of(editable(line))).objects == entry_of(line).objects


def test_a_line_that_is_no_record_is_shown_as_it_is():
    assert readable(b"\x1b[2J\xffnonsense") == r"\x1b[2J\xffnonsense"


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("start", FromStart()),
        (" 10231402 ", FromPosition(10_231_402)),
        ("10,231,402", FromPosition(10_231_402)),
        ("1698395500.971553", FromTime(1698395500.971553)),
        ("@1698395500", FromTime(1698395500.0)),
        ("2023-10-27T08:31:40Z", FromTime(1698395500.0)),
        ("2023-10-27 10:31:40+02:00", FromTime(1698395500.0)),
    ],
)
def test_a_place_is_a_byte_a_time_or_the_start(typed, place):
    assert parse_place(typed) == place


@pytest.mark.parametrize("typed", ["0:00", "00:00:00", "23:59", "9:05"])
def test_a_time_of_day_is_the_latest_that_has_been(typed):
    now = datetime.now().astimezone()
    then = datetime.fromtimestamp(parse_place(typed).timestamp).astimezone()
    assert then <= datetime.now().astimezone()
    assert now - then <= timedelta(hours=25)  # a day may have an hour more
    assert f"{then:%H:%M}" == typed.zfill(5)[:5]


@pytest.mark.parametrize(
    "typed", ["25:00", "10:61", "", "nowhere", "-5", "@", "2023-13-45", "9" * 30]
)
def test_what_is_no_place_is_refused(typed):
    with pytest.raises(ValueError, match="is no place in the log"):
        parse_place(typed)


@pytest.mark.parametrize(
    ("error", "left"),
    [
        ("polls.choice 1: the field votes does", "the field votes does"),
        ("polls.Choice 1 has the same", "has the same"),
        ("polls.choice refers by", "refers by"),
        ("polls.choice 12: the field", "12: the field"),
        ("polls.choices are", "polls.choices are"),
        ("1 of them", "of them"),
        ("The JSON", "The JSON"),
    ],
)
def test_an_error_is_shown_without_what_stands_beside_it(error, left):
    assert without_subject(error, "polls.choice", "1") == left


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        ('1.0 SAVE [{"model": "a.b", "fields": {"text": "never', '"never'),
        ('1.0 SAVE [{"model": "a.b",, "pk": 1}]', ', "pk": 1}]'),
        ("1.0 SAVE [] and more", " and more"),
        ("no record", None),
    ],
)
def test_what_is_no_record_is_opened_where_it_stops_being_one(line, rest):
    entry = entry_of(line.encode())
    span = span_of_error(entry.error)
    assert (span and line[span.start :]) == rest
