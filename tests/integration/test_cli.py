"""The command itself, as a process: usage, exit statuses, signals, a pipe, a terminal."""

import os
import signal
import stat
import subprocess
import sys
from io import StringIO

import pexpect
import pytest

from tests.support import lines
from tests.support.demo import Demo
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.site import clean, run, start, watched

BAD = b'1698395500.000000 SAVE [{"model": "no.such", "pk": 1, "fields": {}}]\n'


@pytest.fixture
def demo(tmp_path):
    return Demo(tmp_path)


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "oplog.log"
    path.write_bytes(lines.questions(range(1, 6)))
    return path


def tui_ingest(*arguments, folder):
    database = str(folder / "demo.sqlite3")
    return run("-m", "tui_ingest", *arguments, folder=folder, TUI_INGEST_DEMO_DB=database)


# Usage


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--headless"], "LOG is missing"),
        (["oplog.log"], "no terminal"),
        (["."], "not a file"),
        (["oplog.log", "--headless", "--paused"], "--paused"),
        (["oplog.log", "--headless", "--poll", "0"], "--poll"),
        (["oplog.log", "--headless", "--from-time", "soon"], "--from-time"),
        (["oplog.log", "--headless", "--from-start", "--from-position", "1"], "not allowed with"),
        (["oplog.log", "--headless", "--unheard-of"], "--unheard-of"),
        (["--demo", "oplog.log", "--headless"], "LOG makes no sense with --demo"),
        (["--demo", "--once", "--headless"], "--once makes no sense with --demo"),
        (["--demo", "--settings", "x", "--headless"], "--settings makes no sense with --demo"),
        (["--demo", "--from-position", "0", "--headless"], "--from-position makes no sense"),
        (["--demo"], "no terminal"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(tmp_path, arguments, words):
    finished = tui_ingest(*arguments, folder=tmp_path)
    assert finished.returncode == 2
    assert finished.stdout == ""
    [line] = finished.stderr.splitlines()
    assert line.startswith("tui-ingest: ")
    assert words in line
    assert line.endswith("See tui-ingest --help.")
    assert not (tmp_path / "demo.sqlite3").exists(), "nothing was started"


def test_the_current_folder_may_be_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = "import os, sys; os.rmdir(os.getcwd()); from tui_ingest.cli import main; main()"
    finished = subprocess.run(
        [sys.executable, "-c", script, "oplog.log", "--headless"],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert finished.stderr.splitlines()[-1].startswith("tui-ingest: ")


# Exit statuses


def test_everything_applied_is_status_0(demo, log):
    finished = demo.run(log, "--once")
    assert finished.returncode == 0, finished.stdout
    assert "polls.question: 5 saved" in finished.stdout
    assert demo.query("SELECT count(*) FROM polls_question") == [(5,)]


def test_a_record_set_aside_in_this_run_is_status_3_and_0_in_the_next(demo, log):
    log.write_bytes(log.read_bytes() + BAD)
    finished = demo.run(log, "--once")
    assert finished.returncode == 3
    assert "unknown_model" in finished.stdout
    again = demo.run(log, "--once")
    assert again.returncode == 0
    assert "1 dead letter" in again.stdout


def test_a_log_that_is_not_there_is_status_1_with_once(tmp_path):
    finished = tui_ingest("oplog.log", "--headless", "--once", folder=tmp_path)
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    assert str(tmp_path / "oplog.log") in finished.stderr


def test_a_log_that_cannot_be_opened_is_status_1_with_once(demo, log):
    log.unlink()
    log.symlink_to(log.name)  # a loop; permissions mean nothing to the superuser
    finished = demo.run(log, "--once")
    assert finished.returncode == 1
    [line] = finished.stdout.splitlines()
    assert f"{log} cannot be read: Too many levels" in line


def test_a_stop_on_error_names_the_record_its_position_and_the_reason(demo, log):
    position = log.stat().st_size
    log.write_bytes(log.read_bytes() + BAD + lines.question(6))
    finished = demo.run(log, "--once", "--on-error", "stop")
    assert finished.returncode == 1
    for words in ("no.such 1", f"position {position}", "unknown_model"):
        assert words in finished.stdout.splitlines()[-1]
    assert demo.position() == position
    assert demo.query("SELECT count(*) FROM tui_ingest_deadletter") == [(0,)]


def test_a_dry_run_changes_nothing_and_tells_what_would_happen(demo, log):
    log.write_bytes(log.read_bytes() + BAD)
    finished = demo.run(log, "--once", "--dry-run")
    assert finished.returncode == 3
    assert "polls.question: 5 saved" in finished.stdout
    assert "unknown_model" in finished.stdout
    assert demo.query("SELECT count(*) FROM polls_question") == [(0,)]
    assert demo.position() == 0


def test_from_start_applies_again(demo, log):
    demo.run(log, "--once")
    assert "5 saved" in demo.run(log, "--once", "--from-start").stdout
    last = len(lines.question(1)) * 4
    assert "1 saved" in demo.run(log, "--once", "--from-position", last).stdout


def test_the_log_is_only_read(demo, log):
    content, times = log.read_bytes(), log.stat()
    log.chmod(stat.S_IRUSR)
    assert demo.run(log, "--once").returncode == 0
    assert log.read_bytes() == content
    assert log.stat().st_mtime_ns == times.st_mtime_ns
    # The database is the demo's only trace beside the log.
    assert {path.name.partition(".")[0] for path in log.parent.iterdir()} == {"oplog", "demo"}


# Following, signals, pipes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_session_with_status_0(demo, log, number):
    with watched(demo.start(log, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)) as process:
        eventually(lambda: demo.position() == log.stat().st_size, what="the log was applied")
        with log.open("ab") as more:
            more.write(lines.question(6))
        eventually(lambda: demo.position() == log.stat().st_size, what="the new line, too")
        process.send_signal(number)
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0, output
    assert "stopped (0 records set aside)" in output
    assert "polls.question: 6 saved" in output


def test_it_waits_for_a_log_and_its_folder(demo, tmp_path):
    log = tmp_path / "later" / "oplog.log"
    with watched(demo.start(log, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)) as process:
        first = [process.stdout.readline() for _ in range(2)]
        assert "NO FILE YET" in first[1]
        log.parent.mkdir()
        log.write_bytes(lines.question(1))
        eventually(lambda: demo.position() == log.stat().st_size, what="the log was applied")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_SECONDS) == 0


def test_a_reader_that_goes_away_ends_the_session_without_a_traceback(demo, log):
    demo.run(log, "--once")
    # Buffered, as usual: what is left in the buffer must not fail once more at the exit.
    environment = {"TUI_INGEST_DEMO_DB": str(demo.database), "PYTHONUNBUFFERED": ""}
    process = start("-m", "tui_ingest", log, "--headless", folder=log.parent, **environment)
    with watched(process):
        process.stdout.readline()
        process.stdout.close()
        with log.open("ab") as more:
            more.write(BAD)  # whose dead letter is worth a line
        assert process.wait(DEADLINE_SECONDS) == 1
        told = process.stderr.read()
    assert "Nobody reads the output" in told
    assert "Traceback" not in told
    assert "Exception ignored" not in told


@pytest.mark.parametrize(("arguments", "status"), [((), 3), (("--settings", "no.such"), 1)])
def test_closed_standard_streams_cost_lines_and_nothing_else(demo, log, arguments, status):
    log.write_bytes(log.read_bytes() + BAD)
    command = [sys.executable, "-m", "tui_ingest", log, "--headless", "--once", *arguments]
    finished = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command],
        cwd=log.parent,
        env=clean() | {"TUI_INGEST_DEMO_DB": str(demo.database)},
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert finished.returncode == status
    assert demo.position() == (log.stat().st_size if status == 3 else 0)


