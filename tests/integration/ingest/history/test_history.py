"""One row over time: all its records and dead letters, what they change, and the row now."""

import re
from contextlib import closing

import pytest

from tests.support.histories import Found, trace
from tests.support.lines import choice, key, line, question, serialized
from tests.support.target import Target, dumped, saved
from tui_ingest.conf import Settings
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.history import Tracing, subject_named, subject_of
from tui_ingest.oplog.files.reading import FileLog

pytestmark = pytest.mark.django_db(transaction=True)
on_both = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


@pytest.fixture
def target(tmp_path):
    return Target(tmp_path, "default")


@on_both
def test_records_of_a_row_with_what_changed_between_them(tmp_path, database):
    target = Target(tmp_path, database)
    target.accept(
        question(1),
        question(2),
        choice(7, of=1, text="sky"),
        choice(8, of=1, text="sky"),
        choice(7, of=1, text="blue", votes=3),
        choice(7, of=1, text="blue", votes=3),
        choice(7, of=1, operation="DELETE"),
        choice(7, of=2),
    )
    found = trace(target, "polls.Choice", 7)
    assert found.effects == [
        "the first record of it",
        "changes 2 fields",
        "says the same again",
        "deletes it",
        "the first record after the deletion",
    ]
    assert found.changes[1] == ['choice_text: "sky" → "blue"', "votes: 0 → 3"]
    assert found.changes[2:4] == [[], []]
    assert f'question: "{key(2)}"' in found.changes[4]
    assert found.fates == [""] * 5
    assert (found.lacks, found.notes) == ([], [])
    (now,) = found.now
    assert (now.is_here, now.differs) == (True, False)
    assert now.says == "is in the database, as the last record that took effect says."


def test_a_row_is_named_by_its_number_or_by_what_identifies_it(target):
    target.accept(question(1), question(2), question(1, "again"))
    by_number, by_uuid = trace(target, "polls.question", 1), trace(target, "polls.question", key(1))
    assert len(by_number.steps) == 2
    assert [s.record for s in by_number.steps] == [s.record for s in by_uuid.steps]
    assert by_uuid.now[0].is_here
    upper = trace(target, "polls.question", key(1).upper().replace("-", ""))
    assert [s.record for s in upper.steps] == [s.record for s in by_uuid.steps]


def test_a_number_that_two_rows_had_is_said_to_be_two_rows(target):
    other = question(1).replace(key(1).encode(), key(99).encode())
    target.accept(question(1), other)
    found = trace(target, "polls.question", 1)
    assert len(found.steps) == 2
    assert f"Several rows had this number: {key(1)}, {key(99)}." in found.notes
    (record,) = [step.record for step in trace(target, "polls.question", key(99)).steps]
    (exact,) = Found(target, subject_of(target.engine(), record.objects[0])).steps
    assert exact.record == record


@on_both
def test_dead_letters_are_told_at_their_place(tmp_path, database):
    target = Target(tmp_path, database)
    broken = choice(7, of=1).replace(b'"votes": 0', b'"votes": "many"')
    target.apply(question(1), broken)
    (fate,) = trace(target, "polls.choice", 7).fates
    assert re.match(r"dead letter \d+ is open \(bad_value: .*votes", fate)
    target.apply(choice(7, of=1, votes=5))
    superseded, applied = trace(target, "polls.choice", 7).fates
    assert re.match(r"dead letter \d+ is superseded", superseded)
    assert applied == ""


def test_a_record_that_failed_is_not_what_the_row_is_compared_with(target):
    target.accept(question(1), choice(7, of=1))
    target.refuse(choice(7, of=1, votes=1).replace(b'"votes": 1', b'"votes": "many"'))
    (now,) = trace(target, "polls.choice", 7).now
    assert (now.is_here, now.differs) == (True, False)


def test_what_the_session_has_not_read_is_told_apart(target):
    target.accept(question(1))
    with target.path.open("ab") as log:
        log.write(question(1, "later"))
    found = trace(target, "polls.question", 1)
    assert found.fates == ["", "not applied yet"]
    assert not found.now[0].differs


def test_a_log_that_was_never_applied(target):
    target.path.write_bytes(question(1))
    found = trace(target, "polls.question", 1)
    assert found.fates == ["not applied yet"]
    assert found.notes == ["No session has read this log into this database."]
    assert found.now[0].says == "is not in the database; no record of it took effect."


@pytest.mark.parametrize(
    ("change", "says", "differs"),
    [
        (None, "is in the database, as", False),
        ({"question_text": "by hand"}, "differs from the last record that took effect: 1", True),
        ("gone", "is not in the database, though the last record that took effect saves", True),
    ],
)
def test_the_row_now(target, change, says, differs):
    target.accept(question(1))
    rows = target.rows(Question)
    if change == "gone":
        rows.all().delete()
    elif change:
        rows.update(**change)
    (now,) = trace(target, "polls.question", 1).now
    assert now.says.startswith(says)
    assert now.differs is differs
    if change and change != "gone":
        assert [field.name for field in now.fields if not field.same] == ["question_text"]


