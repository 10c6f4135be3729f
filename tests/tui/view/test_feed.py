"""What the screen gets to see of a session, at any speed."""

import gc
import sys

from tests.tui.scripted import NOW, ScriptedSession, record
from tui_ingest.ingest.events import (
    Attached,
    Counts,
    DeadLetterResolved,
    Noticed,
    Outcome,
    State,
)
from tui_ingest.oplog.records import Malformed, MalformedReason, Operation, RecordLocation
from tui_ingest.tui.view.farewell import farewell
from tui_ingest.tui.view.feed import SCREENFUL, Feed
from tui_ingest.tui.view.lines import KEPT_BYTES, ElidedLine, MarkerLine, RecordLine


def reporting():
    session, feed = ScriptedSession(), Feed()
    session._report = feed.report
    return session, feed


def records(number, first=0):
    return [record(first + index) for index in range(number)]


def test_records_are_shown_one_by_one_when_few():
    session, feed = reporting()
    session.apply(*records(3))
    _, lines = feed.take()
    assert [line.pk for line in lines] == ["0", "1", "2"]
    assert {line.outcome for line in lines} == {Outcome.SAVED}
    assert feed.take()[1] == []


def test_of_many_records_the_last_screenful_is_shown_and_the_rest_counted():
    session, feed = reporting()
    for batch in range(5):
        session.apply(*records(1000, first=1000 * batch))
    snapshot, lines = feed.take()
    assert lines[0] == ElidedLine(5000 - SCREENFUL)
    assert [line.pk for line in lines[1:]] == [str(n) for n in range(5000 - SCREENFUL, 5000)]
    assert snapshot.records == 5000
    assert snapshot.totals == {"polls.question": Counts(saved=5000)}


def test_every_failure_is_shown_with_its_reason_between_what_was_left_out():
    session, feed = reporting()
    session.apply(*records(1000), failing=(100, 700), reason="unique_clash", error="Taken.")
    _, lines = feed.take()
    assert [type(line) for line in lines[:4]] == [ElidedLine, RecordLine, ElidedLine, RecordLine]
    assert [line.records for line in lines[:3:2]] == [100, 599]
    assert [line.note for line in lines[1:4:2]] == ["unique_clash: Taken."] * 2
    assert sum(getattr(line, "records", 1) for line in lines) == 1000


def test_what_became_of_each_record_is_kept():
    session, feed = reporting()
    session.apply(
        record(1, operation=Operation.DELETE),
        record(2, operation=Operation.DELETE),
        record(3),
        outcomes={1: Outcome.MISSING, 2: Outcome.SKIPPED},
    )
    outcomes = [line.outcome for line in feed.take()[1]]
    assert outcomes == [Outcome.DELETED, Outcome.MISSING, Outcome.SKIPPED]


def test_nobody_looks_and_memory_stays_bounded():
    session, feed = reporting()
    for batch in range(300):
        session.apply(*records(100, first=100 * batch), failing=range(100))
    _, lines = feed.take()
    assert len(lines) <= 20_001
    assert lines[-1].pk == "29999"


def test_a_huge_record_is_not_kept_alive():
    session, feed = reporting()
    session.apply(record(1, fields={"question_text": "x" * 5_000_000}))
    _, (line,) = feed.take()
    gc.collect()
    assert not line.whole
    assert len(line.raw) == KEPT_BYTES
    assert sys.getsizeof(line.preview) < 2_000


def test_a_line_that_is_no_record_is_shown_for_what_it_is():
    session, feed = reporting()
    location = RecordLocation("generation", 0, 9)
    session.apply(
        Malformed(MalformedReason.BAD_LINE, "Not a record.", b"\x1b[2Jnonsense", location),
        failing=(0,),
        reason="bad_line",
    )
    snapshot, (line,) = feed.take()
    assert (line.operation, line.labels, line.preview) == ("", (), "\\x1b[2Jnonsense")
    assert snapshot.dead_letters == 1


