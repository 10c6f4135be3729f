"""A record beside its row: what differs, and what applying it would do."""

import json

import pytest

from tests.project.gallery.models import Artist, Label, Tag, Work
from tests.support.lines import choice, key, question, record_of
from tests.support.target import logged
from tui_ingest.conf import Settings
from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.ingest.inspecting import compare
from tui_ingest.ingest.target import Target

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def compared(line, database, **settings):
    (row,) = compare(Target(database, Settings(**settings)), record_of(line))
    return row


@pytest.fixture
def here(database):
    """A question in the database, under another number than the source gave it."""
    return Question.objects.using(database).create(
        pkid=70, id=key(1), question_text="What's new?", pub_date="2023-10-27T08:31:40.182Z"
    )


def differing(row):
    return [field.name for field in row.fields if not field.same]


def test_a_row_that_is_as_logged(here, database):
    row = compared(question(1), database)
    assert differing(row) == [], "the numbers of source and target are their own"
    assert (row.is_here, row.effect) == (True, "changes nothing")


def test_differences_are_marked_field_by_field(here, database):
    row = compared(question(1, "What is old?"), database)
    assert differing(row) == ["question_text"]
    text = next(field for field in row.fields if field.name == "question_text")
    assert (text.logged, text.here) == ('"What is old?"', '"What\'s new?"')
    assert row.effect == "updates 1 field"


def test_one_moment_in_two_time_zones_is_no_difference(here, database):
    line = question(1).replace(b"2023-10-27T08:31:40.182Z", b"2023-10-27T10:31:40.182+02:00")
    assert differing(compared(line, database)) == []


def test_rows_that_are_referred_to_by_name_are_compared_by_name(database):
    tag = Tag(pk=1, name="a")
    tag.save(using=database)
    Artist(pk=1, code="rem").save(using=database)
    work = Work(pk=1, title="w", artist_id="rem")
    work.save(using=database)
    work.tags.add(tag)
    label = Label(pk=1, text="l", tag=tag)
    label.save(using=database)
    for row in (work, label):
        assert differing(compared(logged(row), database)) == []
        assert differing(compared(logged(row, use_natural_foreign_keys=True), database)) == []
    other = logged(label, use_natural_foreign_keys=True).replace(b'["a"]', b'["b"]')
    assert differing(compared(other, database)) == ["tag"]


def test_a_field_that_the_record_lacks_keeps_its_value(here, database):
    line = question(1).replace(b'"question_text": "What\'s new?", ', b"")
    row = compared(line, database)
    assert (differing(row), row.effect) == ([], "changes nothing")
    assert [field.name for field in row.fields if field.logged is None] == ["question_text"]


def test_a_row_that_is_not_here(database):
    row = compared(question(1), database)
    assert (row.is_here, row.effect, row.fails) == (False, "inserts the row", False)


def test_deletions(here, database):
    assert compared(question(1, operation="DELETE"), database).effect == "deletes the row"
    gone = compared(question(2, operation="DELETE"), database)
    assert gone.effect == "changes nothing: the row is not here"


@pytest.mark.parametrize(
    ("line", "settings", "why"),
    [
        (choice(1, of=9), {}, "which is not here"),
        (question(1).replace(b"question_text", b"colour"), {}, "has no field colour here"),
        (question(1).replace(b"2023-10-27T08:31:40.182Z", b"soon"), {}, "pub_date does not take"),
        (question(1).replace(b"polls.question", b"surveys.survey"), {}, "is not installed"),
        (question(1), {"models": []}, "does not allow"),
        (question(1).replace(json.dumps(key(1)).encode(), b"null"), {}, "has no id"),
    ],
)
def test_what_would_fail_says_why(database, line, settings, why):
    row = compared(line, database, **settings)
    assert row.fails
    assert why in row.effect
    assert row.fields[0].name == "pk", "the record is shown all the same"


def test_excluded_models_are_skipped_and_their_rows_not_shown(here, database):
    row = compared(question(1, "Other"), database, exclude=["polls"])
    assert "is skipped" in row.effect
    assert not row.is_here


def test_looking_changes_nothing(here, database):
    compared(question(1, "Other"), database)
    compared(choice(1, of=1), database)
    compared(question(1, operation="DELETE"), database)
    here.refresh_from_db(using=database)
    assert here.question_text == "What's new?"
    assert not Choice.objects.using(database).exists()


def test_long_values_are_cut(here, database):
    row = compared(question(1, "x" * 100_000), database)
    assert max(len(field.logged or "") for field in row.fields) < 3_000
