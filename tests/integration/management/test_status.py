"""`manage.py ingest_status`: where logs stand, for people and for programs."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.support import lines
from tests.support.engine import ingest
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.status import stored_statuses
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, LogEvent, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

BAD = b'1698395500.000000 SAVE [{"model": "no.such", "pk": 1, "fields": {}}]\n'


@pytest.fixture
def log(tmp_path, database):
    """A log of which everything but the last record was applied to the database."""
    path = tmp_path / "oplog.log"
    path.write_bytes(
        lines.question(1, at=1698395500.5)
        + lines.choice(2, of=1)
        + lines.choice(2, of=1, operation="DELETE")
        + lines.choice(3, of=1, operation="DELETE")
        + BAD
        + lines.question(4, at=1698395600.25)
    )
    ingest(path, database=database)
    with path.open("ab") as more:
        more.write(lines.question(5))
    return path


def status(*arguments, **options):
    out = StringIO()
    call_command("ingest_status", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def status_json(*arguments, **options):
    return json.loads(status(*arguments, json=True, **options))


def test_everything_a_program_may_ask(log, database):
    unread = len(lines.question(5))
    found = status_json(log, database=database)
    size = log.stat().st_size
    assert found["path"] == str(log)
    assert len(found["generation"]) >= 32
    assert found["position"] == size - unread
    assert found["size"] == size
    assert found["lag_bytes"] == unread
    assert datetime.fromisoformat(found["last_record_time"]).timestamp() == 1698395600.25
    assert found["state"] == "finished"
    assert found["dead_letters"] == 1
    assert found["gaps"] == 0
    none = {"saved": 0, "deleted": 0, "missing": 0, "failed": 0, "skipped": 0}
    assert found["models"] == {
        "no.such": none | {"failed": 1},
        "polls.choice": none | {"saved": 1, "deleted": 1, "missing": 1},
        "polls.question": none | {"saved": 2},
    }


def test_how_far_behind_is_unknown_of_a_log_that_cannot_be_read(log, database):
    log.unlink()
    log.symlink_to(log.name)
    assert status_json(log, database=database)["lag_bytes"] is None
    assert "unknown" in status(log, database=database)


def test_a_relative_path_and_a_link_are_names_of_logs(log, database, monkeypatch):
    monkeypatch.chdir(log.parent)
    assert status_json("oplog.log", database=database)["path"] == str(log)
    Path("link.log").symlink_to("oplog.log")
    with pytest.raises(CommandError, match=r"link\.log"):
        status_json("link.log", database=database)


def test_without_a_log_there_is_a_list_of_all(log, tmp_path, database):
    other = tmp_path / "another.log"
    other.write_bytes(lines.question(9))
    ingest(other, database=database)
    assert [found["path"] for found in status_json(database=database)] == [str(other), str(log)]
    told = status(database=database)
    assert str(other) in told
    assert str(log) in told


def test_nothing_was_ever_read(database):
    assert status_json(database=database) == []
    assert "No log has been read yet" in status(database=database)
    with pytest.raises(CommandError, match="No session has read"):
        status("nowhere.log", database=database)


def test_for_a_person(log, database):
    told = status(log, database=database)
    rows = [row.split() for row in told.splitlines()]
    assert ["polls.choice", "1", "1", "1", "0", "0"] in rows
    assert ["dead", "letters", "1", "open"] in rows
    assert "finished" in told
    assert f"{len(lines.question(5))} B" in told


def test_what_failed_is_what_is_open_lines_without_a_model_included(tmp_path, database):
    path = tmp_path / "oplog.log"
    path.write_bytes(lines.question(1) + BAD + b"no record\n" + b"nor this\n")
    ingest(path, database=database)
    found = status_json(path, database=database)
    assert found["dead_letters"] == 3
    failed = sum(counts["failed"] for counts in found["models"].values())
    assert failed + found["failed_without_model"] == 3
    assert "" not in found["models"]
    told = [row.split() for row in status(path, database=database).splitlines()]
    assert ["dead", "letters", "3", "open"] in told
    assert told[-1] == ["(no", "model)", "0", "0", "0", "2", "0"]

    target = Target(database)
    first, second = DeadLetter.objects.using(database).filter(reason="bad_line").order_by("pk")
    deadletters.edit(target, first.pk, lines.question(2))
    assert deadletters.retry(target, first.pk).applied
    deadletters.discard(target, second.pk, why="a joke")
    found = status_json(path, database=database)
    assert found["dead_letters"] == 1
    assert found["models"]["polls.question"]["saved"] == 2
    assert found["failed_without_model"] == 1, "it was given up, and never applied"
    assert "1 open of 2 failed" in status(path, database=database)


def test_a_log_that_is_gone_keeps_what_is_known_of_it(log, database):
    log.unlink()
    found = status_json(log, database=database)
    assert found["position"] > 0
    assert found["size"] >= found["position"]
    assert found["dead_letters"] == 1


def test_a_session_that_died_is_not_running(log, database):
    seen = datetime.now(UTC) - timedelta(minutes=3)
    files = ProcessedFile.objects.using(database)
    owner = {"owner": "elsewhere.1.x", "owner_host": "web-1", "owner_pid": 812}
    files.update(state="running", heartbeat=seen, **owner)
    found = status_json(log, database=database)
    assert (found["state"], found["runs_on"]) == ("not_running", "")
    assert abs(datetime.fromisoformat(found["last_seen"]) - seen) < timedelta(minutes=1)
    assert "not running (last seen 3m" in status(log, database=database)

    files.update(heartbeat=datetime.now(UTC))
    found = status_json(log, database=database)
    assert (found["state"], found["runs_on"]) == ("running", "pid 812 on web-1")
    assert "running (pid 812 on web-1, " in status(log, database=database)


def test_gaps_are_counted(log, database):
    file = ProcessedFile.objects.using(database).get()
    LogEvent.objects.using(database).create(
        file=file, time=datetime.now(UTC), kind="gap", message="lost", missing_bytes=5
    )
    assert status_json(log, database=database)["gaps"] == 1


def test_what_digests_have_said(log, database):
    said = {"count": 1, "sum": "0" * 32, "fields": [], "identity": "id"}
    with log.open("ab") as more:
        for label in ("polls.choice", "no.such"):
            more.write(lines.line("DIGEST", lines.serialized(label, None, said), at=1698395700))
    assert status_json(log, database=database)["verified"] == {}
    ingest(log, database=database)
    found = status_json(log, database=database)["verified"]
    assert set(found) == {"polls.choice", "no.such"}
    choice = found["polls.choice"]
    assert choice == {
        "state": "differs",
        "rows": 0,
        "source_rows": 1,
        "differing": None,
        "at": "2023-10-27T08:35:00+00:00",
        "position": log.read_bytes().index(b"1698395700"),
        "reason": "0 rows here, 1 at the source.",
    }
    told = status(log, database=database)
    assert "≠ 1 row" in told
    assert "polls.choice: differs. 0 rows here, 1 at the source." in told
    assert "no.such: not comparable. The model no.such is not installed" in told


def test_many_logs_take_no_more_queries_than_one(log, database, tmp_path):
    target = Target(database)

    def queries():
        with CaptureQueriesContext(connections[database]) as asked:
            stored_statuses(target)
        return len(asked)

    of_one = queries()
    for number in range(3):
        other = tmp_path / f"{number}.log"
        other.write_bytes(lines.question(10 + number) + BAD)
        ingest(other, database=database)
    assert [status.dead_letters for status in stored_statuses(target)] == [1, 1, 1, 1]
    assert queries() == of_one
