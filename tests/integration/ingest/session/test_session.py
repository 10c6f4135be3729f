"""The loop and its orders, on a real file and both databases."""

from functools import reduce

import pytest
from django.db import connections, transaction

from tests.support.engine import Running, eventually, ingest
from tests.support.lines import BAD, choice, key, line, question, questions, serialized
from tui_ingest.conf import Settings
from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.ingest.deadletters import groups
from tui_ingest.ingest.events import (
    BatchApplied,
    Counts,
    DeadLetterResolved,
    FailureSuperseded,
    Noticed,
    Progressed,
    RecordSetAside,
    State,
    StoppedOnError,
)
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.models import DeadLetter, LogEvent, ModelTotal, ProcessedFile
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import FromPosition, FromStart, FromTime

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def texts(database):
    return sorted(Question.objects.using(database).values_list("question_text", flat=True))


def stored(database):
    return ProcessedFile.objects.using(database).get()


def totals(database):
    return {
        total.model: Counts(
            saved=total.saved,
            deleted=total.deleted,
            missing=total.missing,
            failed=total.failed,
            skipped=total.skipped,
        )
        for total in ModelTotal.objects.using(database).all()
    }


def test_rows_totals_and_checkpoint_are_there_when_it_ends(log, database):
    log.write_bytes(
        question(1)
        + choice(2, of=1)
        + choice(3, of=1)
        + choice(2, of=1, operation="DELETE")
        + choice(77, of=1, operation="DELETE")
    )

    result, _ = ingest(log, database=database)

    assert (result.state, result.error, result.set_aside) == (State.FINISHED, "", 0)
    assert Question.objects.using(database).count() == 1
    assert Choice.objects.using(database).get().pk == 3
    expected = {
        "polls.question": Counts(saved=1),
        "polls.choice": Counts(saved=2, deleted=1, missing=1),
    }
    assert totals(database) == expected
    assert result.counts == expected
    assert stored(database).last_processed_position == log.stat().st_size


def test_the_statements_that_django_remembers_for_debugging_do_not_add_up(log, database, settings):
    settings.DEBUG = True
    log.write_bytes(question(1))
    ingest(log, database=database)
    fewest = len(connections[database].queries)
    with log.open("ab") as more:
        more.writelines(choice(number, of=99) for number in range(2, 100))  # one by one: orphans
    ingest(log, database=database)
    assert len(connections[database].queries) < fewest + 10


def test_what_was_applied_is_not_applied_again(log, database):
    log.write_bytes(questions(range(1, 10)))
    ingest(log, database=database)
    with log.open("ab") as more:
        more.write(questions(range(10, 13)))

    result, _ = ingest(log, database=database)

    assert result.counts == {"polls.question": Counts(saved=3)}
    assert totals(database) == {"polls.question": Counts(saved=12)}


def test_a_half_written_line_waits_for_its_end(log, database):
    whole = question(2, "whole")
    log.write_bytes(question(1, "first") + whole[:40])
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        assert texts(database) == ["first"]
        with log.open("ab") as more:
            more.write(whole[40:])
        session.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)

    assert texts(database) == ["first", "whole"]
    assert not DeadLetter.objects.using(database).exists()


@pytest.mark.parametrize("before", [b"", question(1)])
def test_a_half_written_line_is_left_unread_and_reported(log, database, before):
    log.write_bytes(before + question(2)[:40])

    _, events = ingest(log, database=database)

    [notice] = [e for e in events if isinstance(e, Noticed) and e.kind == "unfinished"]
    assert "40 bytes" in notice.message


def test_lines_are_followed_as_they_are_appended(log, database):
    log.write_bytes(question(1))
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        for number in range(2, 12):
            session.forget()
            with log.open("ab") as more:
                more.write(question(number))
            session.wait_for(BatchApplied)
            assert Question.objects.using(database).count() == number


