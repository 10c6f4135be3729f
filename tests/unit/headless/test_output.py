"""What a headless session writes, from a scripted session and a clock that stands still."""

import errno
import io
from datetime import datetime

import pytest

from tui_ingest.headless.output import PlainOutput, Sink
from tui_ingest.ingest.events import (
    BatchApplied,
    Counts,
    DeadLetterResolved,
    Noticed,
    Progressed,
    RecordSetAside,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
    StoppedOnError,
)
from tui_ingest.oplog.log import Backlog, Position
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.running.options import IngestOptions

NOON = datetime.fromisoformat("2023-11-28T12:00").timestamp()  # local, as the lines say it
STAMP = "2023-11-28 12:00:0"


class Scripted:
    """A session whose events a test writes, and the lines that come out."""

    def __init__(self, **options):
        self.now = NOON
        self.stream = io.StringIO()
        self.broken = False
        sink = Sink(self.stream, on_broken=lambda: setattr(self, "broken", True))
        options = IngestOptions(path="oplog.log", project="mysite.settings", **options)
        self.output = PlainOutput(options, sink, lambda: self.now)

    def tell(self, *events):
        """The lines that these events bring, without their times."""
        before = len(self.stream.getvalue())
        for event in events:
            self.output(event)
        return [line[20:] for line in self.stream.getvalue()[before:].splitlines()]

    def state(self, state, reason="", **more):
        return self.tell(StateChanged(at=self.now, state=state, reason=reason, **more))

    def applied(self, records, position):
        return self.tell(
            BatchApplied(
                at=self.now,
                entries=[None] * records,
                unusual={},
                counts={},
                position=Position(offset=position),
                last_record_time=NOON - 192,
                seconds=0.1,
            )
        )

    def backlog(self, *, at=400, **backlog):
        return self.tell(
            Progressed(
                at=self.now,
                backlog=Backlog(exists=True, **backlog),
                position=Position(offset=at),
            )
        )


@pytest.fixture
def scripted():
    return Scripted()


def started(**changed):
    facts = {
        "path": "/logs/oplog.log",
        "database": "default",
        "position": Position(offset=10418),
        "totals": {},
        "dead_letters": 0,
        "gaps": 0,
        "last_record_time": None,
    }
    return SessionStarted(at=NOON, **facts | changed)


def set_aside(**changed):
    facts = {
        "dead_letter": 17,
        "location": RecordLocation("abc", 10418, 200),
        "operation": "SAVE",
        "model": "polls.choice",
        "pk": "9",
        "reason": "missing_parent",
        "error": "It refers to a row that is not here",
    }
    return RecordSetAside(at=NOON, **facts | changed)


def test_the_first_line_says_what_is_applied_where_and_from_which_position(scripted):
    [line] = scripted.tell(started(dead_letters=7, gaps=1))
    for word in ("/logs/oplog.log", "position 10418", "mysite.settings", "database default"):
        assert word in line
    assert "7 dead letters" in line
    assert "1 gap" in line
    assert scripted.stream.getvalue().startswith(STAMP)


def test_a_place_that_is_read_once_more_is_no_second_start(scripted):
    scripted.tell(started())
    assert scripted.tell(started(again=True)) == []


def test_a_dry_run_says_so():
    assert "dry run" in Scripted(dry_run=True).tell(started())[0]


def test_a_record_that_is_set_aside(scripted):
    [line] = scripted.tell(set_aside())
    what, _, error = line.partition(": missing_parent: ")
    assert what == "set aside: dead letter 17: SAVE polls.choice 9 at position 10418"
    assert error == "It refers to a row that is not here"


def test_a_line_that_is_no_record(scripted):
    [line] = scripted.tell(set_aside(operation="", model="", pk="", reason="bad_json"))
    assert "a line at position 10418: bad_json" in line


def test_a_huge_record_is_a_line_of_a_few_thousand_characters(scripted):
    huge = "x" * 5_000_000
    [line] = scripted.tell(set_aside(model=huge, pk=huge, error=huge))
    assert len(line) < 4_000
    assert "x… at position 10418: missing_parent: x" in line
    assert line.endswith("x…")


