"""Orders through the database: obeyed, answered, kept; a pause outlives its session."""

import getpass
import signal

import pytest

from tests.support.engine import DEADLINE_SECONDS, Running, eventually, ingest
from tests.support.lines import BAD, question, questions
from tests.support.processes import says, started
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest import leases, orders
from tui_ingest.ingest.events import BatchApplied, OrdersTaken, State, StoppedOnError
from tui_ingest.ingest.leases import Owner
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, Order, ProcessedFile
from tui_ingest.oplog.log import FromByte, FromPosition, FromStart, FromTime

on_both = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


class Desk:
    """Somebody who gives orders from elsewhere."""

    def __init__(self, database, by="ann on web-1"):
        self.target, self.by = Target(database), by

    def order(self, kind, argument=""):
        """Give an order and wait for its answer."""
        file = ProcessedFile.objects.using(self.target.database).get()
        given = orders.give(self.target, file, kind, argument, by=self.by)
        rows = Order.objects.using(self.target.database)
        return eventually(
            lambda: rows.exclude(status="open").filter(pk=given.pk).first(), what="an answer"
        )


def kept(database, kind):
    events = LogEvent.objects.using(database).filter(kind=kind)
    return list(events.order_by("pk").values_list("message", flat=True))


@on_both
def test_a_pause_and_steps(log, database):
    log.write_bytes(question(1))
    desk = Desk(database)
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        refused = desk.order(OrderKind.STEP)
        assert (refused.status, refused.answer) == ("refused", "It is not paused.")
        done = desk.order(OrderKind.PAUSE)
        assert (done.status, done.answer) == ("done", f"Paused at byte {len(question(1))}.")
        paused = session.wait_for_state(State.PAUSED)
        assert paused.reason == "by order of ann on web-1"
        with log.open("ab") as more:
            more.write(questions([2, 3]) + BAD + questions([4]))
        session.forget()
        assert desk.order(OrderKind.STEP).status == "done"
        assert len(session.wait_for(BatchApplied).entries) == 1
        assert desk.order(OrderKind.STEP_TO_FAILURE).status == "done"
        eventually(lambda: DeadLetter.objects.using(database).count() == 1, what="it failed")
        assert Question.objects.using(database).count() == 3
        assert desk.order(OrderKind.RESUME).status == "done"
        eventually(lambda: Question.objects.using(database).count() == 4, what="it goes on")

    assert kept(database, "paused") == [
        f"Paused at byte {len(question(1))}, by order of ann on web-1."
    ]
    assert "by order of ann on web-1." in kept(database, "resumed")[0]


@on_both
@pytest.mark.parametrize("start", [FromStart(), FromPosition(9), FromTime(150.0)])
def test_going_to_another_place(log, database, start):
    log.write_bytes(question(1, at=100) + question(2, at=200))
    desk, argument = Desk(database), orders.seek_argument(start)
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        refused = desk.order(OrderKind.SEEK, argument)
        assert (refused.status, "Pause before" in refused.answer) == ("refused", True)
        desk.order(OrderKind.PAUSE)
        done = desk.order(OrderKind.SEEK, argument)
        expected = 0 if start == FromStart() else len(question(1, at=100))
        assert done.answer.endswith(f"to byte {expected}, by order of ann on web-1.")
        assert ProcessedFile.objects.using(database).get().last_processed_position == expected


@on_both
def test_what_an_order_stopped_on_waits_for_another_order(log, database):
    log.write_bytes(question(1))
    desk = Desk(database)
    with Running(log, database=database) as session:  # nobody is there to decide
        session.wait_for_state(State.CAUGHT_UP)
        refused = desk.order(OrderKind.RETRY)
        assert (refused.status, refused.answer) == ("refused", "It does not stand before a record.")
        desk.order(OrderKind.STOP_ON_ERROR, "on")
        with log.open("ab") as more:
            more.write(BAD + question(2))
        session.wait_for(StoppedOnError)
        session.wait_for_state(State.STOPPED_ON_ERROR)
        session.forget()
        assert desk.order(OrderKind.RETRY).status == "done"
        session.wait_for(StoppedOnError)
        session.wait_for_state(State.STOPPED_ON_ERROR)
        assert desk.order(OrderKind.SET_ASIDE).status == "done"
        eventually(lambda: Question.objects.using(database).count() == 2, what="it goes on")

    with log.open("ab") as more:
        more.write(BAD)
    with Running(log, database=database) as session:
        session.wait_for_state(State.STOPPED_ON_ERROR)  # the order outlives the session
        desk.order(OrderKind.STOP_ON_ERROR, "off")
        desk.order(OrderKind.RETRY)
        session.wait_for_state(State.CAUGHT_UP)
    assert DeadLetter.objects.using(database).count() == 2


