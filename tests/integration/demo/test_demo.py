"""`tui-ingest --demo`: live traffic from a source of its own, gone without a trace."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.demo import Demo
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.site import watched


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where the demo makes its folder."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def demo(tmp_path, scratch):
    return Demo(tmp_path)


def processes_about(text):
    """Pids of the processes whose command line has the text."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text in command.read_bytes().decode(errors="replace"):
                found.append(int(command.parent.name))
        except OSError:  # it has just ended
            continue
    return found


def test_it_shows_traffic_and_leaves_nothing_behind(demo, scratch):
    with watched(demo.start("--demo", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)) as process:
        told = []
        for line in process.stdout:
            told.append(line)
            if "set aside" in line:
                break
        assert "demo project, live traffic" in told[0]
        assert "surveys.survey" in told[-1]
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0, rest
    assert "polls.choice" in rest
    assert list(scratch.iterdir()) == []
    assert not demo.database.exists(), "the demo's traffic belongs into its own database"
    assert processes_about(str(scratch)) == []


def test_a_killed_demo_takes_its_source_along(demo, scratch):
    with watched(demo.start("--demo", stdout=subprocess.PIPE)) as process:
        for line in process.stdout:
            if "CAUGHT UP" in line or "set aside" in line:
                break
        assert processes_about(str(scratch))
        process.kill()
        process.wait()
    eventually(lambda: not processes_about(str(scratch)), what="the source ended")
    eventually(lambda: not list(scratch.iterdir()), what="its folder was removed")


STORY = """
import os, random, sys
os.environ["TUI_INGEST_DEMO_SOURCE"] = sys.argv[1]
os.environ["DJANGO_SETTINGS_MODULE"] = "tui_ingest.demo.source_settings"
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tui_ingest.demo.story import tell
from tui_ingest.recorder.conf import get_settings
from tui_ingest.recorder.relaying.relay import Relay
relay = Relay(get_settings(), "default")
seconds = 0
for pause in tell(random.Random(1)):
    relay.catch_up()
    seconds += pause
    if seconds > 120:
        break
relay.close()
"""


def test_two_minutes_of_the_story_bring_every_trouble_and_a_rotation(demo, tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    subprocess.run([sys.executable, "-c", STORY, folder], check=True, timeout=DEADLINE_SECONDS)
    assert (folder / "oplog.log.1").exists()

    finished = demo.run(folder / "oplog.log", "--once")
    assert finished.returncode == 3, finished.stdout
    letters = demo.query("SELECT DISTINCT reason FROM tui_ingest_deadletter WHERE status = 'open'")
    assert sorted(letters) == [("bad_value",), ("glued",), ("unknown_model",)]
    for table in ("question", "choice", "participant"):
        rows = f"SELECT * FROM polls_{table} ORDER BY id"
        with closing(sqlite3.connect(folder / "source.sqlite3")) as source:
            assert demo.query(rows) == source.execute(rows).fetchall() != []
