"""A project that keeps naive times (USE_TZ is False), as a process of its own."""

import json
import os
import subprocess
import sys

from tests.support.lines import choice, question

SETTINGS = "from tui_ingest.demo.settings import *\nUSE_TZ = False\nTIME_ZONE = 'Asia/Kolkata'\n"


def test_a_project_that_keeps_naive_times(tmp_path):
    (tmp_path / "naive.py").write_text(SETTINGS)
    naive = question(1).replace(b".182Z", b".182")
    (tmp_path / "oplog.log").write_bytes(naive + choice(1, of=9))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "naive",
        "TUI_INGEST_DEMO_DB": str(tmp_path / "db.sqlite3"),
        "PYTHONPATH": os.pathsep.join(path for path in (str(tmp_path), *sys.path) if path),
    }

    def run(*arguments, status=0):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout

    run("django", "migrate", "--verbosity", "0")
    run("django", "ingest_objects", "oplog.log", "--once", status=3)
    (letter,) = json.loads(run("django", "ingest_deadletters", "list", "--json"))
    run("django", "ingest_deadletters", "retry", "--all", status=1)
    told = json.loads(run("django", "ingest_status", "oplog.log", "--json"))

    assert letter["time"].endswith("+00:00")
    assert told["last_record_time"][:19] == letter["time"][:19]
    assert told["models"]["polls.question"]["saved"] == 1
