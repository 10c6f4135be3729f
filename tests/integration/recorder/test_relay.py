"""The relay at work: alone, with a second one, with a log that is full or gone, told to stop."""

import json
import resource
import signal

import pytest

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.recorded import parsed, told
from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS, ShopSite


@pytest.fixture(scope="module")
def source(tmp_path_factory, databases):
    return ShopSite(tmp_path_factory.mktemp("source"), SOURCE_SETTINGS + databases.new())


def change(source, *names):
    source.execute(*(f"INSERT INTO shop_tag (name) VALUES ('{name}')" for name in names))


def names_in(log):
    return {fields["name"] for fields in log.last("shop.tag").values()}


def test_it_follows_and_stops(source):
    log = RelayLog(source, "follows")
    with log.relay() as relay:
        relay.says("running")
        change(source, "followed")
        eventually(lambda: "followed" in names_in(log), what="the change is in the log")
        assert relay.stop() == 0
    assert any("1 records written" in line for line in relay.told)
    assert relay.told[-1].endswith(" stopped\n")


WAIT = """
from tui_ingest.flag import Flag
from tui_ingest.recorder.relaying.waking import Waker
waker = Waker("default", Flag())
waker.wait(0)
print("waits", flush=True)
waker.wait(100_000)
print("woken", flush=True)
"""


def test_a_commit_wakes_it(source):
    with source.start("manage.py", "shell", "--no-imports", "-c", WAIT) as process:
        try:
            assert process.stdout.readline() == "waits\n"
            change(source, "wakes")
            eventually(lambda: process.poll() is not None, what="it is woken")
            assert process.stdout.read() == "woken\n"
        finally:
            process.kill()
    RelayLog(source, "woken").drain()


LET_GO = """
import os, signal, threading
from pathlib import Path
from django.db import connection
from tui_ingest.recorder.relaying.locking import RelayLock

one, other = (RelayLock("default", Path(name)) for name in ("one.log", "other.log"))
assert one.acquire()
if connection.vendor == "postgresql":  # its process is slow to see that a connection has ended
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [process] = cursor.fetchone()
    os.kill(process, signal.SIGSTOP)
    threading.Timer(0.5, os.kill, (process, signal.SIGCONT)).start()
one.release()
print(other.acquire())
"""


def test_what_it_lets_go_can_be_had_at_once(source):
    assert source.shell(LET_GO) == "True\n"


def test_a_second_one_stands_by_and_takes_over(source):
    log = RelayLog(source, "two")
    with log.relay() as first:
        first.says("running")
        with log.relay() as second:
            second.says("standing by")
            change(source, "by the first")
            eventually(lambda: "by the first" in names_in(log), what="the first one writes")
            eventually(lambda: log.status()["pending"] == 0, what="it has removed the entry")
            first.kill()
            change(source, "by the second")
            eventually(lambda: "by the second" in names_in(log), what="the second one writes")
            second.says("running")
    assert len(told(log.lines())) == len(set(told(log.lines()))), "written by both"


def test_once_waits_for_what_another_one_is_writing(source):
    log = RelayLog(source, "once")
    change(source, "drained")
    assert log.command("--once").returncode == 0
    assert "drained" in names_in(log)
    before = log.lines()
    assert log.command("--once").returncode == 0
    assert log.lines() == before


def test_a_log_is_rotated_by_size_and_old_files_go(source):
    log = RelayLog(source, "rotated", MAX_BYTES=1000, BACKUPS=3)
    for number in range(4):
        change(source, *(f"rotated {number} {n}" for n in range(10)))
        log.drain()
    files = log.files()
    assert [path.name for path in files] == [f"rotated.log{end}" for end in (".3", ".2", ".1", "")]
    assert all(0 < path.stat().st_size <= 1000 for path in files)
    times = [float(line.split()[0]) for line in log.lines()]
    assert times == sorted(set(times))
    assert "rotated 3 9" in names_in(log)


def test_a_log_without_backups_has_one_file(source):
    log = RelayLog(source, "single", MAX_BYTES=1000, BACKUPS=0)
    change(source, *(f"single {n}" for n in range(30)))
    log.drain()
    assert [path.name for path in log.files()] == ["single.log"]
    assert "single 29" in names_in(log)


def test_a_log_that_was_moved_is_begun_anew(source):
    log = RelayLog(source, "moved")
    with log.relay() as relay:
        relay.says("running")
        change(source, "before")
        eventually(lambda: "before" in names_in(log), what="the first change")
        log.path.rename(log.path.with_suffix(".elsewhere"))
        change(source, "after")
        eventually(lambda: names_in(log) == {"after"}, what="the second change, in a new file")


