"""Several processes, the same logs: each applies a fair share, whichever of them dies."""

import contextlib
import sqlite3
import threading
import uuid
from collections import Counter

import psycopg
import pytest

from tests.support import lines
from tests.support.databases import KINDS, Databases
from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import question, questions
from tests.support.processes import started
from tests.support.site import SETTINGS, Site

PORTION = 25  # records that a writer appends at once

HOLDERS = "SELECT owner_pid, file_path FROM tui_ingest_processedfile WHERE owner_pid IS NOT NULL"
GIVEN = "SELECT COUNT(*) FROM tui_ingest_order WHERE kind = 'share' AND status = 'done'"
ROWS = "SELECT id, question_text FROM polls_question"
COUNTED = "SELECT COALESCE(SUM(saved), 0), SUM(failed) FROM tui_ingest_modeltotal"


class Fleet:
    """A project, some logs, and what its database says of them."""

    def __init__(self, folder, kind, request, number_of_logs):
        self._database = Databases(kind, request).named()
        self.site = Site(folder, SETTINGS + self._database.settings)
        self.site.migrate()
        self.folder = folder
        self.pattern = folder / "sites" / "*" / "oplog.log"
        self.logs = [folder / "sites" / str(n) / "oplog.log" for n in range(number_of_logs)]
        for number, log in enumerate(self.logs):
            log.parent.mkdir(parents=True)
            log.write_bytes(question(number + 1))

    def query(self, sql):
        if self._database.kind == "sqlite":
            connection = sqlite3.connect(self.folder / "site.sqlite3", timeout=60)
        elif self._database.kind == "postgresql":
            connection = psycopg.connect(self._database.uri)
        else:
            connection = self._database.connect()
        with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            return [*cursor.fetchall()]

    def start(self, name, *options):
        arguments = ("-m", "tui_ingest", self.pattern, "--headless", *options)
        return started(self.site, self.folder / name, *arguments)

    def shares(self, *processes):
        """How many logs each of the processes has."""
        held = Counter(pid for pid, _ in self.query(HOLDERS))
        return [held[process.pid] for process in processes]

    def is_fair(self, *processes):
        shares = self.shares(*processes)
        return sum(shares) == len(self.logs) and max(shares) - min(shares) <= 1

    def wait_for_fair_shares(self, *processes):
        eventually(lambda: self.is_fair(*processes), what="fair shares")


@pytest.fixture
def number_of_logs():
    return 9


@pytest.fixture(params=KINDS)
def fleet(request, tmp_path, number_of_logs):
    return Fleet(tmp_path, request.param, request, number_of_logs)


@contextlib.contextmanager
def writers(logs, records):
    """One for each log at once, each with records of its own for one log; done in the end."""

    def write(number, log):
        first = 1_000_000 * (number + 1)
        with log.open("ab", buffering=0) as file:
            for start in range(first, first + records, PORTION):
                file.write(questions(range(start, start + PORTION)))
                pause.wait(0.01)

    pause = threading.Event()
    threads = [threading.Thread(target=write, args=pair) for pair in enumerate(logs)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


def expected(logs, records):
    first = [number + 1 for number in range(logs)]
    written = [1_000_000 * (number + 1) + n for number in range(logs) for n in range(records)]
    return {(lines.key(number), "What's new?") for number in (*first, *written)}


@pytest.mark.parametrize(
    ("number_of_logs", "records"),
    [(9, 100), pytest.param(20, 5_000, marks=pytest.mark.thorough)],
    ids=["quick", "long"],
)
def test_three_processes_share_many_logs_and_one_of_them_is_killed(fleet, number_of_logs, records):
    with (
        fleet.start("one") as one,
        fleet.start("other") as other,
        fleet.start("third") as third,
    ):
        fleet.wait_for_fair_shares(one, other, third)
        given = fleet.query(GIVEN)
        with writers(fleet.logs, records):
            eventually(
                lambda: fleet.query(COUNTED)[0][0] > number_of_logs * PORTION, what="all work"
            )
            assert fleet.is_fair(one, other, third)
            assert fleet.query(GIVEN) == given, "handed to and fro"
            third.kill()
            third.wait()
        total = number_of_logs * (records + 1)
        eventually(lambda: fleet.query(COUNTED)[0][0] >= total, what="everything is applied")
        fleet.wait_for_fair_shares(one, other)
        for process in one, other:
            process.terminate()
        assert [process.wait(timeout=DEADLINE_SECONDS) for process in (one, other)] == [0, 0]

    assert fleet.query(COUNTED) == [(total, 0)]
    found = {(str(uuid.UUID(str(key))), text) for key, text in fleet.query(ROWS)}
    assert found == expected(number_of_logs, records)


def test_several_processes_that_work_once_wait_for_each_other(fleet):
    with writers(fleet.logs, 100):
        pass
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(fleet.start(name, "--once")) for name in ("one", "other", "third")
        ]
        assert [process.wait(timeout=DEADLINE_SECONDS) for process in processes] == [0, 0, 0]
    assert fleet.query(COUNTED) == [(len(fleet.logs) * 101, 0)]
