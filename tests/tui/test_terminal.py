"""The console as a process in a terminal: keys, signals, terminals that go away, hostile logs."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import choice, question
from tests.tui.terminal import Terminal

F2 = "\x1bOQ"
QUESTIONS = b"".join(question(n) for n in range(1, 21))


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "oplog.log"
    path.write_bytes(QUESTIONS)
    return path


def rows(terminal, table):
    with closing(sqlite3.connect(terminal.database, timeout=20)) as database:
        return database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


def test_one_whole_repair_in_a_terminal(log, tmp_path):
    with Terminal(tmp_path, log) as terminal:
        terminal.until("✓ CAUGHT UP", "polls.question 20")
        with log.open("ab") as file:
            file.write(choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"'))
        terminal.until("✗ 1 dead letter", "polls.choice 9 ", "✗ bad_value")
        terminal.press("e")
        terminal.until("FROZEN")
        terminal.press("\r")
        terminal.until("dead letter 1 is open", "the field votes does not take")
        terminal.press("i")
        terminal.until("✓ a record of 1 object", '"many"')
        terminal.type("3")  # in place of the value at fault, which is chosen
        terminal.press(F2)
        terminal.until("1 record", "is applied")
        terminal.press("\x1b")
        terminal.until("0 dead letters", "✓ applied")
        terminal.press("f")
        terminal.until("✓ CAUGHT UP", "following")
        terminal.press("q")
        assert terminal.ended() == 0
        assert terminal.is_clean()
        assert rows(terminal, "polls_choice") == 1
        _, _, said = terminal.received.decode().partition("\x1b[?1006ltui-ingest: ")
        size = log.stat().st_size
        assert said.splitlines() == [
            "21 records in this session, 1 of them set aside.",
            "tui-ingest: 0 dead letters are open.",
            f"tui-ingest: oplog.log: at byte {size:,} of {size:,} (100 %), 0 B unread.",
        ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_console_cleanly(log, tmp_path, number):
    with Terminal(tmp_path, log) as terminal:
        terminal.until("✓ CAUGHT UP")
        os.kill(terminal.process.pid, number)
        assert terminal.ended() == 0
        assert terminal.is_clean()


def test_a_terminal_that_goes_away_ends_the_console(log, tmp_path):
    with Terminal(tmp_path, log) as terminal:
        terminal.until("✓ CAUGHT UP")
        terminal.vanish()
        assert terminal.exit_status() == 0


def test_a_terminal_that_goes_away_while_nothing_is_drawn_is_no_error(log, tmp_path):
    """The console learns of it before it writes, and its last words fail if it still says them."""
    with Terminal(tmp_path, log) as terminal:
        terminal.until("✓ CAUGHT UP")
        os.kill(terminal.process.pid, signal.SIGSTOP)
        stat = Path(f"/proc/{terminal.process.pid}/stat")
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what="it freezes")
        terminal.vanish()
        os.kill(terminal.process.pid, signal.SIGCONT)
        assert terminal.exit_status() == 0


def test_a_terminal_that_nobody_reads_does_not_stop_the_session(log, tmp_path):
    with Terminal(tmp_path, log) as terminal:
        terminal.until("✓ CAUGHT UP")
        for number in range(100, 3100, 100):  # one batch after another: each is drawn
            with log.open("ab") as file:
                file.writelines(question(number + n, "x" * 80) for n in range(100))
            eventually(
                lambda: rows(terminal, "polls_question") == number + 20,  # noqa: B023
                what="the batch is applied",
            )
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.exit_status() == 0


def test_what_is_covered_by_another_screen_sends_the_terminal_nothing(log, tmp_path):
    whole_screen = 16_000  # bytes
    with Terminal(tmp_path, log, size=(120, 36)) as terminal:
        terminal.until("✓ CAUGHT UP")
        terminal.press("v")
        terminal.until("─ Events ─")
        before = len(terminal.received)
        for number in range(21, 31):
            with log.open("ab") as more:
                more.write(question(number))
            eventually(
                lambda: terminal.look() and rows(terminal, "polls_question") == number,  # noqa: B023
                what="the record is applied",
            )
        terminal.press("z")
        terminal.until("z does nothing here")
        assert len(terminal.received) - before < 2 * whole_screen


def test_frames_are_drawn_whatever_encoding_the_locale_names(log, tmp_path):
    latin = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with Terminal(tmp_path, log, **latin) as terminal:
        terminal.until("✓ CAUGHT UP", "╭─ Log · following · ")
        terminal.press("q")
        assert terminal.ended() == 0


def test_without_a_terminal_there_is_one_line_that_says_so(log, tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "tui_ingest", str(log)],
        cwd=tmp_path,
        env={**os.environ, "TUI_INGEST_DEMO_DB": str(tmp_path / "demo.sqlite3")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert finished.returncode == 2
    (line,) = finished.stderr.splitlines()
    assert "--headless" in line


HOSTILE = {
    "title": "\x1b]0;owned\x07",
    "clear": "\x1b[2J\x1b[H",
    "c1": "\x9b2J\x9d0;owned\x9c",
    "markup": "[/red][bold]x[@click=app.quit]y[/]",
    "wide": "日本語" * 40,
    "emoji": "👩‍👩‍👧‍👦🇩🇪❤️" * 20,
    "rtl": "\u202eשלום עולם\u2066مرحبا",
    "long": "x" * 100_000,
    "zalgo": "a" + "\u0301" * 50,
    "lines": "a\nb\r\nc\td\u2028e\x00f",
}


STEPS = (
    ("e", "FROZEN"),
    ("\r", "1 record"),
    ("2", "in the database now"),
    ("h", "─ History ─"),
    ("\x1b", "in the database now"),
    ("\x1b", "FROZEN"),
    ("d", "Dead letters ·"),
    ("\r", "1 record"),
    ("\x1b", "Dead letters ·"),
    ("\x1b", "FROZEN"),
    ("v", "Events"),
    ("\x1b", "FROZEN"),
)


def intact(shown):
    """Whether the first line is the console's, and every frame is closed."""
    first, *lines = shown.splitlines()
    frames = [line for line in lines if line.startswith(("│", "╭", "╰"))]
    return (
        first.startswith(" tui-ingest")
        and "CAUGHT UP" in first
        and len(frames) > 5
        and all(line.rstrip().endswith(("│", "╮", "╯")) for line in frames)
    )


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_hostile_log_leaves_the_screen_intact(tmp_path, size):
    log = tmp_path / "oplog.log"
    log.write_bytes(
        b"".join(question(n, text[:190]) for n, text in enumerate(HOSTILE.values(), 1))
        + b"".join(question(50 + n, text) for n, text in enumerate(HOSTILE.values()))
        + b"".join(question(80, text).replace(b'"pk": 80', b'"pk": 81') for text in "\x1b\x9b")
        + b"\x1b[31mnonsense \xff\x9b2J\n"
        + question(90).replace(b"polls.question", b"polls.\\u001b[2J")
        + QUESTIONS
    )
    with Terminal(tmp_path, log, size=size) as terminal:
        terminal.until("✓ CAUGHT UP")
        for key, shown in STEPS:
            terminal.press(key)
            terminal.until(shown, drawn=intact)
        assert b"owned\x07" not in terminal.received
        assert b"\x1b[31mnonsense" not in terminal.received
        assert b"\xc2\x9b" not in terminal.received
        assert "owned" not in terminal.screen.title
        terminal.press("q")
        terminal.until("Leave?", "dead letters are open")
        terminal.press("q")
        assert terminal.ended() == 0
        assert terminal.is_clean()


def test_the_first_failure_rings_where_that_is_wanted(log, tmp_path):
    settings = "from tui_ingest.demo.settings import *\nTUI_INGEST = {'BELL': True}\n"
    (tmp_path / "loud.py").write_text(settings)
    loud = {"DJANGO_SETTINGS_MODULE": "loud", "PYTHONPATH": str(tmp_path)}
    database = {"TUI_INGEST_DEMO_DB": str(tmp_path / "demo.sqlite3")}
    migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    subprocess.run(
        migrate, env={**os.environ, **loud, **database}, check=True, timeout=DEADLINE_SECONDS
    )
    with Terminal(tmp_path, log, **loud) as terminal:
        terminal.until("✓ CAUGHT UP")
        assert b"\x1b]9;" not in terminal.received
        with log.open("ab") as file:
            file.write(choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"'))
        terminal.until("✗ 1 dead letter")
        told = b"\x1b]9;tui-ingest oplog.log: polls.choice 9 bad_value: "
        eventually(lambda: terminal.look() and told in terminal.received, what="it is told")
        assert b"\x07" in terminal.received.partition(told)[0], "the bell"