def test_a_torn_line_is_mended_before_the_next(source):
    log = RelayLog(source, "torn")
    change(source, "whole")
    log.drain()
    with log.path.open("ab") as file:
        file.write(log.lines()[0][:30])
    change(source, "next")
    log.drain()
    assert names_in(log) == {"whole", "next"}
    assert len(parsed(log.lines())) == 2


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
sys.argv.pop(0)
import runpy
runpy.run_path(sys.argv[0], run_name="__main__")
"""
FULL_BYTES = 2_000_000  # more than the database has


def test_a_full_disk_is_waited_for(source):
    """A file that may grow no more is refused in the middle of a line, as on a full disk."""
    log = RelayLog(source, "full", MAX_BYTES=0)
    filler = b'1.000000 SAVE [{"model": "shop.tag", "pk": 0, "fields": {"name": "filler"}}]\n'
    lines = (FULL_BYTES - 500) // len(filler)
    log.path.write_bytes(filler * lines)
    with log.relay("-c", LIMITED, FULL_BYTES) as relay:
        relay.says("running")
        change(source, *(f"full {n}" for n in range(20)))
        relay.says("waiting: log: [Errno 27] File too large")
        eventually(lambda: log.status()["state"] == "waiting", what="its status says so, too")
        status = log.status()
        assert status["pending"] > 0
        assert status["is_running"]
        assert "File too large" in status["reason"]
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, unlimited)
        eventually(lambda: log.path.read_bytes().endswith(b"\n"), what="whole lines again")
        eventually(lambda: log.status()["pending"] == 0, what="nothing is pending")
    records = log.lines()[lines:]
    assert [o["fields"]["name"] for _, [o] in parsed(records)] == [f"full {n}" for n in range(20)]
    assert log.status()["last_error"].startswith("log: [Errno 27]")


def moved(path):
    path.rename(path.with_suffix(".elsewhere"))


def emptied(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("make_room", [moved, emptied])
def test_a_line_is_written_whole_where_room_was_made_in_its_middle(source, make_room):
    log = RelayLog(source, f"room_{make_room.__name__}", MAX_BYTES=0)
    log.path.write_bytes(b"0" * (FULL_BYTES - 30) + b"\n")
    with log.relay("-c", LIMITED, FULL_BYTES) as relay:
        relay.says("running")
        change(source, make_room.__name__)
        relay.says("waiting: log: [Errno 27] File too large")
        assert log.path.stat().st_size == FULL_BYTES, "half a line"
        make_room(log.path)
        eventually(lambda: log.status()["pending"] == 0, what="nothing is pending")
    assert names_in(log) == {make_room.__name__}


FSYNCED = """
import os, runpy, signal, stat, sys
real = os.fsync
def fsync(descriptor):
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return real(descriptor)
    os.fsync = real
    {}
os.fsync = fsync
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"


def test_what_was_not_synced_when_the_power_went_is_still_pending(source):
    log = RelayLog(source, "cut", FSYNC=True)
    change(source, "cut")
    with log.relay("-c", FSYNCED.format(KILLED)) as relay:
        assert relay.process.wait(timeout=DEADLINE_SECONDS) == -signal.SIGKILL
    assert names_in(log) == {"cut"}, "it was written, and not synced"
    log.path.write_bytes(b"")
    log.drain()
    assert names_in(log) == {"cut"}


FORGOTTEN = """
    size = os.fstat(descriptor).st_size
    os.truncate(descriptor, 0)
    os.truncate(descriptor, size)
    raise OSError(5, "Input/output error")
"""


def test_what_the_system_could_not_sync_is_written_again(source):
    """It tells so once; afterwards it takes pages that never reached the disk for synced."""
    log = RelayLog(source, "unsynced", FSYNC=True)
    change(source, "unsynced", "too")
    with log.relay("-c", FSYNCED.format(FORGOTTEN)) as relay:
        relay.says("waiting: log: [Errno 5] Input/output error")
        eventually(lambda: log.status()["pending"] == 0, what="nothing is pending")
    assert told(log.lines()) == list(dict.fromkeys(told(log.lines())))
    assert names_in(log) == {"unsynced", "too"}


def test_a_log_that_cannot_be_written_is_waited_for(source):
    log = RelayLog(source, "nowhere", LOG=str(source.folder / "nowhere" / "nowhere.log"))
    log.path = source.folder / "nowhere" / "nowhere.log"
    change(source, "nowhere")
    once = log.command("--once")
    assert once.returncode == 1
    assert "does not exist. Make it" in once.stderr
    with log.relay() as relay:
        relay.says(f"waiting: log: The folder {log.path.parent} does not exist. Make it")
        log.path.parent.mkdir()
        eventually(lambda: names_in(log) == {"nowhere"}, what="the change is in the log")


def test_what_has_to_be_known_is_told(source):
    log = RelayLog(source, "told")
    change(source, "told")
    pending = log.status()
    assert (pending["pending"], pending["is_running"], pending["held"]) == (1, False, 0)
    assert pending["oldest_age"] >= 0
    assert pending["log"] == str(log.path)
    text = log.command("--status").stdout
    assert "no relay is running" in text
    assert "1 pending, the oldest" in text
    metrics = log.command("--metrics").stdout
    assert "# TYPE tui_ingest_recorder_pending gauge\ntui_ingest_recorder_pending 1\n" in metrics
    assert "tui_ingest_recorder_running 0\n" in metrics
    log.drain()
    done = log.status()
    assert (done["pending"], done["oldest_age"]) == (0, None)
    assert done["records"] == pending["records"] + 1
    assert "tui_ingest_recorder_pending 0\n" in log.command("--metrics").stdout
    assert json.dumps(done)
