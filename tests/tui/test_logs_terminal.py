"""The screen of all logs in a real terminal: one log is applied here, another by a service."""

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
            terminal.press("\r")
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