def test_a_log_that_does_not_exist_yet_is_waited_for(log, database):
    with Running(log, database=database) as session:
        session.wait_for_state(State.NO_FILE_YET)
        log.write_bytes(question(1))
        session.wait_for(BatchApplied)

    assert Question.objects.using(database).count() == 1


def test_once_a_missing_log_is_an_error(log, database):
    """And nothing is kept of it, not even what was said at its start: it may be a mistyped path."""
    result, events = ingest(log, database=database, settings=Settings(models=["polls.choice"]))

    assert result.state is State.STOPPED
    assert "does not exist" in result.error
    assert any(isinstance(event, Noticed) for event in events)
    assert not ProcessedFile.objects.using(database).exists()


def test_of_a_log_that_never_came_an_order_that_lasts_is_kept(log, database):
    with Running(log, database=database) as session:
        session.wait_for_state(State.NO_FILE_YET)
        session.control.pause(by="ann")
        session.wait_for_state(State.PAUSED)

    assert stored(database).paused_by == "ann"


def test_once_a_log_of_which_nothing_is_left_is_an_error(log, database):
    log.write_bytes(questions([1, 2]))
    ingest(log, database=database)
    rotated = log.rename(log.with_name("oplog.log.1"))
    assert ingest(log, database=database)[0].state is State.FINISHED  # its writer opens it late
    rotated.unlink()

    result, _ = ingest(log, database=database)

    assert result.state is State.STOPPED
    assert "does not exist" in result.error
    assert stored(database).generation


def test_paused_nothing_is_applied_until_it_goes_on(log, database):
    log.write_bytes(question(1))
    with Running(log, control=Control(paused=True), database=database) as session:
        session.wait_for_state(State.PAUSED)
        eventually(lambda: stored(database).state == State.PAUSED, what="the state is stored")
        assert not Question.objects.using(database).exists()
        session.control.resume()
        session.wait_for(BatchApplied)
        session.forget()
        session.control.pause()
        session.wait_for_state(State.PAUSED)
        with log.open("ab") as more:
            more.write(question(2))
        session.control.step()
        assert len(session.wait_for(BatchApplied).entries) == 1

    assert Question.objects.using(database).count() == 2


def test_a_step_applies_one_record(log, database):
    log.write_bytes(questions(range(1, 6)))
    with Running(log, control=Control(paused=True), database=database) as session:
        session.control.step()
        session.control.step()
        session.wait_for(BatchApplied, lambda e: e.entries[0].objects[0]["pk"] == 2)

    assert Question.objects.using(database).count() == 2
    assert totals(database) == {"polls.question": Counts(saved=2)}


def test_a_step_to_the_next_failure_ends_behind_it(log, database):
    log.write_bytes(questions(range(1, 6)) + BAD + questions(range(6, 9)))
    with Running(log, control=Control(paused=True), database=database) as session:
        session.wait_for_state(State.PAUSED)
        session.forget()
        session.control.step(StepTo.FAILURE)
        session.wait_for(RecordSetAside)
        session.wait_for_state(State.PAUSED)

    assert Question.objects.using(database).count() == 5


def test_stopping_on_an_error_leaves_the_checkpoint_before_it(log, database):
    good = questions([1, 2])
    log.write_bytes(good + BAD + question(3))

    result, _ = ingest(log, database=database, control=Control(stop_on_error=True))

    assert result.state is State.STOPPED_ON_ERROR
    assert f"position {len(good)}" in result.error
    assert "bad_value" in result.error
    assert stored(database).last_processed_position == len(good)
    assert not DeadLetter.objects.using(database).exists()


def test_the_operator_decides_about_a_record_that_stopped_the_session(log, database):
    log.write_bytes(question(1) + BAD + question(2))
    control = Control(stop_on_error=True)
    with Running(log, control=control, database=database, interactive=True) as session:
        refused = session.wait_for(StoppedOnError)
        assert refused.raw == BAD.rstrip(b"\n")
        session.forget()
        control.decide(Decision.RETRY)
        session.wait_for(StoppedOnError)
        control.decide(Decision.SET_ASIDE)
        session.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)

    assert Question.objects.using(database).count() == 2
    assert bytes(DeadLetter.objects.using(database).get().raw) == BAD.rstrip(b"\n")


