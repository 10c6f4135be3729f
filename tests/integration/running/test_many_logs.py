"""Many logs, one process; and the process that takes over when it dies."""

import contextlib
import json
import signal
import socket

import pytest

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import BAD, question, questions
from tests.support.processes import says, started
from tests.support.site import Site

COUNT = "from tui_ingest.demo.polls.models import Question as Q; print(Q.objects.count())"
LOGS = 8

# Two sessions of the real command, one of which hangs in the file system once it is told to.
HANGING = """
import sys, threading
from pathlib import Path
import django; django.setup()
from tui_ingest import cli
from tui_ingest.oplog.files.reading import FileLog

backlog, hang = FileLog.backlog, Path("hang")

def look(log):
    if log.path.endswith("b") and hang.exists():
        print("hangs", flush=True)
        threading.Event().wait()
    print(log.path, "alive", flush=True)
    return backlog(log)

FileLog.backlog = look
sys.argv = ["tui-ingest", *sys.argv[1:], "--headless"]
cli.main()
"""


@pytest.fixture
def logs(tmp_path):
    """Some sites, each with a log of records of its own."""
    made = []
    for number in range(LOGS):
        log = tmp_path / "sites" / str(number) / "oplog.log"
        log.parent.mkdir(parents=True)
        first = 1_000 * number + 1
        log.write_bytes(questions(range(first, first + 100)))
        made.append(log)
    return made


def count(site):
    return int(site.shell(COUNT))


def statuses(site):
    done = site.manage("ingest_status", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def heard(supervisor):
    """All that a supervisor was told and has not looked at yet."""
    messages = []
    with contextlib.suppress(BlockingIOError):
        while True:
            messages.append(supervisor.recv(4096))
    return messages


def pattern(tmp_path):
    return tmp_path / "sites" / "*" / "oplog.log"


def test_logs_and_patterns_are_applied_once(site, logs, tmp_path):
    extra = tmp_path / "extra.log"
    extra.write_bytes(question(90_000) + BAD)
    done = site.tui_ingest(extra, pattern(tmp_path), "--headless", "--once")
    assert done.returncode == 3, done.stderr
    assert count(site) == LOGS * 100 + 1
    assert {one["state"] for one in statuses(site)} == {"finished"}
    assert f"{extra}: set aside: " in done.stdout
    missing = site.tui_ingest(extra, tmp_path / "no.log", "--headless", "--once")
    assert missing.returncode == 1
    assert f"{tmp_path / 'no.log'}: {tmp_path / 'no.log'} does not exist" in missing.stderr


def test_a_pattern_that_names_no_log_is_no_success(site, tmp_path):
    nothing = tmp_path / "stie" / "*" / "oplog.log"
    done = site.tui_ingest(nothing, "--headless", "--once")
    assert (done.returncode, done.stderr) == (
        1,
        f"tui-ingest: {nothing}: no such log was found. Check the pattern.\n",
    )


def test_a_killed_process_is_replaced_and_new_logs_appear_by_themselves(site, logs, tmp_path):
    headless = ("-m", "tui_ingest", pattern(tmp_path), "--headless")
    outputs = tmp_path / "one", tmp_path / "other"
    with started(site, outputs[0], *headless) as one:
        eventually(lambda: count(site) == LOGS * 100, what="everything is applied")
        with started(site, outputs[1], *headless) as other:
            eventually(
                lambda: outputs[1].read_text().count("STANDING BY") == LOGS, what="it stands by"
            )
            one.kill()
            one.wait()
            for number, log in enumerate(logs):
                with log.open("ab") as more:
                    more.write(question(1_000 * number + 500))
            late = tmp_path / "sites" / "late" / "oplog.log"
            late.parent.mkdir()
            late.write_bytes(question(90_000))
            eventually(lambda: count(site) == LOGS * 101 + 1, what="the other one goes on")
            says(outputs[1], f"{late}: started: ")
            assert {one["runs_on"].split(" on ")[0] for one in statuses(site)} == {
                f"pid {other.pid}"
            }
            other.send_signal(signal.SIGTERM)
            assert other.wait(timeout=DEADLINE_SECONDS) == 0
    assert {one["state"] for one in statuses(site)} == {"stopped"}
    assert {one["models"]["polls.question"]["saved"] for one in statuses(site)} == {1, 101}


def test_a_log_whose_session_ends_is_not_the_end_of_the_service(tmp_path):
    site, log = Site(tmp_path), tmp_path / "oplog.log"
    site.migrate()
    log.write_bytes(question(1))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.setblocking(False)
        options = ("--headless", "--once")
        site.tui_ingest(log, "no.log", *options, NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert [supervisor.recv(100), supervisor.recv(100)] == [b"READY=1"] * 2
        with pytest.raises(BlockingIOError):
            supervisor.recv(100)


def test_a_session_that_hangs_lets_the_watchdog_fire(tmp_path):
    site, output, logs = Site(tmp_path), tmp_path / "output", [tmp_path / "a", tmp_path / "b"]
    site.migrate()
    for log in logs:
        log.write_bytes(question(1))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.setblocking(False)
        watchdog = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1"}
        with started(site, output, "-c", HANGING, *logs, **watchdog) as service:

            def works_on():
                before = output.read_text().count("alive")
                eventually(lambda: output.read_text().count("alive") > before + 3, what="it works")

            eventually(lambda: b"WATCHDOG=1" in heard(supervisor), what="both are alive")
            (tmp_path / "hang").touch()
            says(output, "hangs")
            works_on()
            heard(supervisor)  # what was said before
            works_on()
            assert heard(supervisor) == []
            service.kill()


def test_several_logs_need_no_terminal_and_no_place(tmp_path):
    for options, words in (
        ((), "--headless"),
        (("--headless", "--from-start"), "no place in common"),
    ):
        refused = Site(tmp_path).tui_ingest("a.log", "b.log", *options)
        assert (refused.returncode, words in refused.stderr) == (2, True), refused.stderr