def test_the_record_that_a_session_stopped_before(scripted):
    facts = {
        "location": RecordLocation("abc", 5, 9),
        "operation": "SAVE",
        "model": "polls.choice",
        "pk": "9",
        "reason": "bad_value",
        "error": "first\nsecond",
        "traceback": "",
        "raw": b"",
    }
    [line] = scripted.tell(StoppedOnError(at=NOON, **facts))
    assert line == "stopped before: SAVE polls.choice 9 at position 5: bad_value: first"


def test_gaps_other_notices_and_resolved_dead_letters(scripted):
    assert scripted.tell(
        Noticed(at=NOON, kind="gap", message="2 files were removed", missing_bytes=5),
        DeadLetterResolved(at=NOON, dead_letter=17, status="superseded", counts={}),
    ) == ["gap: 2 files were removed", "dead letter 17: superseded"]


def test_waiting_says_why_how_often_and_how_long(scripted):
    [line] = scripted.state(State.WAITING, "database: locked", attempt=3, retry_at=scripted.now + 4)
    assert line == "WAITING: database: locked; attempt 3, next in 4 s"
    notice = Noticed(at=NOON, kind="waiting", message="Waiting for the database: locked")
    assert scripted.tell(notice) == [], "the state has said so"


def test_what_lasts_is_said_again_ever_more_seldom(scripted):
    start, said = scripted.now, []
    for attempt in range(1, 200):
        lines = scripted.state(State.WAITING, "log: away", attempt=attempt, retry_at=scripted.now)
        said += [(scripted.now - start, line) for line in lines]
        scripted.now += 30
    assert [at for at, _ in said] == [0, 60, 180, 420, 900, 1860, 3780]
    assert said[1][1].startswith("WAITING: log: away; attempt 3, next in 0 s; 3 times since 20")
    assert scripted.state(State.WAITING, "log: torn") == ["WAITING: log: torn"], "it has changed"
    back = Noticed(at=NOON, kind="recovered", message="It is back.")
    assert scripted.tell(back) == ["recovered: It is back."]
    for _ in range(5):
        (line,) = scripted.state(State.WAITING, "log: torn")
        assert line.startswith("WAITING: log: torn; "), "nobody is left to think that it goes on"
        assert scripted.tell(back) == ["recovered: It is back."]
    assert scripted.state(State.WAITING, "log: torn") == [], "it comes and goes"
    assert scripted.tell(back) == [], "of what was not said"
    scripted.now += 60
    assert scripted.state(State.WAITING, "log: torn") != []
    scripted.now += 3600
    assert scripted.state(State.WAITING, "log: torn") == ["WAITING: log: torn"], "it is another"


def test_standing_by_is_no_attempt(scripted):
    [line] = scripted.state(State.WAITING, "Another one is at it.", retry_at=scripted.now + 2)
    assert line == "WAITING: Another one is at it; next in 2 s"


def test_a_log_that_is_not_there_yet(scripted):
    assert scripted.state(State.NO_FILE_YET) == ["NO FILE YET"]


def test_while_running_there_is_a_summary_every_ten_seconds(scripted):
    scripted.tell(started(position=Position(offset=0)))
    assert scripted.state(State.RUNNING) == []
    assert scripted.applied(100, 300) == []
    scripted.now += 9
    assert scripted.applied(100, 400) == []
    scripted.now += 1
    [line] = scripted.backlog(generation_size=1600, remaining_bytes=40 * 1024, older_generations=2)
    for words in ("RUNNING", "25%", "200 records", "position 400 of 1600", "20/s"):
        assert words in line
    assert "40.0 KiB and 3m22s behind" in line
    assert "2 older files to go" in line
    assert scripted.backlog(generation_size=1600) == [], "nothing happened since"


def test_in_a_backlog_it_says_what_is_left_and_not_how_old_that_is(scripted):
    scripted.tell(started(last_record_time=NOON - 3 * 86_400, dead_letters=14))
    scripted.state(State.RUNNING)
    scripted.now += 10
    [line] = scripted.backlog(generation_size=1600, remaining_bytes=40 * 1024)
    assert "40.0 KiB left" in line
    assert "behind" not in line
    assert "14 dead letters open" in line


