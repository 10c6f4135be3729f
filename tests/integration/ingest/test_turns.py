"""Turns at writing one SQLite database: in order within a process, fair between processes."""

import contextlib
import itertools
import os
import signal
import threading
from collections import Counter
from types import SimpleNamespace

import pytest
from django.db import connection

from tests.support.engine import DEADLINE_SECONDS, eventually, ingest
from tests.support.lines import questions
from tests.support.processes import started
from tests.support.site import Site
from tui_ingest.ingest.events import BatchApplied
from tui_ingest.ingest.session import applier
from tui_ingest.ingest.turns import write_turn

# Threads that always have something more to write, each turn a letter in a file; beside several
# of them one that has little, in capitals.
WRITER = """
import sys, threading, time
from pathlib import Path
import django; django.setup()
from django.db import connection
from tui_ingest.ingest.turns import write_turn

name, threads, go = sys.argv[1], int(sys.argv[2]), Path("go")
print("ready", flush=True)
while not go.exists():
    time.sleep(0.001)

def write(letter, short):
    while not Path("stop").exists():
        with write_turn(connection, short=short), write_turn(connection):
            with open("turns", "a") as turns:
                turns.write(letter)
            time.sleep(0.002)

for _ in range(threads):
    threading.Thread(target=write, args=(name, False)).start()
if threads > 1:
    threading.Thread(target=write, args=(name.upper(), True)).start()
"""


def turns(site):
    with contextlib.suppress(FileNotFoundError):
        return (site.folder / "turns").read_text()
    return ""


@contextlib.contextmanager
def writers(site, **threads):
    """Processes by a letter, with a number of threads each; they begin together."""
    (site.folder / "site.sqlite3").touch()
    with contextlib.ExitStack() as stack:
        outputs = {name: site.folder / f"output-{name}" for name in threads}
        processes = [
            stack.enter_context(started(site, outputs[name], "-c", WRITER, name, number))
            for name, number in threads.items()
        ]
        for output in outputs.values():
            eventually(lambda output=output: "ready" in output.read_text(), what="it is there")
        (site.folder / "go").touch()
        yield processes
        (site.folder / "stop").touch()


def test_a_busy_process_does_not_keep_others_from_writing(tmp_path):
    site = Site(tmp_path)
    with writers(site, a=1, b=1, c=1) as processes:
        eventually(lambda: {*turns(site)} == {*"abc"}, what="all of them write")
        begun = len(turns(site))
        eventually(lambda: len(turns(site)) > begun + 300, what="they write on")
        written = turns(site)[begun:]
        (site.folder / "stop").touch()
        assert [process.wait(timeout=DEADLINE_SECONDS) for process in processes] == [0, 0, 0]
    numbers = Counter(written)
    assert min(numbers.values()) > max(numbers.values()) / 3
    changes = sum(one != next_one for one, next_one in itertools.pairwise(written))
    assert changes > len(written) / 2, "whoever has just written had the best chance"
    assert {(site.folder / f"output-{name}").read_text() for name in "abc"} == {"ready\n"}


def test_a_process_with_many_sessions_lets_another_one_write(tmp_path):
    site = Site(tmp_path)
    with writers(site, a=8, b=1):
        eventually(lambda: turns(site).count("b") > 5, what="the other one writes, too")


def test_what_is_short_goes_first(tmp_path):
    site = Site(tmp_path)
    with writers(site, a=8):
        eventually(lambda: len(turns(site)) > 200, what="they write")
        written = turns(site)
    assert written.count("A") > len(written) / 4, "one of nine, if it had to queue"


def test_nobody_waits_for_ever_for_one_that_is_killed_or_frozen(tmp_path):
    site = Site(tmp_path)
    with writers(site, a=1, b=1, c=1) as (one, other, _):
        eventually(lambda: {*turns(site)} == {*"abc"}, what="they write")
        one.kill()
        one.wait()
        other.send_signal(signal.SIGSTOP)
        flags = os.WSTOPPED | os.WNOWAIT
        eventually(lambda: os.waitid(os.P_PID, other.pid, flags), what="it is frozen")
        before = turns(site).count("c")
        eventually(lambda: turns(site).count("c") > before, what="the third one goes on")


@pytest.mark.django_db(transaction=True)
def test_batches_do_not_become_small_because_others_have_their_turns(tmp_path, monkeypatch):
    """By a clock on which time passes in the turns of others alone: much more than a batch has."""
    log, over = tmp_path / "oplog.log", threading.Event()
    log.write_bytes(questions(range(1, 3001)))
    clock = [0.0]
    monkeypatch.setattr(applier, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(applier, "BATCH_SECONDS", 1e6)

    def write_something_else():
        while not over.is_set():
            with write_turn(connection):
                over.wait(0.01)
                clock[0] += 1e9

    other = threading.Thread(target=write_something_else)
    other.start()
    try:
        _, events = ingest(log)
    finally:
        over.set()
        other.join()
    sizes = [len(event.entries) for event in events if isinstance(event, BatchApplied)]
    assert max(sizes) > 500, sizes
