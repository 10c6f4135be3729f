"""The command `tui-ingest-stream`, as it is typed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nkeys
import pytest
from django.core.management import call_command

from tests.support.brokers import Server
from tests.support.lines import question, questions
from tests.support.patience import DEADLINE_SECONDS
from tests.support.rotation import lines_of
from tests.support.sites import NOBODY, client
from tui_ingest.ingest.session import Session
from tui_ingest.streams.reading import StreamLog

PROGRAM = Path(sys.executable).with_name("tui-ingest-stream")
A, B = question(1), question(2)


def start(*arguments, **environment):
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments, content="", **environment):
    """The exit status, and what was said on either stream."""
    with start(*arguments, **environment) as process:
        said, complaint = process.communicate(content, timeout=DEADLINE_SECONDS)
    return process.returncode, said, complaint


def test_create_check_and_forward(server, tmp_path, open_reader):
    url = f"nats://{server.host}/MADE/made.site-a"
    status, _, complaint = run("check", url)
    assert (status, "There is no stream MADE" in complaint) == (1, True)
    status, _, complaint = run("create", "--subjects", "made.>", url)
    assert (status, "A single broker has one copy: --replicas 1." in complaint) == (1, True)
    status, said, _ = run("create", "--replicas", 1, "--subjects", "made.>", url)
    assert (status, said) == (0, "MADE: made.>, 1x\n")
    status, said, complaint = run("check", url)
    assert (status, said) == (0, "nothing is wrong\n")
    assert "durability not verified" in complaint
    log = tmp_path / "oplog.log"
    status, _, complaint = run("forward", "--once", log, url)
    assert (status, f"{log} does not exist. Check the path" in complaint) == (1, True)
    log.write_bytes(A + B + A[:20])
    status, _, complaint = run("forward", "--once", log, url)
    assert (status, "no end yet: 20 bytes were left unsent" in complaint) == (0, True)
    assert lines_of(open_reader(url).read()) == [A, B]


def test_who_is_not_let_in_is_told_what_is_missing(tmp_path):
    server = Server(tmp_path, "own", more='authorization { user: "ann", password: "s3cret" }')
    server.start()
    server.wait_until_ready()
    url = f"nats://{server.host}/OPLOG/oplog.site-a"
    key, gone, other = tmp_path / "user.nk", tmp_path / "gone.nk", tmp_path / "ca.pem"
    key.write_bytes(nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_USER))
    status, _, complaint = run("check", url)
    assert (status, "without credentials: name a file" in complaint) == (1, True)
    status, _, complaint = run("check", url, NATS_CREDS=str(key))
    assert (status, f"do not know the user of {key}" in complaint) == (1, True)
    status, _, complaint = run("check", url, NATS_CREDS=str(gone), NATS_CA=str(other))
    assert (status, f"{gone} cannot be used: No such file" in complaint) == (1, True)
    server.close()


def test_a_stream_is_not_made_twice(url):
    status, _, complaint = run("create", "--replicas", 1, "--subjects", "other.>", url)
    assert status == 1
    assert "already in use" in complaint


def test_what_is_wrong_with_a_stream_that_somebody_else_made(server):
    url = f"nats://{server.host}/BAD/elsewhere.site"
    with client(url) as broker:
        broker.api("STREAM.CREATE.BAD", {"name": "BAD", "subjects": ["bad.>"], "max_age": 10**12})
    status, said, _ = run("check", url)
    assert status == 1
    assert 'discard is "old" and has to be "new"' in said
    assert "it does not take the subject elsewhere.site" in said


@pytest.mark.parametrize("sync", ["always", "2m"])
def test_brokers_are_asked_whether_they_write_before_they_acknowledge(tmp_path, sync):
    server = Server(tmp_path, "own", sync=sync)
    server.start()
    server.wait_until_ready()
    url = f"nats://{server.host}/OPLOG/oplog.site-a"
    assert run("create", "--replicas", 1, url)[0] == 0
    (tmp_path / "oplog.log").write_bytes(A)
    for action in (["check"], ["forward", "--once", tmp_path / "oplog.log"]):
        status, said, complaint = run(*action, url, NATS_MONITOR=server.monitor_url)
        assert status == (sync != "always")
        assert ("sync_interval: always" in said + complaint) == (sync != "always")
        assert "not verified" not in complaint
    server.close()


def test_a_monitoring_port_that_does_not_answer_is_no_proof(url):
    """One broker may be down, and forwarders go on all the same; it is said."""
    status, _, complaint = run("check", url, NATS_MONITOR="http://127.0.0.1:4")
    assert status == 0
    assert "durability of http://127.0.0.1:4 not verified" in complaint


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_ends_when_it_is_told_to(site, reader, number):
    site.write(A)
    process = start("forward", "--poll", "0.05", site.path, site.url)
    try:
        reader.read_until(1)
        process.send_signal(number)
        process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 0
    finally:
        process.kill()


def test_a_service_ends_while_no_broker_answers(tmp_path):
    process = start("forward", tmp_path / "oplog.log", "nats://127.0.0.1:4/S/a.b")
    try:
        assert "not verified" in process.stderr.readline()
        assert "Waiting: No broker of nats://127.0.0.1:4/S/a.b" in process.stderr.readline()
        process.terminate()
        process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 0
    finally:
        process.kill()


@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
def test_what_every_target_has_applied_is_removed_but_for_a_reserve(site, capsys):
    for number in range(10):
        site.write_and_forward(question(number))
    statuses = []
    for database, most in (("default", 10), ("postgres", 6)):
        log = StreamLog(site.url, access=NOBODY)
        Session(log, database=database, once=True).run()
        call_command("ingest_status", site.url, "--json", "--database", database)
        status = json.loads(capsys.readouterr().out)
        assert status["position"] == 10
        statuses.append(site.path.with_name(f"{database}.json"))
        statuses[-1].write_text(json.dumps(status | {"position": most}))
    files = [word for path in statuses for word in ("--status", path)]
    status, said, _ = run("trim", "--reserve", 2, *files, site.url)
    assert (status, said) == (0, "4 messages removed; applied up to message 6\n")
    assert run("trim", *files, site.url)[1].startswith("0 messages")
    assert run("trim", "--reserve", 0, *files, site.url)[1].startswith("1 messages")
    with client(site.url) as broker:
        assert broker.stream()["state"]["first_seq"] == 6, "where the forwarder stands is kept"
    assert run("trim", "--reserve", 2, "--status", "-", site.url, content="[]")[0] == 1
    status, _, complaint = run("trim", "--status", "-", site.url, content="[]")
    assert (status, "has never read" in complaint) == (1, True)
    status, _, complaint = run("trim", "--status", "-", site.url, content="oops")
    assert (status, "ingest_status --json" in complaint) == (1, True)


def test_lines_by_the_thousand(site, reader):
    content = questions(range(20_000))
    site.write(content)
    assert run("forward", "--once", site.path, site.url)[0] == 0
    assert b"".join(lines_of(reader.read())) == content