@on_both
def test_a_log_is_handed_over_to_who_stands_by(log, database):
    log.write_bytes(question(1))
    desk = Desk(database)
    with Running(log, database=database) as one:
        one.wait_for_state(State.CAUGHT_UP)
        with Running(log, database=database) as other:
            other.wait_for_state(State.STANDING_BY)
            assert "Handed over at byte" in desk.order(OrderKind.HAND_OVER).answer
            other.wait_for_state(State.CAUGHT_UP)
            one.wait_for_state(State.STANDING_BY)
            with log.open("ab") as more:
                more.write(question(2))
            other.wait_for(BatchApplied)

    assert "by order of ann on web-1" in kept(database, "handed_over")[0]
    assert kept(database, "raced") == []


@on_both
@pytest.mark.parametrize("interactive", [False, True])
def test_a_log_is_not_shared_if_that_evens_nothing_or_somebody_works_with_it(
    log, database, interactive
):
    log.write_bytes(question(1))
    desk = Desk(database)
    with Running(log, database=database, interactive=interactive) as session:
        session.wait_for_state(State.CAUGHT_UP)
        waiting = Owner(id="elsewhere.1.session", host="web-2", pid=7)
        refused = desk.order(OrderKind.SHARE, orders.owner_argument(waiting))
        why = "A console applies it." if interactive else "more even"
        assert (refused.status, why in refused.answer) == ("refused", True)
        owner = leases.holder(desk.target, str(log)).owner
        itself = desk.order(OrderKind.HAND_OVER, orders.owner_argument(owner))
        assert (itself.status, itself.answer) == ("done", "It applies the log already.")
        assert leases.holder(desk.target, str(log)).owner == owner


@on_both
def test_a_pause_is_the_logs_until_it_is_resumed(log, database):
    """Whoever gives it; and not where the session was only started so."""
    log.write_bytes(question(1))
    with Running(log, database=database, control=Control(operator="bob on pc")) as session:
        session.wait_for_state(State.CAUGHT_UP)
        session.control.pause()
        session.wait_for_state(State.PAUSED)
        eventually(
            lambda: ProcessedFile.objects.using(database).get().paused_by == "bob on pc",
            what="it is kept",
        )
    with log.open("ab") as more:
        more.write(question(2))

    with Running(log, database=database) as session:
        assert "by order of bob on pc of 20" in session.wait_for_state(State.PAUSED).reason
        session.control.resume()
        session.wait_for_state(State.CAUGHT_UP)
        assert ProcessedFile.objects.using(database).get().paused_by == ""
    with Running(log, database=database, control=Control(paused=True)) as session:
        session.wait_for_state(State.PAUSED)
    assert ProcessedFile.objects.using(database).get().paused_by == ""


@on_both
def test_a_pause_is_kept_where_a_session_stands_before_a_record(log, database):
    log.write_bytes(question(1))
    desk, files = Desk(database), ProcessedFile.objects.using(database)
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        desk.order(OrderKind.STOP_ON_ERROR, "on")
        with log.open("ab") as more:
            more.write(BAD)
        session.wait_for_state(State.STOPPED_ON_ERROR)
        desk.order(OrderKind.PAUSE)
        eventually(lambda: files.get().paused_by == desk.by, what="it is kept")
        assert files.get().state == State.STOPPED_ON_ERROR, "and still somebody has to decide"

    with Running(log, database=database) as session:
        assert f"by order of {desk.by} of 20" in session.wait_for_state(State.PAUSED).reason
        assert not session.all(StoppedOnError)


