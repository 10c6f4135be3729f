"""What a DIGEST says of the rows here: equal, or what differs, or why that is as it should be."""

import uuid

import pytest
from django.db import connections

from tests.project.gallery.models import (
    Artist,
    Everything,
    Known,
    Label,
    Passport,
    Tag,
    Work,
)
from tests.support.digests import digest, rows_of
from tests.support.engine import ingest
from tests.support.lines import line, serialized
from tests.support.target import Target, deleted, saved
from tui_ingest.ingest import verdicts
from tui_ingest.ingest.events import ModelVerified, VerifiedState
from tui_ingest.models import DifferingRow, LogEvent, ModelVerification
from tui_ingest.oplog.log import FromStart

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres", "source"])

KINDS = {"verified", "explained", "not_comparable", "differs"}


class Verified(Target):
    """A target of a log, and the source's database, whose rows DIGESTs are about."""

    def state(self, label="gallery.tag"):
        return verdicts.load(self.engine(), self.file())[label].state.value

    def verdict(self, label="gallery.tag"):
        return verdicts.load(self.engine(), self.file())[label]

    def events(self):
        events = LogEvent.objects.using(self.database).order_by("pk")
        return [(event.kind, event.message) for event in events if event.kind in KINDS]

    def differing(self):
        rows = DifferingRow.objects.using(self.database).order_by("pk")
        return {(row.kind, row.key) for row in rows}


@pytest.fixture
def target(tmp_path, database):
    return Verified(tmp_path, database)


def tag(pk, name=None, **more):
    return saved("tag", pk, {"name": name or f"tag {pk}", "note": "", **more})


def source_tags(*numbers):
    rows_of(Tag, "source").bulk_create(Tag(pk=pk, name=f"tag {pk}", note="") for pk in numbers)
    return [tag(pk) for pk in numbers]


@pytest.mark.parametrize("number", [3, 300])
def test_equal_rows(target, number):
    lines = source_tags(*range(1, number + 1))
    target.accept(*lines, *digest(Tag), *lines[:1])
    verdict = target.verdict()
    assert verdict.state is VerifiedState.EQUAL
    assert (verdict.rows, verdict.source_rows, verdict.reason) == (number, number, "")
    at_line = target.path.read_bytes().splitlines(keepends=True)
    assert verdict.position == sum(map(len, at_line[:number]))
    assert target.events() == [("verified", f"gallery.tag: {number} rows, equal to the source.")]


def test_only_another_verdict_is_news(target):
    target.accept(*source_tags(1, 2), *digest(Tag), *digest(Tag))
    assert len(target.events()) == 1
    rows_of(Tag, target.database).filter(pk=1).update(note="tampered")
    target.accept(*digest(Tag), *digest(Tag))
    assert target.state() == "differs"
    target.accept(tag(1), *digest(Tag))
    assert target.state() == "equal"
    assert [kind for kind, _ in target.events()] == ["verified", "differs", "verified"]


def test_a_session_reports_it(target):
    source_tags(1)
    target.path.write_bytes(b"".join(digest(Tag)))
    _, events = ingest(target.path, database=target.database)
    [found] = [event for event in events if isinstance(event, ModelVerified)]
    assert (found.model, found.verdict.state) == ("gallery.tag", VerifiedState.DIFFERS)


def test_rows_that_are_missing_or_too_many(target):
    lines = source_tags(1, 2, 3)
    target.accept(*lines[:2], *digest(Tag))
    assert target.verdict().reason == "2 rows here, 3 at the source."
    target.accept(tag(3), tag(4), *digest(Tag))
    assert target.verdict().reason == "4 rows here, 3 at the source."
    target.accept(deleted("tag", 4), tag(3, "another"), *digest(Tag))
    assert target.verdict().reason == "3 rows on both sides, of which some differ."


def test_rows_that_differ_are_named(target):
    lines = source_tags(1, 2, 3, 4)
    target.accept(*lines[:3], tag(5), *digest(Tag))
    rows_of(Tag, target.database).filter(pk=2).update(note="tampered")
    target.accept(*digest(Tag, rows=True))
    assert target.differing() == {("only source", "4"), ("only here", "5"), ("different", "2")}
    assert target.verdict().differing == 3
    target.accept(tag(2), tag(4), deleted("tag", 5), *digest(Tag))
    assert target.state() == "equal"
    assert target.differing() == set()
    assert target.verdict().differing is None


def test_rows_that_have_numbers_of_their_own_are_named_by_those_of_the_source(target):
    for pk in (1, 2, 3):
        rows_of(Known, "source").create(number=pk, id=uuid.UUID(int=pk), name=str(pk))
    rows_of(Known, target.database).create(number=1, id=uuid.UUID(int=3), name="3")
    rows_of(Known, target.database).create(number=2, id=uuid.UUID(int=7), name="7")
    target.accept(*digest(Known, rows=True))
    assert target.differing() == {("only source", "1"), ("only source", "2"), ("only here", "2")}