def test_what_was_read_but_not_applied_is_still_behind(log, database):
    log.write_bytes(question(1) + BAD + questions(range(2, 50)))
    control = Control(stop_on_error=True)
    with Running(log, control=control, database=database, interactive=True) as session:
        session.wait_for_state(State.STOPPED_ON_ERROR)
        session.forget()
        told = session.wait_for(Progressed)

    assert told.backlog.remaining_bytes == log.stat().st_size - len(question(1))
    assert told.position.offset == len(question(1))


@pytest.mark.parametrize(
    "bad",
    [BAD, line("SAVE", serialized("no.such", 1, {})), b"nonsense\n"],
    ids=["value", "model", "line"],
)
def test_so_many_failures_in_a_row_are_the_environments(log, database, bad):
    log.write_bytes(question(1) + bad * 30 + question(2))

    result, events = ingest(log, database=database, settings=Settings(max_consecutive_failures=10))

    assert result.state is State.STOPPED
    assert "10 records in a row" in result.error
    *_, told = (event for event in events if isinstance(event, Progressed))
    assert told.backlog.remaining_bytes == 20 * len(bad) + len(question(2)), "the last word"
    assert DeadLetter.objects.using(database).count() == 10
    assert stored(database).last_processed_position == len(question(1)) + 10 * len(bad)


def test_the_commonest_cause_of_so_many_failures_is_named(log, database):
    other = line("SAVE", serialized("no.such", 1, {}))
    log.write_bytes(other * 30 + question(1) + BAD * 3 + other * 9 + BAD * 30)

    result, _ = ingest(log, database=database, settings=Settings(max_consecutive_failures=40))

    assert result.state is State.STOPPED
    assert "Most of them (31): bad_value of polls.question." in result.error
    assert result.error.endswith("Edit the value and retry, or discard the record.")


def test_failures_between_good_records_never_break_the_circuit(log, database):
    log.write_bytes((BAD * 3 + question(1)) * 10)

    result, _ = ingest(log, database=database, settings=Settings(max_consecutive_failures=4))

    assert (result.state, result.set_aside) == (State.FINISHED, 30)


def test_after_the_circuit_broke_an_operator_can_go_on(log, database):
    log.write_bytes(BAD * 5 + question(1))
    options = {"settings": Settings(max_consecutive_failures=3), "interactive": True}
    with Running(log, database=database, **options) as session:
        paused = session.wait_for_state(State.PAUSED)
        assert "3 records in a row" in paused.reason
        session.control.resume()
        session.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)

    assert DeadLetter.objects.using(database).count() == 5


def test_references_out_of_what_may_be_written_are_named_at_the_start(log, database):
    log.write_bytes(question(1))
    _, events = ingest(log, database=database, settings=Settings(models=["polls.choice"]))
    (said,) = [event for event in events if isinstance(event, Noticed)]
    assert said.kind == "refers_outside"
    assert "polls.question (by polls.choice.question)" in said.message
    assert "MODELS'] to ['polls.choice', 'polls.question']" in said.message
    assert "add 'polls.choice' to TUI_INGEST['EXCLUDE']" in said.message


def test_a_child_before_its_parent_is_fine_within_a_batch(log, database):
    log.write_bytes(choice(5, of=1) + question(1))

    result, _ = ingest(log, database=database)

    assert (result.state, result.set_aside) == (State.FINISHED, 0)
    assert Choice.objects.using(database).get().question.pk == 1


def test_a_missing_parent_is_blamed_on_its_child_and_the_rest_goes_through(log, database):
    log.write_bytes(questions([1, 2]) + choice(5, of=99) + choice(6, of=1) + questions([3]))

    result, _ = ingest(log, database=database)

    assert result.set_aside == 1
    letter = DeadLetter.objects.using(database).get()
    assert (letter.reason, letter.model, letter.pk_text) == ("missing_parent", "polls.choice", "5")
    assert Question.objects.using(database).count() == 3
    assert Choice.objects.using(database).get().pk == 6


