"""A console in a real terminal on a log that a service applies."""

import re
import signal

import pytest

from tests.support.demo import Demo
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import question, questions
from tests.support.site import watched
from tests.tui.terminal import Terminal

COUNT = "SELECT COUNT(*) FROM polls_question"
STATE = "SELECT state, paused_by, owner_pid FROM tui_ingest_processedfile"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "oplog.log"
    path.write_bytes(questions([1, 2, 3]))
    return path


def state(demo):
    rows = demo.query(STATE)
    return rows[0] if rows else ("", "", None)


def test_a_console_attaches_to_a_service_commands_it_and_leaves_it(log, tmp_path):
    demo = Demo(tmp_path)
    with watched(demo.start(log)) as service:
        eventually(lambda: state(demo)[0] == "caught_up", what="the service is there")
        with Terminal(tmp_path, log, size=(120, 36)) as terminal:
            terminal.until(
                f"✓ CAUGHT UP · ATTACHED · pid {service.pid} on",
                drawn=lambda shown: re.search(r"polls.question 3 +\d+ · ", shown),  # earlier
            )
            with log.open("ab") as more:
                more.write(question(4))
            terminal.until("polls.question 4")

            terminal.press(" ")
            terminal.until("‖ PAUSED · ATTACHED")
            assert state(demo)[0] == "paused"
            with log.open("ab") as more:
                more.write(question(5))
            terminal.press("n")
            terminal.until("polls.question 5")
            assert demo.query(COUNT) == [(5,)]

            terminal.press(" ")
            terminal.until("✓ CAUGHT UP · ATTACHED")
            terminal.press("q")
            assert terminal.ended() == 0
            assert f"Left it to pid {service.pid} on" in terminal.received.decode()
        with log.open("ab") as more:
            more.write(question(6))
        eventually(lambda: demo.query(COUNT) == [(6,)], what="the service goes on")
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=DEADLINE_SECONDS) == 0


def test_a_console_takes_over_and_the_service_stands_by(log, tmp_path):
    demo = Demo(tmp_path)
    with watched(demo.start(log)) as service:
        eventually(lambda: state(demo)[0] == "caught_up", what="the service is there")
        with Terminal(tmp_path, log, "--attach", size=(120, 36)) as terminal:
            terminal.until("✓ CAUGHT UP · ATTACHED")
            terminal.press("T")
            terminal.until("--attach only looks")
            terminal.press("q")
            assert terminal.ended() == 0
        with Terminal(tmp_path, log, size=(120, 36)) as terminal:
            terminal.until("✓ CAUGHT UP · ATTACHED")
            terminal.press("T")
            terminal.until("Apply the log here?", f"pid {service.pid} on")
            terminal.press("\r")
            terminal.until("✓ CAUGHT UP", gone=["ATTACHED"])
            assert state(demo)[2] == terminal.process.pid, "said before the lease was its own"
            terminal.press("q")
            assert terminal.ended() == 0
        eventually(lambda: state(demo)[2] == service.pid, what="the service applies it again")