def test_a_table_in_parts(target):
    lines = source_tags(*range(1, 31))
    parts = digest(Tag, parts=(10, 20, None), rows=True)
    target.accept(*lines, parts[0])
    assert not verdicts.load(target.engine(), target.file())
    target.accept(parts[1], tag(40, "surplus"), parts[2])
    assert target.verdict().reason == "31 rows here, 30 at the source. 1 row to be looked at."
    assert target.differing() == {("only here", "40")}
    target.accept(deleted("tag", 40), *digest(Tag, parts=(10, 20, None)))
    assert target.state() == "equal"
    rows_of(Tag, target.database).filter(pk=11).update(note="tampered")
    target.accept(*digest(Tag, parts=(10, 20, None)))
    assert target.verdict().reason == "30 rows on both sides, of which some differ."


def test_without_all_parts_nothing_follows(target):
    lines = source_tags(*range(1, 31))
    parts = digest(Tag, parts=(10, 20, None))
    target.accept(*lines, parts[1], parts[2], parts[0], parts[2])
    assert verdicts.load(target.engine(), target.file()) == {}
    target.accept(*parts)
    assert target.state() == "equal"


def test_what_was_set_aside_explains_no_more_than_itself(target):
    lines = source_tags(1, 2, 3)
    target.apply(lines[0], tag(2, note=None), lines[2], *digest(Tag))
    assert target.state() == "explained"
    assert target.verdict().reason == "1 row with an open dead letter."
    rows_of(Tag, target.database).filter(pk=3).delete()
    target.apply(*digest(Tag))
    assert target.verdict().reason == "1 row here, 3 at the source."
    target.accept(tag(3), tag(2), *digest(Tag))
    assert target.state() == "equal"


def test_what_was_set_aside_explains_the_rows_that_it_names_and_no_others(target):
    lines = source_tags(1, 2, 3)
    target.apply(lines[0], tag(2, note=None), lines[2], *digest(Tag, rows=True))
    assert target.state() == "explained"
    rows_of(Tag, target.database).filter(pk=3).update(note="tampered")
    target.apply(*digest(Tag, rows=True))
    assert target.state() == "differs"
    assert target.differing() == {("only source", "2"), ("different", "3")}


def test_what_was_there_when_the_rows_were_equal_explains_nothing(target):
    lines = source_tags(1, 2)
    target.apply(lines[0], tag(2, note=None))
    rows_of(Tag, target.database).create(pk=2, name="tag 2", note="")  # put right by hand
    target.apply(*digest(Tag))
    assert target.state() == "equal"
    rows_of(Tag, target.database).filter(pk=1).delete()
    target.apply(*digest(Tag))
    assert target.state() == "differs"


def test_a_line_that_nobody_can_read_may_explain_anything(target):
    lines = source_tags(1, 2)
    target.apply(lines[0], b"1698395500.5 SAVE [{\n", *digest(Tag))
    assert target.verdict().reason == "1 line of the log that could not be read."


def test_rows_that_wait_for_a_parent(target):
    rows_of(Artist, "source").create(pk=1, code="x")
    rows_of(Passport, "source").create(artist_id=1, number="n")
    passport = saved("passport", 1, {"number": "n"})
    target.apply(passport, *digest(Passport))
    assert target.state("gallery.passport") == "explained"
    artist = saved("artist", 1, {"code": "x", "favourite": None})
    target.accept(artist, *digest(Passport), *digest(Artist))
    assert target.state("gallery.passport") == target.state("gallery.artist") == "equal"


def test_a_row_whose_parent_comes_later_in_the_same_breath_is_there(target):
    """Both are in the log before the first of them is applied."""
    rows_of(Artist, "source").create(pk=1, code="x")
    rows_of(Passport, "source").create(artist_id=1, number="n")
    filler = [tag(number) for number in range(200)]
    broken = saved("passport", 9, {"number": "n"})  # has the batch be looked through
    target.apply(
        saved("passport", 1, {"number": "n"}),
        broken,
        *filler,
        saved("artist", 1, {"code": "x", "favourite": None}),
        deleted("passport", 9),
        *digest(Passport, rows=True),
    )
    assert target.state("gallery.passport") == "equal"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"exclude": ["gallery.tag"]}, "The setting EXCLUDE names it."),
        ({"models": ["polls"]}, "The setting MODELS does not name it."),
    ],
)
def test_what_nobody_was_to_write(target, settings, reason):
    source_tags(1)
    target.accept(*digest(Tag), **settings)
    assert (target.state(), target.verdict().reason) == ("explained", reason)


def test_fields_that_are_not_here(target):
    lines = source_tags(1, 2)
    [said] = digest(Tag)
    said = said.replace(b'"fields": ["name"', b'"fields": ["colour", "name"')
    target.accept(*lines, said, ignore_unknown_fields=True)
    assert target.state() == "explained"
    assert target.verdict().reason == (
        "As many rows as at the source; not here, and not compared: colour."
    )
    rows_of(Tag, target.database).filter(pk=1).delete()
    target.accept(said, ignore_unknown_fields=True)
    assert target.state() == "differs"


