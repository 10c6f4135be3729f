"""Records that were rotated away unread: reported, kept, counted, and if asked for, stopped at."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from tests.support.engine import Running, ingest
from tests.support.lines import questions
from tui_ingest.conf import Settings
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.events import BatchApplied, Noticed, State
from tui_ingest.ingest.session.control import Control
from tui_ingest.models import LogEvent, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


@pytest.fixture
def log(tmp_path, database):
    """A log of which one unread generation was rotated away while nobody looked."""
    log = tmp_path / "oplog.log"
    log.write_bytes(questions([1, 2]))
    ingest(log, database=database)
    with log.open("ab") as late:
        late.write(questions([3, 4, 5]))
    log.unlink()
    log.with_name("oplog.log.1").write_bytes(questions([6, 7]))
    log.write_bytes(questions([8]))
    return log


def pks(database):
    return sorted(Question.objects.using(database).values_list("pk", flat=True))


def test_a_gap_is_reported_and_kept_and_the_rest_is_applied(log, database):
    result, events = ingest(log, database=database)

    assert result.state is State.FINISHED
    assert pks(database) == [1, 2, 6, 7, 8]
    gap = LogEvent.objects.using(database).get(kind="gap")
    assert gap.message in [event.message for event in events if isinstance(event, Noticed)]
    status = StringIO()
    call_command("ingest_status", str(log), "--json", database=database, stdout=status)
    assert json.loads(status.getvalue())["gaps"] == 1


def test_a_gap_is_reported_once(log, database):
    ingest(log, database=database)
    _, events = ingest(log, database=database)

    assert "gap" not in [event.kind for event in events if isinstance(event, Noticed)]
    assert LogEvent.objects.using(database).filter(kind="gap").count() == 1


def test_a_gap_ends_a_session_that_shall_stop_there(log, database):
    stopping = Settings(on_gap="stop")
    before = ProcessedFile.objects.using(database).get()

    for _ in range(2):  # it is no less missing the next time
        result, _ = ingest(log, database=database, settings=stopping)
        assert result.state is State.STOPPED
        assert "ON_GAP" in result.error
        assert pks(database) == [1, 2]

    after = ProcessedFile.objects.using(database).get()
    assert after.last_processed_position == before.last_processed_position
    ingest(log, database=database)
    assert pks(database) == [1, 2, 6, 7, 8]


def test_an_operator_can_accept_a_gap(log, database):
    options = {"settings": Settings(on_gap="stop"), "interactive": True}
    with Running(log, database=database, **options) as session:
        paused = session.wait_for_state(State.PAUSED)
        assert "rotated away" in paused.reason
        assert pks(database) == [1, 2]
        session.control.resume()
        session.wait_for(BatchApplied, lambda e: e.entries[-1].objects[0]["pk"] == 8)

    assert pks(database) == [1, 2, 6, 7, 8]
    assert LogEvent.objects.using(database).filter(kind="gap").count() == 1


def test_the_unread_bytes_that_were_seen_are_known_to_be_missing(tmp_path, database):
    log = tmp_path / "oplog.log"
    read, unread = questions([1, 2]), questions([3, 4, 5])
    log.write_bytes(read + unread)
    with Running(log, control=Control(paused=True), database=database) as session:
        session.control.step()
        session.control.step()
        session.wait_for(BatchApplied, lambda e: e.position.offset == len(read))
    log.unlink()
    log.write_bytes(questions([6]))

    ingest(log, database=database)

    assert LogEvent.objects.using(database).get(kind="gap").missing_bytes == len(unread)