def test_an_orphan_comes_back_when_its_parent_arrives(log, database):
    log.write_bytes(choice(5, of=99) + choice(6, of=99))
    with Running(log, database=database) as session:
        session.wait_for(RecordSetAside)
        session.wait_for_state(State.CAUGHT_UP)
        session.forget()
        with log.open("ab") as more:
            more.write(question(99))
        session.wait_for(DeadLetterResolved)
        session.wait_for_state(State.CAUGHT_UP)

    assert Choice.objects.using(database).count() == 2
    assert set(DeadLetter.objects.using(database).values_list("status", flat=True)) == {"applied"}
    assert totals(database)["polls.choice"] == Counts(saved=2)


def test_an_orphan_comes_back_at_the_next_start(log, database):
    log.write_bytes(choice(5, of=99))
    ingest(log, database=database)
    Question.objects.using(database).create(
        id="00000000-0000-4000-8000-000000000063", question_text="?", pub_date="2026-01-01T00:00Z"
    )

    _, events = ingest(log, database=database)

    assert [e.status for e in events if isinstance(e, DeadLetterResolved)] == ["applied"]
    assert Choice.objects.using(database).count() == 1


def test_told_to_stop_a_session_leaves_the_other_orphans_to_the_next(log, database, monkeypatch):
    monkeypatch.setattr(groups, "CHUNK", 1)  # each in a transaction of its own
    log.write_bytes(choice(2, of=1) + choice(3, of=1) + choice(4, of=1))
    ingest(log, database=database)
    with log.open("ab") as more:
        more.write(question(1))
    control = Control()

    def stop_at_the_first(event):
        if isinstance(event, DeadLetterResolved):
            control.stop()

    session = Session(
        FileLog(str(log)), database=database, control=control, report=stop_at_the_first
    )
    assert session.run().state is State.STOPPED
    letters = DeadLetter.objects.using(database).filter(status=DeadLetter.Status.OPEN)
    assert letters.count() == 2
    ingest(log, database=database)
    assert letters.count() == 0


@pytest.mark.parametrize("had_begun", [True, False], ids=["an early backup", "one without it"])
def test_a_database_that_is_restored_meanwhile(log, database, had_begun):
    log.write_bytes(question(1))
    ingest(log, database=database)
    rows, checkpoint = (model.objects.using(database) for model in (Question, ProcessedFile))
    backup = checkpoint.values().get()
    with log.open("ab") as more:
        more.write(questions([2, 3]))
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        with transaction.atomic(using=database):
            rows.filter(pkid__gt=1 if had_begun else 0).delete()
            checkpoint.update(**backup) if had_begun else checkpoint.all().delete()
        with log.open("ab") as more:
            more.write(question(4))
        notice = session.wait_for(Noticed, lambda event: event.kind in ("set_back", "raced"))
        eventually(lambda: rows.count() == 4, what="what came after the backup is applied again")
    assert notice.kind == "set_back"
    assert f"position {log.stat().st_size - len(question(4))}" in notice.message


@pytest.mark.parametrize("place", ["start", "position", "time"])
def test_a_paused_session_goes_where_it_is_told(log, database, place):
    first, second = question(1, at=100), question(2, at=200)
    log.write_bytes(first + second)
    start = {
        "start": FromStart(),
        "position": FromPosition(len(first)),
        "time": FromTime(150.0),
    }[place]
    ingest(log, database=database)
    with Running(log, control=Control(paused=True), database=database) as session:
        session.wait_for_state(State.PAUSED)
        session.control.seek(start)
        expected = 0 if place == "start" else len(first)
        session.wait_for(Noticed, lambda e: e.kind == "sought")
        assert stored(database).last_processed_position == expected

    assert LogEvent.objects.using(database).filter(kind="sought").count() == 1


