"""One session applies a log; the others stand by, and take over when it ends, dies or freezes."""

import dataclasses
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.support.databases import Databases
from tests.support.engine import DEADLINE_SECONDS, Running, eventually, ingest
from tests.support.lines import choice, line, question, questions, serialized
from tests.support.processes import says, started
from tests.support.site import SETTINGS, Site, watched
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest import leases
from tui_ingest.ingest.checkpoints import CheckpointMovedError
from tui_ingest.ingest.deadletters import retry
from tui_ingest.ingest.events import BatchApplied, Noticed, SessionStarted, State, StateChanged
from tui_ingest.ingest.session import heartbeat
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, ModelTotal, ProcessedFile
from tui_ingest.oplog.files.reading import FileLog

on_both = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

# Freezes with a batch in its hands, as a machine that is suspended does, and goes on later.
FROZEN_HOLDER = """
import os, signal, sys
import django; django.setup()
from tui_ingest.ingest.session import Session
from tui_ingest.oplog.files.reading import FileLog

class Log(FileLog):
    frozen = False
    def read(self, **limits):
        batch = super().read(**limits)
        if batch is not None and not self.frozen:
            self.frozen = True
            os.kill(os.getpid(), signal.SIGSTOP)
        return batch

def report(event):
    print(type(event).__name__, getattr(event, "state", getattr(event, "kind", "")), flush=True)

Session(Log(sys.argv[1]), report=report).run()
"""
# Takes a lease that was not renewed for a second, and applies nothing until SIGUSR1.
SUCCESSOR = """
import signal, sys
import django; django.setup()
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session import heartbeat
from tui_ingest.ingest.session.control import Control
from tui_ingest.oplog.files.reading import FileLog

control = Control(paused=True)
signal.signal(signal.SIGUSR1, lambda *_: control.resume())

def report(event):
    print(type(event).__name__, getattr(event, "state", getattr(event, "kind", "")), flush=True)

Session(FileLog(sys.argv[1]), control=control, report=report, lease_seconds=1.0).run()
"""

# Freezes in the middle of a transaction, of which the server hears no end.
FROZEN_WRITER = """
import os, signal, sys
import django; django.setup()
from django.db import connection
from tui_ingest.ingest import connecting
from tui_ingest.ingest.session import Session
from tui_ingest.oplog.files.reading import FileLog

connecting._POSTGRESQL_SETTINGS["idle_in_transaction_session_timeout"] = "1s"
connecting._LIMIT_IDLE_MARIADB = "SET SESSION idle_transaction_timeout = 1"

def freeze(execute, sql, *call):
    done = execute(sql, *call)
    if "INSERT INTO" in sql and "polls_question" in sql:
        os.kill(os.getpid(), signal.SIGSTOP)
    return done

def report(event):
    print(type(event).__name__, getattr(event, "state", getattr(event, "kind", "")), flush=True)

with connection.execute_wrapper(freeze):
    Session(FileLog(sys.argv[1]), report=report).run()
"""

IDENTIFIED = """
import os, time
os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
import django; django.setup()
from tui_ingest.ingest.leases import new_owner

print(new_owner().id, flush=True)
time.sleep(600)
"""


class Writer:
    """Appends records to a log for as long as it is entered."""

    def __init__(self, log):
        self.log = log
        self.written = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _write(self):
        with self.log.open("ab", buffering=0) as log:
            while not self._over.wait(0.002):
                log.write(questions(range(self.written + 1, self.written + 51)))
                self.written += 50


def applied(site):
    """Numbers of questions and choices, and how often one was counted."""
    return site.shell(
        "from tui_ingest.demo.polls.models import Choice, Question\n"
        "from tui_ingest.models import DeadLetter, ModelTotal\n"
        "print(Question.objects.count(), Choice.objects.count(), DeadLetter.objects.count(),"
        " *ModelTotal.objects.order_by('model').values_list('saved', flat=True))"
    ).split()


def owner_pid(site):
    printed = site.shell(
        "from tui_ingest.models import ProcessedFile\nprint(ProcessedFile.objects.get().owner_pid)"
    )
    return printed.strip()


def stops(process):
    stat = Path(f"/proc/{process.pid}/stat")
    eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what="it freezes")