STUBBORN = """
import sys, threading
from django.db.models.signals import post_save
from tui_ingest.cli import main
from tui_ingest.demo import settings

settings.TUI_INGEST = {"RECEIVERS": ["__main__"]}

def never_return(sender, **_):
    if sender.__name__ == "Question":
        while True:
            print("in the middle of a batch", flush=True)
            threading.Event().wait(0.1)

post_save.connect(never_return)
sys.exit(main([sys.argv[1], "--headless"]))
"""


def test_a_second_ctrl_c_does_not_wait_for_the_batch(demo, log):
    environment = {"TUI_INGEST_DEMO_DB": str(demo.database)}
    with watched(start("-c", STUBBORN, log, folder=log.parent, **environment)) as process:
        wait_for_line(process, "in the middle")
        process.send_signal(signal.SIGINT)
        for _ in range(3):  # by now it has taken the order, and goes on
            wait_for_line(process, "in the middle")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert demo.query("SELECT count(*) FROM polls_question") == [(0,)]
    assert demo.position() == 0


def wait_for_line(process, words):
    assert any(words in line for line in iter(process.stdout.readline, "")), "it ended"


# A terminal


def spawn(demo, *arguments, term="xterm-256color"):
    inherited = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    return pexpect.spawn(
        sys.executable,
        ["-m", "tui_ingest", *map(str, arguments)],
        cwd=str(demo.database.parent),
        env=inherited | {"TUI_INGEST_DEMO_DB": str(demo.database), "TERM": term},
        dimensions=(24, 80),
        encoding="utf-8",
        timeout=DEADLINE_SECONDS,
    )


def test_on_a_terminal_a_bar_shows_how_far_it_is(demo, log):
    log.write_bytes(log.read_bytes() + BAD.replace(b"no.such", b"no.\x1b]0;such\x07"))
    terminal = spawn(demo, log, "--headless", "--once")
    terminal.logfile_read = StringIO()
    terminal.expect("set aside: dead letter 1")
    terminal.expect("FINISHED")
    terminal.expect("100%")
    terminal.expect(pexpect.EOF)
    assert "\x1b]0;" not in terminal.logfile_read.getvalue(), "a record named the window"
    terminal.close()
    assert terminal.exitstatus == 3


def test_a_terminal_that_only_scrolls_gets_lines(demo, log):
    terminal = spawn(demo, log, "--headless", "--once", term="dumb")
    terminal.expect("FINISHED: 100%, 5 records")
    terminal.expect(pexpect.EOF)
    assert "\x1b" not in terminal.before
    terminal.close()
    assert terminal.exitstatus == 0


def test_ctrl_c_on_a_terminal_ends_the_bar_cleanly(demo, log):
    terminal = spawn(demo, log, "--headless")
    terminal.expect("CAUGHT UP")
    terminal.sendintr()
    terminal.expect("stopped")
    terminal.expect(pexpect.EOF)
    assert terminal.before.rfind("\x1b[?25h") > terminal.before.rfind("\x1b[?25l"), "no cursor"
    terminal.close()
    assert terminal.exitstatus == 0


@pytest.mark.parametrize("paused", [False, True])
def test_without_headless_the_console_opens_and_q_leaves_it(demo, log, paused):
    terminal = spawn(demo, log, *(["--paused"] if paused else []))
    terminal.expect("PAUSED" if paused else "CAUGHT UP")
    terminal.send("q")
    if paused:
        terminal.expect("are unread")
        terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert demo.query("SELECT count(*) FROM polls_question") == [(0 if paused else 5,)]
