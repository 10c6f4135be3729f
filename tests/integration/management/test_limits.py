"""What machines ask: limits, metrics, lines of JSON; and whom the project has told."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.support.engine import Running, eventually, ingest
from tests.support.lines import BAD, choice, question
from tests.support.site import Site
from tui_ingest.conf import Settings
from tui_ingest.ingest.events import RecordSetAside, State
from tui_ingest.models import LogEvent, ProcessedFile

on_both = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

SAMPLE = re.compile(r'^tui_ingest_\w+\{(\w+="([^"\\]|\\.)*",?)+\} -?[\d.e+]+$')


@pytest.fixture
def log(tmp_path):
    path = tmp_path / 'a "log" of\\all.log'
    path.write_bytes(question(1) + BAD + choice(2, of=99))
    return path


def status(*arguments, **options):
    out = StringIO()
    call_command("ingest_status", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


@on_both
def test_limits_of_what_is_late_and_of_what_was_set_aside(log, database):
    ingest(log, database=database)
    status(log, max_lag=60, max_dead_letters=2, database=database)
    with pytest.raises(CommandError, match=r"all\.log: 2 dead letters\."):
        status(log, max_dead_letters=1, database=database)
    with log.open("ab") as more:
        more.write(question(2))
    with pytest.raises(CommandError, match=r"all\.log: \d+.* behind\."):
        status(max_lag=60, database=database)
    status(log, max_dead_letters=2, database=database)
    log.unlink()
    log.symlink_to(log.name)
    with pytest.raises(CommandError, match="cannot be seen from here"):
        status(log, max_lag=60, database=database)


@on_both
def test_a_session_that_died_is_too_late(log, database):
    ingest(log, database=database)
    ProcessedFile.objects.using(database).update(
        state="caught_up",
        owner="elsewhere.1.x",
        owner_host="web-1",
        owner_pid=812,
        heartbeat=datetime.now(UTC) - timedelta(minutes=3),
    )
    with pytest.raises(CommandError, match="no session applies it"):
        status(log, max_lag=3600, database=database)


@on_both
def test_metrics(log, database):
    ingest(log, database=database)
    with log.open("ab") as more:
        more.write(question(2))
    told = status(prometheus=True, database=database)
    path = str(log).replace("\\", "\\\\").replace('"', '\\"')
    lines = told.splitlines()
    assert f'tui_ingest_lag_bytes{{log="{path}"}} {len(question(2))}' in lines
    assert f'tui_ingest_dead_letters{{log="{path}",reason="bad_value"}} 1' in lines
    assert f'tui_ingest_state{{log="{path}",state="finished"}} 1' in lines
    assert f'tui_ingest_state{{log="{path}",state="running"}} 0' in lines
    saved = f'tui_ingest_records_total{{log="{path}",model="polls.question",outcome="saved"}} 1'
    assert saved in lines
    assert [one for one in lines if not one.startswith("# ") and not SAMPLE.match(one)] == []


@pytest.mark.django_db(transaction=True)
def test_a_project_serves_its_metrics(log, settings):
    ingest(log)
    settings.ROOT_URLCONF = "tui_ingest.urls"
    answered = Client().get("/metrics")
    assert answered.status_code == 200
    assert answered["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "tui_ingest_dead_letters{" in answered.content.decode()
    assert Client().post("/metrics").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_lines_of_json(tmp_path):
    site, log = Site(tmp_path), tmp_path / "oplog.log"
    site.migrate()
    log.write_bytes(question(1) + BAD)
    done = site.tui_ingest(log, "--headless", "--once", "--json")
    assert done.returncode == 3, done.stderr
    told = [json.loads(one) for one in done.stdout.splitlines()]
    assert {one["log"] for one in told} == {str(log)}
    [failed] = [one for one in told if one["event"] == "set_aside"]
    assert (failed["reason"], failed["position"]) == ("bad_value", len(question(1)))
    [ended] = [one for one in told if one["event"] == "ended"]
    assert ended["models"]["polls.question"]["saved"] == 1
    last = [one for one in told if one["event"] == "progress"][-1]
    assert (last["state"], last["records"], last["lag_seconds"]) == ("finished", 2, 0.0)
    refused = site.tui_ingest(log, "--json")
    assert (refused.returncode, "--headless" in refused.stderr) == (2, True)


HEARD = []


def hear(facts):
    HEARD.append(facts)
    raise RuntimeError("a listener that fails")


@on_both
def test_a_callable_is_told_once_of_dead_letters_and_may_fail(tmp_path, database):
    log = tmp_path / "oplog.log"
    log.write_bytes(BAD + question(1) + BAD)
    HEARD.clear()
    ingest(log, database=database, settings=Settings(on_event=f"{__name__}.hear"))
    assert [one["event"] for one in HEARD] == ["dead_letter"]
    assert "bad_value" in HEARD[0]["message"]
    assert HEARD[0]["log"] == str(log)


@on_both
def test_a_command_is_told_and_one_that_hangs_keeps_nobody(tmp_path, database):
    log, told, fifo = tmp_path / "oplog.log", tmp_path / "told", tmp_path / "never"
    log.write_bytes(BAD + question(1))
    command = [
        sys.executable,
        "-c",
        f"import sys; open({str(told)!r}, 'w').write(sys.stdin.read())",
    ]
    ingest(log, database=database, settings=Settings(on_event=command))
    assert json.loads(told.read_text())["event"] == "dead_letter"

    with log.open("ab") as more:
        more.write(BAD + question(2))
    hanging = Settings(
        on_event=[sys.executable, "-c", f"import os; os.mkfifo({str(fifo)!r}); open({str(fifo)!r})"]
    )
    with Running(log, database=database, settings=hanging) as session:
        session.wait_for(RecordSetAside)
        eventually(fifo.exists, what="it hangs")
        session.wait_for_state(State.CAUGHT_UP)
        fifo.open("w").close()  # and goes on


@on_both
def test_stops_and_gaps_are_told(tmp_path, database):
    log = tmp_path / "oplog.log"
    log.write_bytes(BAD * 3)
    HEARD.clear()
    options = {"on_event": f"{__name__}.hear", "max_consecutive_failures": 2}
    ingest(log, database=database, settings=Settings(**options))
    assert [one["event"] for one in HEARD] == ["dead_letter", "stopped"]
    log.write_bytes(question(1))
    HEARD.clear()
    ingest(log, database=database, settings=Settings(**options))
    assert LogEvent.objects.using(database).filter(kind="gap").exists()
    assert "gap" in [one["event"] for one in HEARD]