@on_both
def test_the_second_session_stands_by_and_takes_over_at_a_proper_end(tmp_path, database):
    log = tmp_path / "oplog.log"
    log.write_bytes(question(1))
    files = ProcessedFile.objects.using(database)
    with Running(log, database=database) as one:
        one.wait_for_state(State.CAUGHT_UP)
        with Running(log, database=database) as other:
            waiting = other.wait_for_state(State.STANDING_BY)
            assert f"pid {os.getpid()} on" in waiting.reason
            other.wait_for(SessionStarted, lambda e: e.again)
            assert files.get().state == State.CAUGHT_UP, "a standby leaves the state to the one"
            with log.open("ab") as more:
                more.write(question(2))
            one.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)
            eventually(lambda: files.get().state == State.CAUGHT_UP, what="the one says so")
            assert {e.state for e in other.all(StateChanged)} == {State.STANDING_BY}
            one.control.stop()
            other.wait_for_state(State.CAUGHT_UP)
            with log.open("ab") as more:
                more.write(question(3))
            other.wait_for(BatchApplied, lambda e: e.position.offset == log.stat().st_size)

    assert ModelTotal.objects.using(database).get().saved == 3
    assert Question.objects.using(database).count() == 3
    assert files.get().owner == ""
    assert not LogEvent.objects.using(database).filter(kind__in=["raced", "taken_over"]).exists()


def test_killed_under_load_the_holder_is_replaced_and_nothing_is_doubled(site, tmp_path):
    log, outputs = tmp_path / "oplog.log", [tmp_path / "one", tmp_path / "other"]
    log.touch()
    headless = ("-m", "tui_ingest", log, "--headless")
    with started(site, outputs[0], *headless) as one:
        says(outputs[0], "CAUGHT UP")
        with started(site, outputs[1], *headless) as other:
            says(outputs[1], f"STANDING BY: pid {one.pid} on")
            with Writer(log) as writer:
                eventually(lambda: applied(site)[0] != "0", what="it is at work")
                one.kill()
                one.wait()
                says(outputs[1], f"taken_over: Took over from pid {one.pid} on")
            with log.open("ab") as more:
                more.write(choice(1, of=5))
            eventually(lambda: applied(site)[1] == "1", what="the rest is applied")
            other.terminate()
            assert other.wait(timeout=DEADLINE_SECONDS) == 0

    number = str(writer.written)
    assert applied(site) == [number, "1", "0", "1", number]
    assert outputs[1].read_text().count("STANDING BY") == 1
    assert owner_pid(site) == "None"


def test_a_holder_that_was_frozen_until_it_lost_its_lease_commits_nothing(site, tmp_path):
    log, frozen, fresh = tmp_path / "oplog.log", tmp_path / "frozen", tmp_path / "fresh"
    log.write_bytes(questions([1, 2, 3]))
    with started(site, frozen, "-c", FROZEN_HOLDER, log) as holder:
        stops(holder)
        with started(site, fresh, "-c", SUCCESSOR, log) as successor:
            says(fresh, "StateChanged paused")  # it has the lease, and the checkpoint as it was
            holder.send_signal(signal.SIGCONT)
            says(frozen, "Noticed raced")
            says(frozen, "StateChanged standing_by")
            assert applied(site) == ["0", "0", "0"]
            assert owner_pid(site) == str(successor.pid)
            successor.send_signal(signal.SIGUSR1)
            says(fresh, "StateChanged caught_up")

    assert "Noticed taken_over" in fresh.read_text()
    assert "StateChanged caught_up" not in frozen.read_text()
    assert applied(site) == ["3", "0", "0", "3"]


