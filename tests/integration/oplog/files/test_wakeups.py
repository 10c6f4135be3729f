"""Waiting for a log: what ends a wait, and what does not."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc

import pytest

from tests.support.lines import question
from tests.support.patience import DEADLINE_SECONDS
from tests.support.rotation import Reader, RotatedLog, lines_of
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.files.watching import Watcher

A, B, C, D = (question(number) for number in range(4))
LONG = 60  # seconds: longer than any of these tests may take


@pytest.fixture
def files(tmp_path):
    (tmp_path / "logs").mkdir()
    return RotatedLog(tmp_path / "logs")


@pytest.fixture
def open_reader(files):
    readers = []

    def open_(path=None, **options):
        readers.append(Reader(path or files.path, **options))
        return readers[-1]

    yield open_
    for reader in readers:
        reader.close()


@pytest.fixture(params=[None, 0.02], ids=["events", "polling"])
def reader(request, open_reader):
    return open_reader(poll_seconds=request.param)


def read_until(reader, lines, *, at_once=False):
    """Wait and read as a session does, until the last lines read are these."""
    for _ in range(1000):
        reader.read()
        if lines_of(reader.entries)[-len(lines) :] == lines:
            return
        began = time.monotonic()
        reader.log.wait(LONG)
        assert time.monotonic() - began < LONG, "nothing ended the wait"
    pytest.fail("The waits end, but the lines do not come.")


def settle(reader):
    """Read and wait until nothing ends a wait any more."""
    for _ in range(100):
        reader.read()
        began = time.monotonic()
        reader.log.wait(0.3)
        if time.monotonic() - began >= 0.3:
            return
    pytest.fail("Something wakes the reader all the time.")


def write_late(files, line):
    with files.rank(1).open("ab") as late_writer:
        late_writer.write(line)


def later(action):
    """Do something while the test waits."""
    thread = threading.Timer(0.05, action)
    thread.start()
    return thread


def test_an_appended_record_ends_the_wait(files, reader):
    files.write(A)
    settle(reader)
    appending = later(lambda: files.write(B))
    read_until(reader, [A, B])
    appending.join()


def test_a_record_appended_before_the_wait_ends_it(files, reader):
    files.write(A)
    settle(reader)
    files.write(B)
    reader.log.wait(LONG)
    assert lines_of(reader.read()) == [B]


@pytest.mark.parametrize(
    "happening",
    [
        lambda files: files.rotate(B),
        lambda files: files.rsync(A + B),
        lambda files: (os.truncate(files.path, 0), files.write(B)),
        lambda files: (files.path.unlink(), files.write(B)),
    ],
    ids=["rotate", "rsync", "truncate", "recreate"],
)
def test_what_becomes_of_the_file_ends_the_wait(files, reader, happening):
    files.write(A)
    settle(reader)
    thread = later(lambda: happening(files))
    read_until(reader, [A, B])
    thread.join()


def test_a_late_record_ends_the_wait(files, open_reader):
    files.write(A)
    files.rotate(B)
    reader = open_reader()
    settle(reader)
    thread = later(lambda: write_late(files, C))
    read_until(reader, [A, B, C])
    thread.join()


def test_a_log_and_its_folder_that_come_later(open_reader, tmp_path, reader):
    reader = open_reader(tmp_path / "later" / "oplog.log", **reader.options)
    settle(reader)

    def appear():
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "oplog.log").write_bytes(A)

    thread = later(appear)
    read_until(reader, [A])
    thread.join()


def test_a_folder_that_is_removed_and_made_anew(files, reader):
    files.write(A)
    settle(reader)
    for line in (B, C, D):
        shutil.rmtree(files.path.parent)
        files.path.parent.mkdir()
        files.write(line)
        read_until(reader, [line])
    files.write(A)
    read_until(reader, [D, A])


def test_a_folder_that_is_made_anew_is_watched_although_it_has_the_same_inode(files, open_reader):
    reader = open_reader()
    settle(reader)
    files.path.parent.rmdir()
    files.path.parent.mkdir()
    files.write(A)
    files.rotate(B)
    settle(reader)
    thread = later(lambda: write_late(files, C))  # of a rotated file only events tell
    read_until(reader, [A, B, C])
    thread.join()


def test_a_folder_that_is_moved_away_and_back(files, reader):
    files.write(A)
    settle(reader)
    away = files.path.parent.with_name("away")
    files.path.parent.rename(away)
    reader.read()
    reader.log.wait(0.01)
    away.rename(files.path.parent)
    files.write(B)
    read_until(reader, [A, B])


def test_a_link_that_is_pointed_to_another_folder(open_reader, reader, tmp_path):
    for name, line in (("one", A), ("two", B)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "real.log").write_bytes(line)
    link = tmp_path / "oplog.log"
    link.symlink_to("one/real.log")
    reader = open_reader(link, **reader.options)
    settle(reader)
    link.unlink()
    link.symlink_to("two/real.log")
    read_until(reader, [A, B])
    settle(reader)
    with (tmp_path / "two" / "real.log").open("ab") as file:
        file.write(C)
    read_until(reader, [A, B, C])


# What does not end a wait


def test_reading_does_not_wake_the_reader(files, open_reader):
    files.write(A)
    files.rotate(B)
    settle(open_reader())


def test_other_files_in_the_folder_do_not_wake_the_reader(files, open_reader):
    files.write(A)
    reader = open_reader()
    settle(reader)
    others = [files.path.with_name(name) for name in ("other.log", "db.sqlite3-wal", "oplog.log.x")]
    stop = threading.Event()

    def bustle():
        while not stop.wait(0.001):
            for other in others:
                other.write_bytes(B)
            (files.path.parent / "folder").mkdir()
            (files.path.parent / "folder").rmdir()

    thread = threading.Thread(target=bustle)
    thread.start()
    try:
        settle(reader)
        files.write(C)
        read_until(reader, [A, C])
    finally:
        stop.set()
        thread.join()


def test_a_wait_ends_with_its_time(files, reader):
    settle(reader)
    reader.log.wait(0.01)
    reader.log.wait(0)
    reader.log.wait(-1)


# Waking


def test_another_thread_ends_the_wait(reader):
    settle(reader)
    thread = later(reader.log.wake)
    began = time.monotonic()
    reader.log.wait(LONG)
    assert time.monotonic() - began < LONG
    thread.join()


def test_waking_before_the_wait_ends_it(reader):
    settle(reader)
    reader.log.wake()
    reader.log.wake()
    began = time.monotonic()
    reader.log.wait(LONG)
    assert time.monotonic() - began < LONG


def test_a_signal_handler_ends_the_wait(files):
    script = """