def test_nothing_that_acts_on_a_terminal_gets_through():
    session, feed = reporting()
    evil = "\x1b]0;owned\x07\x9b2J\u202e[/red]\ud800"
    session.apply(
        record(1, pk=evil, model=f"polls.{evil}", fields={"question_text": evil}),
        failing=(0,),
        error=evil,
    )
    session.state(State.WAITING, reason=evil)
    session.report(Noticed(at=NOW, kind=evil, message=evil))
    snapshot, lines = feed.take()
    shown = "".join(
        f"{line.pk}{line.labels}{line.note}{line.preview}"
        if isinstance(line, RecordLine)
        else line.kind + line.text
        for line in lines
    )
    for text in (shown, snapshot.reason, snapshot.last_error):
        assert text.isprintable(), text
        assert "[/red]" in text


def test_a_dead_letter_that_is_put_right_takes_its_line_along():
    session, feed = reporting()
    session.apply(record(1), failing=(0,))
    snapshot, (line,) = feed.take()
    assert line.failed
    assert snapshot.dead_letters == 1
    assert snapshot.last_error
    feed.report(
        DeadLetterResolved(
            at=NOW,
            dead_letter=line.dead_letter,
            status="applied",
            counts={"polls.question": Counts(failed=-1, saved=1)},
        )
    )
    snapshot, _ = feed.take()
    assert not line.failed
    assert line.resolution == "applied"
    assert snapshot.dead_letters == 0
    assert not snapshot.last_error
    assert snapshot.totals == {"polls.question": Counts(saved=1)}


def test_the_farewell_counts_what_was_set_aside_as_the_badge_does():
    session, feed = reporting()
    broken = Malformed(MalformedReason.BAD_LINE, "none", b"x", RecordLocation("generation", 9, 1))
    session.apply(record(1), record(2), broken, failing=(1, 2))
    snapshot, _ = feed.take()
    records, letters, _ = farewell(snapshot)
    assert records == "3 records in this session, 2 of them set aside."
    assert letters == "2 dead letters are open."


def test_the_last_error_is_forgotten_with_its_dead_letter():
    session, feed = reporting()
    session.apply(record(1), failing=(0,))
    session.apply(record(2), failing=(0,))
    _, (first, last) = feed.take()
    for line, error in ((last, ""), (first, "")):
        session.report(
            DeadLetterResolved(at=NOW, dead_letter=line.dead_letter, status="superseded", counts={})
        )
        assert feed.take()[0].last_error == error


def test_the_last_error_outlives_the_ones_before_it():
    session, feed = reporting()
    session.apply(record(1), failing=(0,))
    session.apply(record(2), failing=(0,))
    _, (first, _) = feed.take()
    session.report(
        DeadLetterResolved(at=NOW, dead_letter=first.dead_letter, status="superseded", counts={})
    )
    assert feed.take()[0].last_error


def test_gaps_are_counted_and_marked_as_grave():
    session, feed = reporting()
    session.report(Noticed(at=NOW, kind="gap", message="3 files are gone.", missing_bytes=300))
    snapshot, (marker,) = feed.take()
    assert isinstance(marker, MarkerLine)
    assert (snapshot.gaps, marker.severity.name) == (1, "ERROR")


def test_the_first_report_after_a_quiet_time_wakes_the_screen_once():
    session, feed = reporting()
    woken = []
    feed.on_news = lambda: woken.append(1)
    session.apply(record(1))
    session.apply(record(2))
    assert len(woken) == 1
    feed.take()
    session.apply(record(3))
    assert len(woken) == 1, "busy: the screen looks by itself"
    feed.take()
    feed.take()
    session.apply(record(4))
    assert len(woken) == 2


def test_a_session_that_begins_here_is_not_in_the_state_of_the_one_that_was_looked_at():
    session, feed = reporting()
    session.begin()
    feed.report(Attached(at=NOW, runs_on="pid 812 on web-1"))
    session.state(State.CAUGHT_UP)
    assert (feed.take()[0].state, feed.take()[0].attached) == (State.CAUGHT_UP, True)
    session.begin()
    assert (feed.take()[0].state, feed.take()[0].attached) == (State.STARTING, False)
    session.state(State.STANDING_BY)
    session.begin(again=True)
    assert feed.take()[0].state == State.STANDING_BY


def test_a_file_that_is_gone_is_not_called_one_that_is_still_to_come():
    session, feed = reporting()
    session.state(State.NO_FILE_YET)
    session.apply(record(1))
    session.state(State.NO_FILE_YET)
    marks = [line.kind for line in feed.take()[1] if isinstance(line, MarkerLine)]
    assert marks == ["no_file_yet", "file_gone"]