@on_both
def test_a_pause_is_kept_and_obeyed_where_a_session_waits_for_its_log(tmp_path, log, database):
    log.write_bytes(question(1))
    desk, files = Desk(database), ProcessedFile.objects.using(database)
    with Running(log, database=database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        log.rename(tmp_path / "kept")
        log.symlink_to(log)  # in a circle: it cannot be opened
        session.wait_for_state(State.WAITING)
        desk.order(OrderKind.PAUSE)
        eventually(lambda: files.get().paused_by == desk.by, what="it is kept")
        assert files.get().state == State.WAITING
        log.unlink()
        (tmp_path / "kept").rename(log)
        with log.open("ab") as more:
            more.write(question(2))
        session.wait_for_state(State.PAUSED)
        assert Question.objects.using(database).count() == 1, "what came back is not applied yet"


@on_both
def test_to_work_once_on_a_paused_log_says_who_paused_it(log, database):
    log.write_bytes(question(1))
    ingest(log, database=database)
    assert Desk(database).order(OrderKind.PAUSE).answer.endswith("the next one starts paused.")

    result, events = ingest(log, database=database)

    assert result.state is State.STOPPED
    assert "by order of ann on web-1" in result.error
    assert [e.paused_by for e in events if isinstance(e, OrdersTaken)] == ["ann on web-1"]
    assert Desk(database).order(OrderKind.RESUME).answer.endswith("starts at once.")
    assert ingest(log, database=database)[0].state is State.FINISHED
    assert Desk(database).order(OrderKind.STEP).answer == "No session applies this log now."


@on_both
def test_what_nobody_took_in_time_is_refused(log, database):
    log.write_bytes(question(1))
    ingest(log, database=database)
    file = ProcessedFile.objects.using(database).get()
    old = {"given": "2026-01-01T00:00Z", "given_by": "ann on web-1"}
    rows = Order.objects.using(database)
    step, pause = (rows.create(file=file, kind=kind, **old) for kind in ("step", "pause"))
    with Running(log, database=database) as session:
        session.wait_for_state(State.PAUSED)
        step.refresh_from_db()
        pause.refresh_from_db()
    assert (step.status, pause.status) == ("refused", "done")
    assert step.answer.startswith("Too late")


def test_a_service_paused_by_a_command_stays_paused_when_it_is_started_again(site, log, tmp_path):
    log.write_bytes(question(1))
    headless = ("-m", "tui_ingest", log, "--headless")
    first, second = tmp_path / "first", tmp_path / "second"
    with started(site, first, *headless) as service:
        says(first, "CAUGHT UP")
        paused = site.manage("ingest_control", "pause", str(log))
        assert paused.returncode == 0, paused.stderr
        assert f"{log}: Paused at byte {len(question(1))}." in paused.stdout
        says(first, f"PAUSED: by order of {getpass.getuser()} on ")
        with log.open("ab") as more:
            more.write(questions([2, 3]))
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=DEADLINE_SECONDS) == 0

    with started(site, second, *headless) as service:
        says(second, f"PAUSED: by order of {getpass.getuser()} on ")
        stepped = site.manage("ingest_control", "step", str(log))
        assert stepped.returncode == 0, stepped.stderr
        count = "from tui_ingest.demo.polls.models import Question as Q; print(Q.objects.count())"
        eventually(lambda: site.shell(count).strip() == "2", what="one more")
        resumed = site.manage("ingest_control", "resume", str(log))
        assert resumed.returncode == 0, resumed.stderr
        says(second, "CAUGHT UP")
        assert site.shell(count).strip() == "3"

    refused = site.manage("ingest_control", "step", str(log))
    assert (refused.returncode, "No session applies" in refused.stdout) == (1, True)
    unknown = site.manage("ingest_control", "pause", "no.log")
    assert (unknown.returncode, "No session has read" in unknown.stderr) == (2, True)


@pytest.mark.parametrize(
    "start", [FromStart(), FromPosition(9), FromByte("ab12", 9), FromTime(150.0)]
)
def test_every_place_in_a_log_can_be_the_argument_of_an_order(start):
    order = Order(argument=orders.seek_argument(start))
    assert orders.place_of(order) == start
