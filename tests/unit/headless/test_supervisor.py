"""systemd is told that a service is ready, alive and ending."""

import os
import socket

import pytest

from tui_ingest.headless.supervisor import Supervisor
from tui_ingest.ingest.events import (
    Progressed,
    SessionEnded,
    SessionStarted,
    State,
    StateChanged,
)
from tui_ingest.oplog.log import Backlog, Position

STARTED = {
    "path": "/oplog.log",
    "database": "default",
    "position": Position(),
    "totals": {},
    "dead_letters": 0,
    "gaps": 0,
    "last_record_time": None,
}


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """What a supervisor hears, as a function that takes it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def heard():
            found = []
            try:
                while True:
                    found.append(channel.recv(4096).decode())
            except BlockingIOError:
                return found

        yield heard


def test_a_session_is_ready_once_and_says_what_it_does_and_that_it_ends(systemd):
    supervisor = Supervisor()
    supervisor.take(SessionStarted(at=0.0, **STARTED))
    supervisor.take(SessionStarted(at=0.0, **STARTED, again=True))
    supervisor.take(StateChanged(at=0.0, state=State.RUNNING))
    supervisor.take(StateChanged(at=0.0, state=State.PAUSED, reason="by order\nof ann"))
    supervisor.take(SessionEnded(at=0.0, state=State.STOPPED))
    assert systemd() == ["READY=1", "STATUS=paused by order of ann", "STOPPING=1"]


def test_work_that_lasts_is_told_and_short_work_is_not(systemd):
    supervisor = Supervisor()
    supervisor.take(StateChanged(at=0.0, state=State.STANDING_BY, reason="pid 1 applies it"))
    supervisor.take(StateChanged(at=5.0, state=State.RUNNING))
    supervisor.take(Progressed(at=5.5, backlog=Backlog(exists=True), position=Position()))
    supervisor.take(Progressed(at=6.0, backlog=Backlog(exists=True), position=Position()))
    supervisor.take(StateChanged(at=7.0, state=State.CAUGHT_UP))
    supervisor.take(StateChanged(at=8.0, state=State.RUNNING))
    supervisor.take(StateChanged(at=8.1, state=State.CAUGHT_UP))
    said = [line for line in systemd() if line.startswith("STATUS")]
    assert said == [
        "STATUS=standing by pid 1 applies it",
        "STATUS=running",
        "STATUS=caught up",
    ]


@pytest.mark.parametrize("log", ["", "/oplog.log"])
def test_a_start_that_waits_for_the_database_is_given_more_time(systemd, log):
    supervisor = Supervisor()
    waits = StateChanged(at=0.0, state=State.WAITING, reason="database: away")
    supervisor.take(waits, log=log)
    supervisor.take(waits, log=log)
    assert systemd().count("EXTEND_TIMEOUT_USEC=90000000") == 2
    supervisor.take(SessionStarted(at=0.0, **STARTED), log=log)
    supervisor.take(waits, log=log)
    assert "EXTEND_TIMEOUT_USEC=90000000" not in systemd(), "it has started"


def test_a_watchdog_is_told_only_if_it_watches_this_process(systemd, monkeypatch):
    alive = Progressed(at=0.0, backlog=Backlog(exists=True), position=Position())
    monkeypatch.setenv("WATCHDOG_USEC", "120000000")
    supervisor = Supervisor()
    supervisor.take(alive)
    supervisor.take(alive)
    assert systemd() == ["WATCHDOG=1"]
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    Supervisor().take(alive)
    assert systemd() == []


def test_of_several_sessions_each_must_be_alive(systemd, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "1")
    alive = Progressed(at=0.0, backlog=Backlog(exists=True), position=Position())
    supervisor = Supervisor()
    supervisor.expect("a")
    supervisor.expect("b")
    supervisor.take(alive, log="a")
    supervisor.take(alive, log="a")
    supervisor.stay()
    assert systemd() == [], "b may hang"
    supervisor.take(alive, log="b")
    assert systemd() == ["WATCHDOG=1"]
    supervisor.take(alive, log="b")
    supervisor.stay()
    assert systemd() == [], "a may hang by now"
    supervisor.take(SessionEnded(at=0.0, state=State.STOPPED, error="It crashed."), log="a")
    assert systemd() == ["WATCHDOG=1"], "b works on, and the service does not end with a"
    supervisor.take(alive, log="b")
    assert systemd() == ["WATCHDOG=1"]


def test_a_service_without_a_log_yet_is_ready_and_alive(systemd, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "1")
    supervisor = Supervisor()
    supervisor.stay()
    assert systemd() == ["READY=1", "WATCHDOG=1"]
    supervisor.stay()
    assert systemd() == ["WATCHDOG=1"]


def test_nobody_supervises_or_the_socket_is_gone(systemd, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/notify")
    Supervisor().take(SessionEnded(at=0.0, state=State.STOPPED))
    monkeypatch.delenv("NOTIFY_SOCKET")
    Supervisor().take(SessionEnded(at=0.0, state=State.STOPPED))
    assert systemd() == []
