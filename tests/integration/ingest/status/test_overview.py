"""All logs at a glance: what is said of each, and what asking costs."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.support.digests import digest
from tests.support.engine import Running, eventually, ingest
from tests.support.lines import question, questions
from tests.support.rotation import RotatedLog
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.events import Counts, State, VerifiedState
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.status import lag_seconds, overview
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

BAD = question(900).replace(b'"pub_date": "2023', b'"pub_date": "soon, 2023')


def by_name(database):
    return {one.path.rpartition("/")[2]: one for one in overview(Target(database))}


def test_each_log_has_what_is_its_own(tmp_path, database):
    good, bad, late = (tmp_path / f"{name}.log" for name in ("good", "bad", "late"))
    good.write_bytes(questions([1, 2, 3]))
    bad.write_bytes(questions([4]) + BAD + BAD)
    late.write_bytes(questions([7, 8]))
    ingest(good, database=database)
    ingest(bad, database=database)
    with Running(late, control=Control(paused=True), database=database) as session:
        session.wait_for_state(State.PAUSED)
        eventually(lambda: by_name(database)["late.log"].paused, what="the pause in the database")
        found = by_name(database)
    assert found["good.log"].state is State.FINISHED
    assert found["good.log"].totals == {"polls.question": Counts(saved=3)}
    assert found["bad.log"].totals == {"polls.question": Counts(saved=1, failed=2)}
    assert [found[name].dead_letters for name in ("good.log", "bad.log")] == [0, 2]
    assert (found["good.log"].backlog.remaining_bytes, found["good.log"].runs_on) == (0, "")
    assert found["late.log"].runs_here
    assert found["late.log"].runs_on.startswith("pid ")
    assert found["late.log"].backlog.remaining_bytes == late.stat().st_size
    assert not by_name(database)["late.log"].runs_here, "it has ended"


def test_a_log_that_is_late_says_by_how_much(tmp_path, database):
    log = tmp_path / "a.log"
    log.write_bytes(question(1, at=1_700_000_000.0))
    ingest(log, database=database)
    (found,) = overview(Target(database))
    assert lag_seconds(found, 1_700_000_060.0) == 0.0
    ProcessedFile.objects.using(database).update(unread=10)
    (found,) = overview(Target(database))
    assert lag_seconds(found, 1_700_000_060.0) == 60.0
    ProcessedFile.objects.using(database).update(unread=None)
    (found,) = overview(Target(database))
    assert lag_seconds(found, 1_700_000_060.0) is None


def test_gaps_and_verdicts_are_those_of_their_log(tmp_path, database):
    lost = RotatedLog(tmp_path, backups=1, name="lost.log")
    lost.write(question(1))
    ingest(lost.path, database=database)
    for number in (2, 3, 4):
        lost.rotate(question(number))
    ingest(lost.path, database=database)
    lost.write(b"".join(digest(Question, database=database)))
    ingest(lost.path, database=database)
    other = tmp_path / "other.log"
    other.write_bytes(question(5))
    ingest(other, database=database)
    found = by_name(database)
    assert found["lost.log"].gaps == 1
    assert found["lost.log"].verified["polls.question"].state is VerifiedState.EQUAL
    assert (found["other.log"].gaps, dict(found["other.log"].verified)) == (0, {})


def test_many_logs_cost_as_many_statements_as_one(tmp_path, database):
    def statements():
        with CaptureQueriesContext(connections[database]) as asked:
            overview(Target(database))
        return len(asked)

    for number in range(12):
        log = tmp_path / f"{number}.log"
        log.write_bytes(question(number))
        ingest(log, database=database)
        if not number:
            of_one = statements()
    assert statements() == of_one
    assert of_one < 10