@pytest.mark.parametrize(
    ("label", "fields", "reason"),
    [
        ("gallery.nothing", {}, "The model gallery.nothing is not installed"),
        ("gallery.tag", {"identity": "name"}, "The source tells rows apart by name, this project"),
        ("gallery.tag", {"scope": {"site": 7}}, "The source counts rows by site, which is no"),
        ("gallery.tag", {"scope": {"name__startswith": "t"}}, "rows by name__startswith, which"),
        ("gallery.tag", {"scope": {"id": {"a": []}}}, "No rows can be chosen as the source did"),
    ],
)
def test_what_cannot_be_compared(target, label, fields, reason):
    said = {"count": 0, "sum": "0" * 32, "fields": ["name"], "identity": "pk"} | fields
    target.accept(line("DIGEST", serialized(label, None, said)))
    assert target.state(label) == "not comparable"
    assert reason in target.verdict(label).reason


def test_a_table_that_is_not_here(target):
    source_tags(1)
    with connections[target.database].cursor() as cursor:
        cursor.execute("ALTER TABLE gallery_tag RENAME TO gallery_tag_gone")
    try:
        target.accept(*digest(Tag))
    finally:
        with connections[target.database].cursor() as cursor:
            cursor.execute("ALTER TABLE gallery_tag_gone RENAME TO gallery_tag")
    assert target.state() == "not comparable"
    assert "The rows here cannot be read" in target.verdict().reason


def test_a_table_that_other_logs_write(target, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    Verified(other, target.database).accept(tag(7))
    lines = source_tags(1, 2)
    target.path.write_bytes(b"".join([*lines, *digest(Tag)]))
    ingest(target.path, database=target.database)
    [known] = ModelVerification.objects.using(target.database)
    assert known.state == "not comparable"
    assert f"Other logs write this model: {other}/oplog.log." in known.reason
    target.path.write_bytes(target.path.read_bytes() + b"".join(digest(Tag, scope={"note": ""})))
    ingest(target.path, database=target.database)
    known.refresh_from_db()
    assert known.state == "differs"
    rows_of(Tag, target.database).filter(pk=7).update(note="of the other")
    target.path.write_bytes(target.path.read_bytes() + b"".join(digest(Tag, scope={"note": ""})))
    ingest(target.path, database=target.database)
    known.refresh_from_db()
    assert known.state == "equal"


def test_decimals_that_sqlite_cannot_hold_are_named(target):
    amount = "1234567890123456.7891"
    values = {"boolean": True, "char": "c", "text": "t", "small": 1, "integer": 2}
    rows_of(Everything, "source").create(pk=1, amount=amount, **values)
    target.accept(*digest(Everything))
    told = "SQLite keeps 15 digits of amount" in target.verdict("gallery.everything").reason
    assert told is (target.database == "default")


def test_a_dry_run_compares_nothing(target):
    lines = source_tags(1)
    target.path.write_bytes(b"".join([*lines, *digest(Tag)]))
    result, _ = ingest(target.path, database=target.database, dry_run=True)
    assert result.error == ""
    assert not ModelVerification.objects.using(target.database).exists()


def test_what_is_read_again_says_nothing_of_rows_that_are_newer(target):
    lines = source_tags(1)
    target.accept(*lines, *digest(Tag))
    lines = source_tags(2)
    target.accept(*lines, *digest(Tag))
    assert target.state() == "equal"
    ingest(target.path, database=target.database, start=FromStart())
    assert [kind for kind, _ in target.events()] == ["verified"]
    rows_of(Tag, target.database).filter(pk=2).delete()
    target.accept(*digest(Tag))
    assert target.state() == "differs"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"count": -1},
        {"count": True},
        {"sum": "0"},
        {"fields": "name"},
        {"identity": None},
        {"scope": []},
        {"hashes": "AAAA", "keys": [1]},
        {"hashes": "?", "keys": [1]},
        {"hashes": 7, "keys": 7},
    ],
)
def test_a_digest_that_says_nothing_is_set_aside(target, fields):
    said = {"count": 1, "sum": "0" * 32, "fields": ["name"], "identity": "pk"} | fields
    if not fields:
        del said["count"]
    letter = target.refuse(line("DIGEST", serialized("gallery.tag", None, said)))
    assert letter.reason == "bad_value"
    assert letter.error.startswith("This DIGEST of gallery.tag is none: ")
    assert not ModelVerification.objects.using(target.database).exists()


def test_links_and_labels_of_other_rows(target):
    target.accept(*source_tags(1, 2))
    for database in ("source", target.database):
        rows_of(Label, database).create(pk=1, text="l", tag_id=1)
        rows_of(Artist, database).create(pk=1, code="x")
        work = rows_of(Work, database).create(pk=1, title="w", artist_id="x")
        work.tags.set([1, 2])
    target.accept(*digest(Label), *digest(Work))
    assert target.state("gallery.label") == target.state("gallery.work") == "equal"
    rows_of(Work.tags.through, target.database).filter(tag_id=2).delete()
    target.accept(*digest(Work))
    assert target.state("gallery.work") == "differs"
