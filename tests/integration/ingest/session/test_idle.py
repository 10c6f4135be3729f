"""What others bring or do while a session has nothing else to do."""

import contextlib
import threading

import pytest

from tests.support.engine import Running, ingest
from tests.support.lines import choice, question
from tests.support.target import Target
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.events import (
    DeadLetterResolved,
    RecordSetAside,
    SessionStarted,
    State,
    StateChanged,
)
from tui_ingest.ingest.session import idle, loop
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.ingest.target import Target as DatabaseTarget
from tui_ingest.models import DeadLetter

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


@pytest.fixture
def target(tmp_path, database, monkeypatch):
    monkeypatch.setattr(idle, "REST_SECONDS", 0.05)
    return Target(tmp_path, database)


def test_a_parent_of_another_log_is_not_waited_for_until_the_next_start(target, tmp_path):
    target.path.write_bytes(choice(9, of=1) + choice(10, of=2))
    other = tmp_path / "other.log"
    other.write_bytes(question(1))
    with Running(target.path, database=target.database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        ingest(other, database=target.database)
        resolved = session.wait_for(DeadLetterResolved)
        assert resolved.status == DeadLetter.Status.APPLIED
    statuses = target.letters().values_list("pk_text", "status")
    assert list(statuses) == [("9", "applied"), ("10", "open")]


@contextlib.contextmanager
def written(path):
    """A log that is never quiet."""
    over = threading.Event()

    def write():
        while not over.wait(0.02):
            with path.open("ab") as log:
                log.write(question(5))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def test_it_is_neither_waited_for_until_the_log_is_quiet(target, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SETTLE_SECONDS", 10.0)
    target.path.write_bytes(choice(9, of=1) + choice(10, of=2))
    other = tmp_path / "other.log"
    other.write_bytes(question(1))
    with written(target.path), Running(target.path, database=target.database) as session:
        session.wait_for(RecordSetAside, lambda event: event.pk == "10")
        ingest(other, database=target.database)
        assert session.wait_for(DeadLetterResolved).status == DeadLetter.Status.APPLIED
        session.forget()
        (left,) = target.letters().filter(status=DeadLetter.Status.OPEN)
        deadletters.discard(DatabaseTarget(target.database), left.pk, why="given up elsewhere")
        assert session.wait_for(DeadLetterResolved).status == DeadLetter.Status.DISCARDED
        assert not session.all(StateChanged)


def test_as_many_as_there_are_come_back_part_by_part(target, tmp_path, monkeypatch):
    monkeypatch.setattr(idle, "PART", 3)
    target.path.write_bytes(b"".join(choice(pk, of=1) for pk in range(10)))
    other = tmp_path / "other.log"
    other.write_bytes(question(1))
    with Running(target.path, database=target.database) as session:
        session.wait_for_state(State.CAUGHT_UP)
        assert len(session.all(DeadLetterResolved)) == 0
        ingest(other, database=target.database)
        for letter in target.letters():
            session.wait_for(
                DeadLetterResolved, lambda event, pk=letter.pk: event.dead_letter == pk
            )
    assert {letter.status for letter in target.letters()} == {"applied"}


@pytest.mark.parametrize("state", [State.CAUGHT_UP, State.PAUSED, State.STOPPED_ON_ERROR])
def test_what_others_did_about_its_dead_letters_is_told(target, state):
    database = DatabaseTarget(target.database)
    target.apply(choice(8, of=1))
    target.path.write_bytes(target.path.read_bytes() + choice(9, of=1) + choice(10, of=2))
    applied = target.path.read_bytes().splitlines()
    with Running(target.path, database=target.database, interactive=True) as session:
        session.wait_for_state(State.CAUGHT_UP)
        if state is State.PAUSED:
            session.control.pause()
            session.wait_for_state(state)
        if state is State.STOPPED_ON_ERROR:
            session.control.order_stop_on_error(True)
            with target.path.open("ab") as log:
                log.write(choice(11, of=3))
            session.wait_for_state(state)
        old, new, left = target.letters().order_by("pk")
        for letter in (old, new):
            deadletters.discard(database, letter.pk, why="given up elsewhere")
        for letter in (old, new):
            resolved = session.wait_for(
                DeadLetterResolved, lambda event, pk=letter.pk: event.dead_letter == pk
            )
            assert resolved.status == DeadLetter.Status.DISCARDED
        session.wait_for(SessionStarted, lambda event: event.again and event.dead_letters == 1)
        deadletters.discard(database, left.pk, why="given up elsewhere")
        session.wait_for(SessionStarted, lambda event: event.again and event.dead_letters == 0)
    status = SessionStatus()
    for event in session.events:
        status = status.after(event)
    assert (status.dead_letters, status.last_error) == (0, "")
    assert status.last_record_time == float(applied[-1].split()[0])
