"""Keys of every kind, and every way in which a log may write them."""

import json
import re

import pytest

from tests.project.gallery.models import Tag
from tests.support.histories import Found, trace
from tests.support.lines import line, line_of_text, questions, serialized
from tests.support.target import Target, dumped, saved, without_pk
from tui_ingest.ingest.history import HistoryError, subject_named, subject_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(tmp_path):
    return Target(tmp_path, "default")


def write(target, *lines):
    target.path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("spelling", ["{}", '"{}"', " {} ", "{}.0", '"+{}"', '"0{}"'])
def test_numbers_however_they_are_written(target, spelling):
    other, wanted = saved("artist", 51, {"code": "a"}), saved("exhibition", 5, {"title": "x"})
    write(
        target,
        other + wanted.replace(b'"pk": 5', b'"pk":' + spelling.format(5).encode()) + questions([5]),
    )
    assert len(trace(target, "gallery.exhibition", 5).steps) == 1


TEXTS = [
    "plain",
    "with space",
    'quo"te',
    "back\\slash",
    "sla/sh",
    "ünï",
    "日本",
    "😀",
    "<&>",
    "a\tb",
    "5",
]


@pytest.mark.parametrize("text", TEXTS)
def test_texts_however_they_are_escaped(target, text):
    item = serialized("market.word", text, {"times": 1})
    lines = [
        json.dumps([item], ensure_ascii=False),
        json.dumps([item]),
        json.dumps([item]).replace("/", "\\/"),
        re.sub(r"\\u([0-9a-f]{4})", lambda m: f"\\u{m[1].upper()}", json.dumps([item])),
        json.dumps([item], separators=(",", ":")),
        json.dumps([item | {"pk": text + "x"}]),
    ]
    write(target, b"".join(line_of_text("SAVE", one) for one in lines))
    assert len(trace(target, "market.word", text).steps) == 5


def test_a_composite_key(target):
    wall = {"exhibition": 1, "number": 5, "colour": "red"}
    write(
        target,
        saved("exhibition", 1, {"title": "x"}),
        saved("wall", [1, 5], wall),
        saved("wall", [1, 55], wall | {"number": 55}),
        saved("wall", [1, 5], wall | {"colour": "blue"}).replace(b"[1, 5]", b"[1,5]"),
    )
    found = trace(target, "gallery.wall", "[1, 5]")
    assert found.changes[1:] == [['colour: "red" → "blue"']]
    with pytest.raises(HistoryError, match=r"is no pk of gallery\.wall"):
        trace(target, "gallery.wall", "[1]")


def test_a_natural_key_and_a_pk_name_one_row(target):
    target.rows(Tag).create(pk=3, name="a", note="")
    write(
        target,
        line("SAVE", without_pk("tag", {"name": "a", "note": "one"})),
        saved("tag", 3, {"name": "a", "note": "two"}),
        line("SAVE", without_pk("tag", {"name": "b", "note": "another"})),
    )
    for name in ("3", '["a"]'):
        found = trace(target, "gallery.tag", name)
        assert [step.record.objects[0]["fields"]["note"] for step in found.steps] == ["one", "two"]
        assert "natural key" in found.notes[0]
    first = found.steps[0].record.objects[0]
    assert len(Found(target, subject_of(target.engine(), first)).steps) == 2


def test_a_time_is_one_row_in_every_zone(target):
    at = "2023-10-27T08:00:00Z"
    write(
        target,
        line("SAVE", serialized("market.moment", at, {"times": 1})),
        line("SAVE", serialized("market.moment", "2023-10-27T10:00:00+02:00", {"times": 2})),
        line("SAVE", serialized("market.moment", "2023-10-27T10:00:00Z", {"times": 3})),
    )
    assert len(trace(target, "market.moment", at).steps) == 2


def test_a_key_that_its_field_reads_in_its_own_way(target):
    write(
        target,
        line("SAVE", serialized("market.coat", "T-7", {"colour": "red"})),
        line("SAVE", serialized("market.coat", 7, {"colour": "blue"})),
        line("SAVE", serialized("market.coat", "T-77", {"colour": "red"})),
    )
    assert len(trace(target, "market.coat", "7").steps) == 2
    assert len(trace(target, "market.coat", "T-7").steps) == 2


def test_one_object_among_several_of_a_record(target):
    many = [dumped("exhibition", number, {"title": f"{number}"}) for number in (1, 2, 3)]
    write(target, line("SAVE", *many))
    found = trace(target, "gallery.exhibition", 2)
    assert found.fates == ["not applied yet · one of 3 objects of its record"]
    assert found.steps[0].record.objects == [many[1]]


@pytest.mark.parametrize(
    ("label", "name", "complaint"),
    [
        ("polls.choice", "x", "'x' is no pk or id of polls.choice"),
        ("gallery.exhibition", "x", "'x' is no pk of gallery.exhibition"),
        ("nonsense", "1", "names no model"),
    ],
)
def test_what_names_no_row(target, label, name, complaint):
    with pytest.raises(HistoryError, match=re.escape(complaint)):
        subject_named(target.engine(), label, name)
