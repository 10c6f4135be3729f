"""The screen of all logs in a real terminal: one log is applied here, another by a service."""

import os
import signal

from tests.support.demo import Demo
from tests.support.engine import eventually
from tests.support.lines import question, questions
from tests.support.site import watched
from tests.tui.terminal import Terminal

STATE = "SELECT state FROM tui_ingest_processedfile WHERE file_path = ?"
COUNT = "SELECT COUNT(*) FROM polls_question"


def test_two_logs_one_here_and_one_elsewhere(tmp_path):
    served, own = tmp_path / "a.log", tmp_path / "b.log"
    served.write_bytes(questions([1, 2, 3]))
    own.write_bytes(questions([11, 12]))
    demo = Demo(tmp_path)

    def state():
        rows = demo.query(STATE, str(served))
        return rows[0][0] if rows else ""

    with watched(demo.start(served)) as service:
        eventually(lambda: state() == "caught_up", what="the service is there")
        with Terminal(tmp_path, served, own, size=(120, 36)) as terminal:
            terminal.until("2 caught up", f"{service.pid} on", "here", "✓ CAUGHT UP")
            terminal.press("g\r")  # the cursor keeps to the log that was there first
            terminal.until(f"ATTACHED · pid {service.pid} on", "polls.question 3")
            terminal.press("\x1b")
            terminal.until("all logs", "2 logs")
            terminal.press(" ")
            terminal.until("1 paused · 1 caught up", "‖ 1 PAUSED")
            eventually(lambda: state() == "paused", what="the service pauses")
            terminal.press(" ")
            terminal.until("2 caught up")
            with own.open("ab") as more:
                more.write(question(13))
            eventually(lambda: demo.query(COUNT) == [(6,)], what="it is applied here")
            terminal.press("q")
            assert terminal.ended() == 0
            assert terminal.is_clean()
            said = terminal.received.decode()
            assert "1 log: 3 records in this session, 0 of them set aside." in said
            assert "1 log left to whoever applies them." in said
        assert service.poll() is None, "the service goes on"


def test_without_a_log_there_must_be_one_that_is_known(tmp_path):
    with Terminal(tmp_path) as terminal:
        assert terminal.ended() == 2
        assert "LOG is missing: name an operation log, or use --demo" in terminal.received.decode()
    log = tmp_path / "a.log"
    log.write_bytes(questions([1, 2]))
    assert Demo(tmp_path).run(log, "--once").returncode == 0
    with Terminal(tmp_path) as terminal:
        terminal.until("a.log", "■ FINISHED", "looking only")
        terminal.press("q")
        assert terminal.ended() == 0
        assert "Nothing was applied here" in terminal.received.decode()


def test_a_signal_ends_all_sessions_after_their_batches(tmp_path):
    logs = [tmp_path / name for name in ("a.log", "b.log")]
    for number, log in enumerate(logs):
        log.write_bytes(questions([10 * number + 1, 10 * number + 2]))
    with Terminal(tmp_path, *logs) as terminal:
        terminal.until("✓ CAUGHT UP", "2 logs")
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.ended() == 0
        assert terminal.is_clean()
        said = terminal.received.decode()
        assert "2 logs: 4 records in this session, 0 of them set aside." in said
    states = Demo(tmp_path).query("SELECT state, owner FROM tui_ingest_processedfile")
    assert states == [("stopped", "")] * 2
