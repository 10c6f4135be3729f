"""A session that runs elsewhere, seen and commanded from here."""

import contextlib
import threading

import pytest
from django.db import connections

from tests.support.engine import Running, eventually, ingest
from tests.support.lines import BAD, choice, question, questions
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.attachment import Observer, OrderPost, recall
from tui_ingest.ingest.events import (
    BatchApplied,
    DeadLetterResolved,
    Noticed,
    Progressed,
    Recalled,
    RecordSetAside,
    SessionStarted,
    State,
    StoppedOnError,
)
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.models import Order
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import FromStart

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


class Onlooker:
    """Somebody who looks from elsewhere."""

    def __init__(self, path, database, *, found_at=None):
        self.post = OrderPost()
        self.events = []
        self.status = SessionStatus()
        self._log = FileLog(str(found_at or path))
        self._log.path = str(path)
        self._target = Target(database)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.post.stop()
        self._thread.join()

    def _run(self):
        with contextlib.closing(self._log) as log:
            Observer(log, self._target, self.post, self._take, by="ann on web-1").run()
        connections.close_all()

    def _take(self, event):
        self.events.append(event)
        self.status = self.status.after(event)

    def until(self, condition, what):
        eventually(lambda: condition(self.status), what=f"{what}: {self.status}")

    def all(self, kind):
        return [event for event in list(self.events) if isinstance(event, kind)]


def test_what_the_session_does_is_reported_as_if_it_were_done_here(log, database):
    log.write_bytes(questions([1, 2, 3]))
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        with Onlooker(log, database) as here:
            here.until(lambda s: s.state is State.CAUGHT_UP, "the state")
            assert here.status.attached
            assert here.status.runs_on.startswith("pid ")
            [recalled] = here.all(Recalled)
            assert [entry.objects[0]["pk"] for entry in recalled.entries] == [1, 2, 3]

            with log.open("ab") as more:
                more.write(choice(5, of=99) + question(4) + BAD)
            here.until(lambda s: s.dead_letters == 2, "the failures")
            here.until(lambda s: s.records == 3, "the records")
            assert here.status.totals["polls.question"].saved == 4
            shown = {}
            for batch in here.all(BatchApplied):
                for index, entry in enumerate(batch.entries):
                    shown[entry.objects[0]["pk"]] = batch.unusual.get(index)
            assert shown == {5: "failed", 4: None, 900: "failed"}
            assert {e.reason for e in here.all(RecordSetAside)} == {"missing_parent", "bad_value"}
            places = {e.location for e in here.all(RecordSetAside)}
            entries = [e for batch in here.all(BatchApplied) for e in batch.entries]
            assert places <= {entry.location for entry in entries}

            with log.open("ab") as more:
                more.write(question(99))
            here.until(lambda s: s.dead_letters == 1, "the orphan that came back")
            assert [e.status for e in here.all(DeadLetterResolved)] == ["applied"]
            here.until(lambda s: s.position.offset == log.stat().st_size, "the position")
            here.until(lambda s: s.backlog.remaining_bytes == 0, "nothing is unread")
            session.control.stop()
            here.until(lambda s: s.state is State.STOPPED, "its end")
            here.until(lambda s: s.attached and not s.runs_on, "nobody is there")


def test_orders_reach_the_session_and_refusals_come_back(log, database):
    log.write_bytes(question(1))
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        with Onlooker(log, database) as here:
            here.until(lambda s: s.state is State.CAUGHT_UP, "the state")
            here.post.step()
            eventually(
                lambda: [e.message for e in here.all(Noticed)] == ["step: It is not paused."],
                what="the refusal",
            )
            here.post.pause()
            here.until(lambda s: s.state is State.PAUSED and s.paused, "the pause")
            assert here.status.paused_by == "ann on web-1"
            with log.open("ab") as more:
                more.write(questions([2, 3]) + BAD + question(4))
            here.post.step()
            eventually(lambda: Question.objects.using(database).count() == 2, what="one step")
            here.post.step(StepTo.FAILURE)
            here.until(lambda s: s.dead_letters == 1, "the failure")
            assert Question.objects.using(database).count() == 3
            here.post.seek(FromStart())
            eventually(lambda: any(e.again for e in here.all(SessionStarted)), what="another place")
            here.post.resume()
            here.until(lambda s: s.state is State.CAUGHT_UP and not s.paused, "it goes on")
    given = Order.objects.using(database).values_list("given_by", flat=True)
    assert set(given) == {"ann on web-1"}


def test_a_session_that_stands_before_a_record_is_told_what_to_do(log, database):
    log.write_bytes(question(1))
    with Running(log, database=database) as session, Onlooker(log, database) as here:
        session.wait_for_state(State.CAUGHT_UP)
        here.post.order_stop_on_error(True)
        here.until(lambda s: s.stop_on_error, "the order is taken")
        with log.open("ab") as more:
            more.write(BAD + question(2))
        here.until(lambda s: s.stopped_on is not None, "the record")
        [stopped] = here.all(StoppedOnError)
        assert stopped.raw == BAD.rstrip(b"\n")
        assert (stopped.model, stopped.reason) == ("polls.question", "bad_value")
        here.post.decide(Decision.SET_ASIDE)
        here.until(lambda s: s.dead_letters == 1 and s.stopped_on is None, "it goes on")


def test_a_log_on_another_machine_shows_failures_events_and_counts(log, database):
    log.write_bytes(question(1) + BAD)
    with Running(log, database=database, control=Control(operator="bob on pc")) as session:
        session.wait_for_state(State.CAUGHT_UP)
        size = log.stat().st_size
        with Onlooker(log, database, found_at=log.with_name("elsewhere")) as here:
            here.until(lambda s: s.backlog is not None, "how far it is")
            assert here.status.dead_letters == 1
            [notice] = [e for e in here.all(Noticed) if e.kind == "out_of_reach"]
            assert f"{log} cannot be read from here." in notice.message
            assert "It is on " in notice.message
            [recalled] = here.all(Recalled)
            assert [letter.reason for letter in recalled.letters.values()] == ["bad_value"]
            assert here.status.totals["polls.question"].saved == 1
            assert here.status.position.offset == size
            assert here.all(Progressed)[-1].backlog.exists
            session.control.pause()
            eventually(lambda: "paused" in [e.kind for e in here.all(Noticed)], what="the event")


def test_nobody_has_read_the_log(log, database):
    with Onlooker(log, database) as here:
        here.until(lambda s: s.state is State.NOT_RUNNING, "the state")
        assert "No session has read" in here.status.reason
    assert recall(Target(database), FileLog(str(log))) is None


def test_what_is_recalled_ends_at_the_checkpoint_and_begins_with_older_failures(log, database):
    log.write_bytes(BAD + questions(range(1, 301)))
    ingest(log, database=database)
    with log.open("ab") as more:
        more.write(question(999))

    recalled = recall(Target(database), FileLog(str(log)))

    keys = [entry.objects[0]["pk"] for entry in recalled.entries]
    assert keys == [900, *range(201, 301)]
    assert list(recalled.letters) == [0]
