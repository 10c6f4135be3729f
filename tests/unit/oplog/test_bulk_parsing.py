"""Many lines at once are what they are one by one, or are not taken."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_ingest.oplog import bulk_parsing
from tui_ingest.oplog.bulk_parsing import MOST_LINES, parse_all, parse_lines
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import RecordLocation

GOOD = (
    b'1698395500.971553 SAVE [{"model": "polls.question", "pk": 1, "fields": {"a": "\xc3\xbc"}}]',
    b'1698395500 DELETE [{"model": "polls.choice", "pk": 2, "fields": {}}]',
    b"1698395501.5 SAVE []",
    b'1698395501.5 DIGEST [{"model": "a.b", "pk": null, "fields": {"count": 3}}]',
    b'1698395501.5 SAVE [{"model": "a.b", "fields": {"x": NaN}}, {"model": "a.c", "fields": {}}] ',
    '1.5 SAVE [{"model": "a.b", "pk": "\u2028", "fields": {"a": "\\ud800 \\n"}}]'.encode(),
)
BAD = (
    b"",
    b"nonsense",
    b"1698395501.5 SAVE",
    b"1698395501.5 save []",
    b"1e5 SAVE []",
    b"inf SAVE []",
    b"12345678901 SAVE []",
    b"1698395501.5 SAVE \t[]",
    b"1698395501.5 SAVE {}",
    b'1698395501.5 SAVE [{"model": "a.b", "pk": 1, "fields": {"a": "cut o',
    b'1698395501.5 SAVE [{"model": "a.b", "fields": {"a": "\xff"}}]',
    b'1698395501.5 SAVE [{"model": 1, "fields": {}}]',
    b'1698395501.5 SAVE [{"model": "a.b", "fields": []}]',
    b"1698395501.5 SAVE [1]",
    b"1698395501.5 SAVE [" + b"[" * 100_000 + b"]" * 100_000 + b"]",
    b'1698395501.5 SAVE [{"model": "a.b", "fields": {"n": ' + b"9" * 5_000 + b"}}]",
    b'1698395501.5 SAVE [{"model": "a.b", "fields": {"a": "a\tb"}}]',
)
# Each is no record. Together they are as many values as lines, if only the values are counted.
TOGETHER = (
    b'1.0 SAVE [{"model": "a.b", "fields": {}}], [{"model": "a.b", "fields": {}}]',
    b'1.0 SAVE [{"model": "a.b", "fields": {"a": [[1]',
    b"1.0 SAVE [2]]}}]",
)


def located(raws):
    return [RecordLocation("0" * 64, 100 * n, len(raw) + 1) for n, raw in enumerate(raws)]


def one_by_one(raws):
    places = located(raws)
    return [
        entry for raw, place in zip(raws, places, strict=True) for entry in parse_line(raw, place)
    ]


def test_records_are_what_they_are_one_by_one():
    assert repr(parse_lines(GOOD, located(GOOD))) == repr(one_by_one(GOOD))


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("place", [0, 2, len(GOOD)])
def test_one_line_that_is_no_record_leaves_them_all_to_be_looked_at(bad, place):
    raws = [*GOOD[:place], bad, *GOOD[place:]]
    assert parse_lines(raws, located(raws)) is None


def test_no_value_reaches_over_the_end_of_its_line():
    raws = [*GOOD, *TOGETHER]
    assert parse_lines(raws, located(raws)) is None


def test_the_number_between_two_lines_is_nobody_elses(monkeypatch):
    guess = b"7"
    forged = (b'1.0 SAVE [{"model": "a.b", "fields": {}}], 7, [{"model": "a.b", "fields": {}}]',)
    raws = [*GOOD, *forged, *TOGETHER[1:]]
    assert parse_lines(raws, located(raws)) is None
    monkeypatch.setattr(bulk_parsing, "_NUMBER", int(guess))
    monkeypatch.setattr(bulk_parsing, "_SEPARATOR", b",\n7,\n")
    assert parse_lines(raws, located(raws)) is not None, "the attack is none"


def test_long_lines_are_not_copied():
    text = json.dumps([{"model": "a.b", "fields": {"a": "x" * 2_000_000}}]).encode()
    raws = [b"1.0 SAVE " + text]
    assert parse_lines(raws, located(raws)) is None


@pytest.mark.parametrize("place", [0, 37, MOST_LINES - 1, MOST_LINES, 2 * MOST_LINES])
def test_few_others_are_parsed_by_themselves_because_of_one_that_is_no_record(place, monkeypatch):
    raws = [*GOOD * MOST_LINES][: 2 * MOST_LINES]
    raws.insert(place, b"nonsense")
    places, whole = located(raws), [True] * len(raws)
    alone = []
    monkeypatch.setattr(
        bulk_parsing, "parse_line", lambda *of: [alone.append(of), *parse_line(*of)][1:]
    )
    entries = parse_all(raws, places, whole, max_record_bytes=1_000)
    assert repr(entries) == repr(one_by_one(raws))
    assert len(alone) <= 8


def test_what_is_kept_of_a_line_that_is_too_long_is_no_record():
    entries = parse_all(GOOD, located(GOOD), [True, False, *[True] * 4], max_record_bytes=99)
    assert [getattr(entry, "reason", "") for entry in entries] == ["", "too_long", "", "", "", ""]


@given(st.lists(st.one_of(st.sampled_from([*GOOD, *BAD[:-3], *TOGETHER]), st.binary(max_size=40))))
def test_whatever_is_taken_is_the_same(raws):
    raws = [raw.replace(b"\n", b"") for raw in raws]
    if raws and (together := parse_lines(raws, located(raws))) is not None:
        assert repr(together) == repr(one_by_one(raws))


@given(st.data())
def test_pieces_of_records_are_no_records(data):
    """Lines cut anywhere, in any order."""
    line = st.sampled_from([*GOOD, *TOGETHER]).flatmap(
        lambda raw: st.tuples(st.just(raw), st.integers(0, len(raw)), st.integers(0, len(raw)))
    )
    raws = [raw[: max(at)] + raw[min(at) :] for raw, *at in data.draw(st.lists(line, min_size=1))]
    if (together := parse_lines(raws, located(raws))) is not None:
        assert repr(together) == repr(one_by_one(raws))