import signal, sys
from tui_ingest.oplog.files.reading import FileLog
log = FileLog(sys.argv[1])
woken = []
def handle(*_):
    woken.append(1)
    log.wake()
signal.signal(signal.SIGTERM, handle)
print("ready", flush=True)
while not woken:
    log.wait(60)
log.close()
print("woken")
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, files.path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=DEADLINE_SECONDS)[0] == "woken\n"


def test_events_that_nobody_waits_for_take_no_memory(files):
    watcher = Watcher(files.path)
    tracemalloc.start()
    for _ in range(100_000):
        watcher.wake()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 100_000
    watcher.wait(LONG)
    began = time.monotonic()
    watcher.wait(0.2)
    watcher.wait(0.2)
    assert time.monotonic() - began >= 0.2  # and all of them were one
    watcher.close()


def test_closing_ends_the_threads(files):
    before = {*threading.enumerate()}
    logs = [FileLog(files.path) for _ in range(3)]
    assert {*threading.enumerate()} <= before  # nothing is watched as long as nobody waits
    for log in logs:
        log.wait(0.01)
    assert {*threading.enumerate()} - before
    for log in logs:
        log.close()
    assert {*threading.enumerate()} <= before


def test_where_no_more_watches_are_to_be_had_the_log_is_looked_at(files, open_reader, monkeypatch):
    def none_left():
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr("tui_ingest.oplog.files.watching.Observer", none_left)
    files.write(A)
    reader = open_reader()
    read_until(reader, [A])
    reader.log.wait(0.01)
    files.write(B)
    reader.log.wait(LONG)
    read_until(reader, [B])
