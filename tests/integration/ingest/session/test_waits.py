"""Waits that nobody ends: they are limited, explained, and end when the session is to stop."""

import os
import signal
import sqlite3
import subprocess
import threading

import psycopg
import pytest
from django.db import connections

from tests.support import forks
from tests.support.databases import Databases
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import question, questions
from tests.support.site import SETTINGS, Site, clean, watched
from tui_ingest.ingest.connecting import GuardedConnection

UNLIMITED = {"options": "-c lock_timeout=0", "application_name": "ingester"}
TAKE_CHECKPOINT = "UPDATE tui_ingest_processedfile SET file_path = file_path"


@pytest.fixture
def postgres_site(tmp_path, request):
    """A project on a database of its own, as a function of its OPTIONS."""
    database = Databases("postgresql", request).named()

    def make(options):
        chosen = f"DATABASES['default']['OPTIONS'] = {options!r}\n"
        site = Site(tmp_path, SETTINGS + database.settings + chosen)
        site.migrate()
        return site

    make.uri = database.uri
    return make


def follow(site, log, output):
    """A headless run that follows a log, caught up with its first record."""
    log.write_bytes(questions([1]))
    with output.open("w") as lines:
        reader = forks.start(
            ["-m", "tui_ingest", str(log), "--headless"],
            folder=site.folder,
            environment=clean(),
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
        )
    eventually(lambda: "CAUGHT UP" in output.read_text(), what="it is caught up")
    return reader


def add(log, number):
    with log.open("ab") as more:
        more.write(question(number))


def pid_of_waiting(connection):
    """The server's process that waits for a lock on behalf of the ingester."""
    row = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'ingester'"
        " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE%'"
    ).fetchone()
    return row and row[0]


# How a row is too slow: as the server says it, at once; and really.
CANCELLED = "RAISE query_canceled USING MESSAGE = 'canceling statement due to statement timeout'"
SLEEPING = "PERFORM pg_sleep(60)"
SLOW_ROW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.question_text = 'slow' THEN
        {takes_long};
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON polls_question
FOR EACH ROW EXECUTE FUNCTION slow();
"""
OUTCOME = """
from tui_ingest.demo.polls.models import Question
from tui_ingest.models import DeadLetter
print(Question.objects.count(), *DeadLetter.objects.values_list("status", "reason"))
"""


@pytest.mark.parametrize(
    "takes_long", [CANCELLED, pytest.param(SLEEPING, marks=pytest.mark.thorough)]
)
def test_one_record_that_always_takes_too_long(postgres_site, tmp_path, takes_long):
    site, log = postgres_site({"options": "-c statement_timeout=5s"}), tmp_path / "oplog.log"
    with psycopg.connect(postgres_site.uri) as connection:
        connection.execute(SLOW_ROW.format(takes_long=takes_long))
    slow = question(10, "slow")
    log.write_bytes(questions(range(1, 10)) + slow + questions(range(11, 21)))
    ended = site.tui_ingest(log, "--headless", "--once")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert site.shell(OUTCOME) == "19 ('open', 'timeout')\n"
    again = site.manage("ingest_deadletters", "retry", "--all")
    assert "takes longer than the database lets a statement run" in again.stdout + again.stderr
    with psycopg.connect(postgres_site.uri) as connection:
        connection.execute("DROP TRIGGER slow ON polls_question")
    site.manage("ingest_deadletters", "retry", "--all")
    assert site.shell(OUTCOME) == "20 ('applied', 'timeout')\n"


def test_a_checkpoint_that_a_lost_connection_holds(postgres_site, tmp_path):
    site, log, output = postgres_site({}), tmp_path / "oplog.log", tmp_path / "output"
    with watched(follow(site, log, output)) as reader, psycopg.connect(postgres_site.uri) as orphan:
        orphan.execute(TAKE_CHECKPOINT)
        add(log, 2)
        held = f"the lock is held by pid {orphan.info.backend_pid}"
        eventually(lambda: held in output.read_text(), what="it says who holds the checkpoint")
        assert "WAITING: database: " in output.read_text()
        orphan.rollback()
        eventually(lambda: "recovered: " in output.read_text(), what="it goes on")
        reader.terminate()
        assert reader.wait(timeout=DEADLINE_SECONDS) == 0, output.read_text()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopping_ends_a_wait_without_limit(postgres_site, tmp_path, stop):
    site, log, output = postgres_site(UNLIMITED), tmp_path / "oplog.log", tmp_path / "output"
    with (
        watched(follow(site, log, output)) as reader,
        psycopg.connect(postgres_site.uri) as holder,
        psycopg.connect(postgres_site.uri, autocommit=True) as onlooker,
    ):
        holder.execute(TAKE_CHECKPOINT)
        add(log, 2)
        eventually(lambda: pid_of_waiting(onlooker), what="it waits for the checkpoint")
        reader.send_signal(stop)
        assert reader.wait(timeout=DEADLINE_SECONDS) == 0, output.read_text()


def test_stopping_does_not_wait_for_a_server_that_does_not_answer(postgres_site, tmp_path):
    site, log, output = postgres_site(UNLIMITED), tmp_path / "oplog.log", tmp_path / "output"
    with (
        watched(follow(site, log, output)) as reader,
        psycopg.connect(postgres_site.uri) as holder,
        psycopg.connect(postgres_site.uri, autocommit=True) as onlooker,
    ):
        holder.execute(TAKE_CHECKPOINT)
        add(log, 2)
        frozen = eventually(lambda: pid_of_waiting(onlooker), what="it waits for the checkpoint")
        os.kill(frozen, signal.SIGSTOP)
        try:
            holder.rollback()
            reader.terminate()
            assert reader.wait(timeout=DEADLINE_SECONDS) == 0, output.read_text()
        finally:
            os.kill(frozen, signal.SIGCONT)


def test_stopping_while_sqlite_is_locked(tmp_path):
    site, log, output = Site(tmp_path), tmp_path / "oplog.log", tmp_path / "output"
    site.add_settings('\nDATABASES["default"]["OPTIONS"] = {"timeout": 600}\n')
    site.migrate()
    other = sqlite3.connect(tmp_path / "site.sqlite3", isolation_level=None)
    with watched(follow(site, log, output)) as reader:
        other.execute("BEGIN IMMEDIATE")
        add(log, 2)
        eventually(lambda: "WAITING: database: " in output.read_text(), what="it says so")
        reader.terminate()
        assert reader.wait(timeout=DEADLINE_SECONDS) == 0, output.read_text()
        other.rollback()
    other.close()


@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
@pytest.mark.parametrize(("chosen", "found"), [(None, "5s"), ("7s", "7s")])
def test_what_somebody_has_limited_stays(chosen, found):
    """And the connections of other threads are as they were."""
    shown = []

    def show():
        with connections["postgres"].cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            shown.append(cursor.fetchone()[0])
        connections["postgres"].close()

    def guarded():
        if chosen:
            options = {"options": f"-c lock_timeout={chosen}"}
            settings = connections["postgres"].settings_dict
            connections["postgres"].settings_dict = settings | {"OPTIONS": options}
        with GuardedConnection(connections["postgres"]).guarded():
            show()  # opened under guard
            show()  # opened again
            other = threading.Thread(target=show)
            other.start()
            other.join()

    session = threading.Thread(target=guarded)
    session.start()
    session.join()
    assert shown == [found, found, "0"]