def test_only_the_end_is_a_hundred_percent(scripted):
    scripted.state(State.RUNNING)
    scripted.applied(1, 9_999)
    scripted.now += 10
    assert "99%" in scripted.backlog(at=9_999, generation_size=10_000)[0]


def test_a_quiet_source_does_not_fill_the_journal(scripted):
    scripted.state(State.RUNNING)
    [line] = scripted.state(State.CAUGHT_UP)
    assert line.startswith("CAUGHT UP: 0%, 0 records, position 0 of 0")
    for _ in range(5):
        scripted.now += 1
        assert scripted.state(State.RUNNING) == []
        assert scripted.applied(1, 100) == []
        assert scripted.state(State.CAUGHT_UP) == []
    scripted.now += 5
    [line] = scripted.backlog(generation_size=100)
    assert line.startswith("CAUGHT UP")
    assert "5 records" in line
    scripted.now += 60
    assert scripted.backlog(generation_size=100) == [], "nothing happened since"


def test_why_it_ended_is_said_in_one_line(scripted):
    scripted.applied(2, 400)
    reason = "10 records in a row failed"
    scripted.state(State.STOPPED, reason)
    ended = SessionEnded(at=NOON, state=State.STOPPED, error=reason, set_aside=2, counts={})
    assert [line for line in scripted.tell(ended) if reason in line] == [
        "stopped: 10 records in a row failed (2 records set aside)"
    ]


def test_a_stop_on_error_is_said_in_words(scripted):
    ended = SessionEnded(at=NOON, state=State.STOPPED_ON_ERROR, error="It is wrong.", counts={})
    assert "stopped on error: It is wrong. (0 records set aside)" in scripted.tell(ended)


def test_the_end_counts_what_this_session_did(scripted):
    scripted.applied(6, 1000)
    counts = {"polls.choice": Counts(saved=3, deleted=1), "polls.question": Counts(failed=2)}
    scripted.state(State.FINISHED)
    lines = scripted.tell(SessionEnded(at=NOON, state=State.FINISHED, set_aside=2, counts=counts))
    assert lines[0].startswith("FINISHED: 100%, 6 records, position 1000 of 1000")
    assert lines[1:] == [
        "finished (2 records set aside)",
        "  polls.choice: 3 saved, 1 deleted, 0 missing, 0 failed, 0 skipped",
        "  polls.question: 0 saved, 0 deleted, 0 missing, 2 failed, 0 skipped",
    ]


@pytest.mark.parametrize("field", ["operation", "model", "pk", "error"])
def test_nothing_from_a_log_acts_on_a_terminal(scripted, field):
    [line] = scripted.tell(set_aside(**{field: "\x1b]0;title\x07\n\u202e[red]"}))
    assert line.isprintable()
    assert "\\x1b" in line


class Failing(io.StringIO):
    """A stream that fails in one way."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        if self.error:
            raise OSError(self.error, "failed")
        return super().write(text)


def test_a_reader_that_goes_away_ends_the_session():
    orders = []
    sink = Sink(Failing(errno.EPIPE), on_broken=lambda: orders.append("stop"))
    sink.write("one\n")
    sink.write("two\n")
    assert orders == ["stop"]
    assert sink.broken


def test_a_full_disk_costs_lines_and_nothing_else():
    stream = Failing(errno.ENOSPC)
    sink = Sink(stream, on_broken=lambda: pytest.fail("the session must go on"))
    sink.write("lost\n")
    stream.error = None
    sink.write("kept\n")
    assert stream.getvalue() == "kept\n"


def test_a_locale_without_the_letters_still_gets_its_line():
    raw = io.BytesIO()
    sink = Sink(io.TextIOWrapper(raw, encoding="ascii"), on_broken=lambda: None)
    sink.write("Zoë\n")
    assert raw.getvalue() == b"Zo\\xeb\n"