def test_a_row_that_is_here_though_it_was_deleted(target):
    target.accept(question(1), question(1, operation="DELETE"))
    assert not trace(target, "polls.question", 1).now[0].differs
    at = "2023-10-27T00:00Z"
    target.rows(Question).create(pkid=1, id=key(1), question_text="back", pub_date=at)
    (now,) = trace(target, "polls.question", 1).now
    assert now.says == ("is in the database, though the last record that took effect deletes it.")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"models": ["gallery"]}, "MODELS does not allow its model"),
        ({"exclude": ["polls"]}, "EXCLUDE names its model"),
    ],
)
def test_a_model_that_may_not_be_written_has_no_row_to_show(target, settings, says):
    target.accept(question(1))
    (now,) = trace(target, "polls.question", 1, Settings(**settings)).now
    assert says in now.says
    assert now.fields == ()


def test_a_model_that_is_not_installed(target):
    target.apply(line("SAVE", serialized("gone.thing", 5, {"a": 1})))
    found = trace(target, "gone.thing", 5)
    assert "is open (unknown_model" in found.fates[0]
    assert found.now[0].says == "is not compared: its model is not installed."


def test_the_parts_of_an_object_in_several_tables_are_shown_together(target):
    target.accept(
        saved("place", 1, {"name": "here"}),
        saved("shop", 1, {"sells": "tea", "rating": 3}),
        saved("place", 2, {"name": "there"}),
        line("SAVE", dumped("stand", 1, {"sells": "tea", "rating": 4})),
        saved("kiosk", 1, {"open_air": True}),
        saved("place", 1, {"name": "elsewhere"}),
    )
    found = trace(target, "gallery.kiosk", 1)
    assert [step.label for step in found.steps] == [
        f"gallery.{name}" for name in ("place", "shop", "stand", "kiosk", "place")
    ]
    assert found.changes[2] == ["rating: 3 → 4"]
    assert found.changes[4] == ['name: "here" → "elsewhere"']
    assert [row.label for row in found.now] == ["gallery.kiosk", "gallery.shop", "gallery.place"]
    assert all(row.is_here and not row.differs for row in found.now)
    assert "gallery.kiosk is a part of gallery.shop" in " ".join(found.notes)
    place = trace(target, "gallery.place", 1)
    assert len(place.steps) == 2
    assert "A row of gallery.shop, gallery.kiosk may have the same key" in " ".join(place.notes)


class TestWhatIsMissing:
    def test_a_gap(self, target):
        target.accept(question(1))
        target.path.with_name("oplog.log.1").write_bytes(question(2))
        target.path.write_bytes(question(3))
        target.apply()
        found = trace(target, "polls.question", 1)
        assert "1 gap in what was read of the log" in found.lacks[0]

    def test_files_that_were_removed_after_they_were_read(self, target):
        now = 4_000_000_000  # after all that happens here
        target.accept(question(1))
        target.path.rename(target.path.with_name("oplog.log.1"))
        target.path.write_bytes(question(2, at=now))
        target.accept()
        assert trace(target, "polls.question", 1).lacks == []
        target.path.with_name("oplog.log.1").unlink()
        found = trace(target, "polls.question", 1)
        assert found.lacks == ["Files of the log were removed after they were read."]
        assert found.steps == []
        assert found.now[0].is_here

    def test_a_dead_letter_whose_file_was_removed(self, target):
        target.apply(choice(7, of=1), question(2))
        target.path.rename(target.path.with_name("oplog.log.1"))
        target.path.write_bytes(question(1) + choice(7, of=1, votes=2))
        target.apply()
        target.path.with_name("oplog.log.1").unlink()
        found = trace(target, "polls.choice", 7)
        assert [step.is_in_log for step in found.steps] == [False, True]
        assert found.changes[1] == ["votes: 0 → 2"]
        assert "came from were removed" in found.lacks[0]

    def test_a_line_that_is_no_record(self, target):
        target.apply(question(1), question(1)[:-20] + b"\n", question(2)[:-20] + b"\n")
        found = trace(target, "polls.question", 1)
        assert len(found.steps) == 1
        (lack,) = found.lacks
        assert "is no record and may speak of the row" in lack

    def test_a_log_without_a_file(self, target):
        target.accept(question(1))
        target.path.unlink()
        assert trace(target, "polls.question", 1).lacks == [
            "The log has no line that could be searched."
        ]

    def test_a_log_that_cannot_be_read_at_all(self, target):
        target.accept(question(1))
        target.path.unlink()
        target.path.mkdir()
        (lack,) = trace(target, "polls.question", 1).lacks
        assert "is not a regular file" in lack


def test_a_history_can_be_left(target):
    target.accept(*(question(1, f"{number}") for number in range(50)))
    with closing(FileLog(target.path)) as log:
        tracing = Tracing(
            target.engine(), log, subject_named(target.engine(), "polls.question", "1")
        )
        steps = tracing.run()
        next(steps)
        steps.close()
        assert len(tracing.now()) == 1