@pytest.mark.parametrize("kind", ["postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def test_a_holder_that_was_frozen_in_a_transaction_keeps_nobody_from_taking_over(
    tmp_path, kind, request
):
    site = Site(tmp_path / "site", SETTINGS + Databases(kind, request).new())
    site.migrate()
    log, frozen, fresh = tmp_path / "oplog.log", tmp_path / "frozen", tmp_path / "fresh"
    log.write_bytes(questions([1, 2, 3]))
    with started(site, frozen, "-c", FROZEN_WRITER, log) as holder:
        stops(holder)
        with started(site, fresh, "-c", SUCCESSOR, log) as successor:
            says(fresh, "StateChanged paused")  # it has the lease
            successor.send_signal(signal.SIGUSR1)
            says(fresh, "StateChanged caught_up")
            holder.send_signal(signal.SIGCONT)
            says(frozen, "StateChanged standing_by")
            assert owner_pid(site) == str(successor.pid)

    assert applied(site) == ["3", "0", "0", "3"]


def test_to_work_once_is_refused_beside_one_that_works(site, tmp_path):
    log, output = tmp_path / "oplog.log", tmp_path / "output"
    log.write_bytes(question(1))
    with started(site, output, "-m", "tui_ingest", log, "--headless") as service:
        says(output, "CAUGHT UP")
        once = site.tui_ingest(log, "--headless", "--once")
        assert once.returncode == 1
        assert f"pid {service.pid} on" in once.stderr
        assert "applies this log" in once.stderr
        service.kill()
        service.wait()

    once = site.tui_ingest(log, "--headless", "--once")
    assert (once.returncode, once.stderr) == (0, "")


@on_both
def test_dead_letters_are_not_retried_under_a_lease_that_is_lost(tmp_path, database):
    log = tmp_path / "oplog.log"
    log.write_bytes(line("SAVE", serialized("polls.question", 9, {"id": "no uuid"})))
    ingest(log, database=database)
    letter = DeadLetter.objects.using(database).get()

    with pytest.raises(CheckpointMovedError):
        retry(Target(database, owner="somebody.1.else"), letter.pk)

    assert retry(Target(database), letter.pk).status == "open"
    letter.refresh_from_db()
    assert letter.attempts == 2


@on_both
def test_a_paused_session_keeps_its_lease(tmp_path, database, monkeypatch):
    monkeypatch.setattr(heartbeat, "HEARTBEAT_SECONDS", 0.2)
    log = tmp_path / "oplog.log"
    log.write_bytes(question(1))
    path = str(log)
    with Running(log, control=Control(paused=True), database=database) as session:
        session.wait_for_state(State.PAUSED)
        target = Target(database)
        silences = [0.0]  # between two signs of life they only grow

        def ended():
            silences.append(leases.holder(target, path).silent_seconds)
            return silences[-1] < silences[-2]

        eventually(ended, what="it renews its lease")
        assert not leases.take(target, path, leases.new_owner(), seconds=leases.LEASE_SECONDS)


class SlowLog(FileLog):
    """Takes its time for the first read, until it is told to go on."""

    def __init__(self, path):
        super().__init__(str(path))
        self.reads, self.goes_on = threading.Event(), threading.Event()

    def read(self, **limits):
        self.reads.set()
        assert self.goes_on.wait(DEADLINE_SECONDS)
        return super().read(**limits)


@on_both
def test_a_session_keeps_its_lease_while_a_read_takes_longer_than_that(tmp_path, database):
    log = tmp_path / "oplog.log"
    log.write_bytes(question(1))
    slow, files = SlowLog(log), ProcessedFile.objects.using(database)
    with Running(log, log=slow, database=database, lease_seconds=0.4) as session:
        try:
            assert slow.reads.wait(DEADLINE_SECONDS)
            beats = {files.get().heartbeat}

            def beats_on():
                beats.add(files.get().heartbeat)
                return len(beats) > 3

            eventually(beats_on, what="it renews its lease")
            taken = leases.take(Target(database), str(log), leases.new_owner(), seconds=0.0)
            assert taken, "which is by force"
        finally:
            slow.goes_on.set()
        session.wait_for(Noticed, lambda e: e.kind == "raced")


def test_who_has_ended_is_known_on_the_same_machine(tmp_path):
    site = Site(tmp_path)
    me = leases.new_owner()
    machine, started_at, rest = me.id.split(".")
    assert not me.is_gone()
    assert dataclasses.replace(me, id=f"{machine}.1.{rest}").is_gone()  # a number given again
    assert not dataclasses.replace(me, id=f"elsewhere.{started_at}.{rest}", pid=2**22).is_gone()
    assert not dataclasses.replace(me, id=f".{started_at}.{rest}", pid=2**22).is_gone()

    with watched(site.start("-c", IDENTIFIED)) as child:
        identity = child.stdout.readline().strip()
        other = dataclasses.replace(me, id=identity, pid=child.pid)
        assert not other.is_gone()
        child.kill()
        eventually(other.is_gone, what="it has ended, though nobody has taken note")
        child.wait()
        assert other.is_gone()
