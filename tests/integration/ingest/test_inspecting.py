"""A record beside its row: what differs, and what applying it would do."""

import json

import pytest

from tests.project.gallery.models import Artist, Exhibition, Label, Showing, Tag, Work
from tests.support.lines import choice, key, line, question, record_of, serialized
from tests.support.target import logged
from tui_ingest.conf import Settings
from tui_ingest.demo.polls.models import Choice, Participant, Question
from tui_ingest.ingest.inspecting import compare
from tui_ingest.ingest.target import Target

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


NO_TEXT = question(1).replace(b'"What\'s new?"', b"null")
NO_DATE = question(1).replace(b', "pub_date": "2023-10-27T08:31:40.182Z"', b"")


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


def test_microseconds_are_compared_as_the_database_has_them(database):
    logged = question(2).replace(b"40.182Z", b"40.182964Z")
    moment = "2023-10-27T08:31:40.182964Z"
    Question.objects.using(database).create(id=key(2), question_text="What's new?", pub_date=moment)
    assert differing(compared(logged, database)) == []
    assert differing(compared(logged.replace(b"964Z", b"965Z"), database)) == ["pub_date"]


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
    ("line", "settings", "why", "field"),
    [
        (choice(1, of=9), {}, "which is not here", "question"),
        (
            question(1).replace(b"question_text", b"colour"),
            {},
            "has no field colour here",
            "colour",
        ),
        (
            question(1).replace(b"2023-10-27T08:31:40.182Z", b"soon"),
            {},
            "does not take",
            "pub_date",
        ),
        (question(1).replace(b"polls.question", b"surveys.survey"), {}, "is not installed", ""),
        (question(1), {"models": []}, "does not allow", ""),
        (question(1).replace(json.dumps(key(1)).encode(), b"null"), {}, "has no id", "id"),
        (
            question(1, "half \ud800"),
            {},
            "question_text has '\\ud800', which is half of a character.",
            "question_text",
        ),
        (NO_TEXT, {}, "question_text is empty; it must have a value.", "question_text"),
        (NO_DATE, {}, "pub_date is empty; it must have a value. The record does not", "pub_date"),
    ],
)
def test_what_would_fail_says_why_and_which_field_is_at_fault(database, line, settings, why, field):
    row = compared(line, database, **settings)
    assert row.fails
    assert why in row.effect
    assert row.at_fault == ((field,) if field else ())
    assert row.fields[0].name == "pk", "the record is shown all the same"


def test_what_a_record_lacks_is_no_fault_where_the_row_has_it(here, database):
    assert not compared(NO_DATE, database).fails


def participant(number, name):
    fields = {"id": key(number), "question": key(1), "name": name, "joined": "2023-10-27T08:00Z"}
    return line("SAVE", serialized("polls.participant", number, fields))


def test_a_unique_value_is_shown_beside_the_row_that_has_it(here, database):
    Participant.objects.using(database).create(
        pkid=7, id=key(70), question_id=key(1), name="Kim", joined="2022-01-01T00:00Z"
    )
    row = compared(participant(8, "Kim"), database)
    assert (row.fails, row.is_here, row.at_fault) == (True, False, ("question", "name"))
    holder = row.held_by
    assert (holder.label, holder.key) == ("polls.participant", "7")
    assert holder.effect == "has this question and name"
    beside = {field.name: (field.logged, field.here) for field in holder.fields}
    assert beside["name"] == ('"Kim"', '"Kim"')
    assert beside["id"] == (f'"{key(8)}"', f'"{key(70)}"')
    assert not compared(participant(70, "Kim"), database).fails, "its own row is in nobody's way"


def test_a_record_is_judged_by_what_all_of_its_objects_leave(database):
    objects = [record_of(one).objects[0] for one in (question(3), choice(4, of=3))]
    parent, child = compare(Target(database), record_of(line("SAVE", *objects)))
    assert (parent.effect, child.effect) == ("inserts the row", "inserts the row")


def test_a_deletion_that_others_forbid(database):
    exhibition = Exhibition(pk=1, title="e")
    exhibition.save(using=database)
    Artist(pk=1, code="rem").save(using=database)
    Work(pk=1, title="w", artist_id="rem").save(using=database)
    showing = Showing(work_id=1, exhibition=exhibition, room=1)
    showing.save(using=database)
    row = compared(logged(exhibition, operation="DELETE"), database)
    assert row.fails
    assert "protected foreign keys" in row.effect
    alone = compared(logged(showing, operation="DELETE"), database)
    assert alone.effect == "deletes the row"


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