def test_a_running_session_refuses_to_go_elsewhere(log, database):
    log.write_bytes(question(1))
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        session.control.seek(FromStart())
        session.wait_for(Noticed, lambda e: e.kind == "seek_refused")

    assert totals(database) == {"polls.question": Counts(saved=1)}


def test_replaying_from_the_start_leaves_the_same_rows(log, database):
    log.write_bytes(
        question(1) + choice(2, of=1) + choice(3, of=1) + choice(3, of=1, operation="DELETE")
    )
    ingest(log, database=database)
    before = list(Choice.objects.using(database).values())

    ingest(log, database=database, start=FromStart())

    assert list(Choice.objects.using(database).values()) == before
    assert Question.objects.using(database).count() == 1


def test_a_dry_run_says_what_would_happen_and_moves_nothing(log, database):
    log.write_bytes(question(1) + choice(2, of=1) + BAD + choice(9, of=77))
    before = counters(database)

    result, events = ingest(log, database=database, dry_run=True)

    assert result.counts["polls.question"] == Counts(saved=1, failed=1)
    assert [e.reason for e in events if isinstance(e, RecordSetAside)] == [
        "bad_value",
        "missing_parent",
    ]
    for model in (Question, Choice, DeadLetter, ModelTotal, LogEvent, ProcessedFile):
        assert not model.objects.using(database).exists()
    assert counters(database) == before


def choice_object(number, **fields):
    return serialized("polls.choice", number, {"id": key(number), "question": key(1), **fields})


def test_a_dry_run_says_which_failures_a_later_record_of_the_row_makes_obsolete(log, database):
    two = (choice_object(2, votes="many"), choice_object(3, votes="many"))
    log.write_bytes(
        question(1)
        + BAD
        + line("SAVE", *two)
        + choice(2, of=1)
        + choice(3, of=1)
        + choice(4, of=77)
    )

    _, events = ingest(log, database=database, dry_run=True)

    failed = [e.location for e in events if isinstance(e, RecordSetAside)]
    assert [e.location for e in events if isinstance(e, FailureSuperseded)] == [failed[1]]
    status = reduce(SessionStatus.after, events, SessionStatus())
    assert (status.set_aside, status.dead_letters) == (3, 2)


def counters(database):
    """What SQLite remembers of rows that are gone."""
    if connections[database].vendor != "sqlite":
        return None
    with connections[database].cursor() as cursor:
        return cursor.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()


def test_a_dry_run_takes_nothing_for_written_that_is_skipped(log, database):
    log.write_bytes(line("SAVE", serialized("no.such", 1, {})) + question(1) + choice(2, of=1))
    excluded = Settings(exclude=["no", "polls.question"])

    result, events = ingest(log, database=database, dry_run=True, settings=excluded)

    assert result.counts == {
        "no.such": Counts(skipped=1),
        "polls.question": Counts(skipped=1),
        "polls.choice": Counts(failed=1),
    }
    assert [e.reason for e in events if isinstance(e, RecordSetAside)] == ["missing_parent"]


@pytest.mark.parametrize("asked", [False, True])
def test_what_a_record_contains_is_logged_only_if_asked_for(log, database, caplog, asked):
    caplog.set_level("INFO", logger="tui_ingest")
    log.write_bytes(BAD)

    ingest(log, database=database, settings=Settings(log_payloads=asked))

    assert "bad_value at position 0" in caplog.text
    assert ("no uuid" in caplog.text) is asked


def test_pauses_are_kept_among_the_events(log, database):
    log.write_bytes(question(1))
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        session.control.pause()
        session.wait_for_state(State.PAUSED)
        session.control.step()
        session.control.resume()
        session.wait_for(Noticed, lambda e: e.kind == "resumed")
        events = LogEvent.objects.using(database).order_by("pk")
        kinds = events.filter(kind__in=["paused", "resumed"]).values_list("kind", flat=True)
        eventually(lambda: list(kinds.all()) == ["paused", "resumed"], what="both are kept")
