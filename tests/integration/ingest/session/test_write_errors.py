"""Writes of the database that fail: what is in it afterwards is what was committed, and all of it.

A limit on the size of files is put on the running process and lifted again: the system refuses to
write beyond it, to the database as to its journal.
"""

import random
import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from tests.support.engine import DEADLINE_SECONDS, eventually
from tests.support.lines import questions
from tests.support.site import SETTINGS, Site, clean, watched

OPTIONS = """
DATABASES["default"]["OPTIONS"] = {{"init_command": "PRAGMA journal_mode={journal};"}}
"""
RECORDS = 50  # a round
SMALLEST_COMMIT = 8_192  # bytes that any journal of one takes


class Headless:
    """A headless run that follows a log, and what it says: through a pipe, which has no limit."""

    def __init__(self, site, log):
        command = [sys.executable, "-m", "tui_ingest", log, "--headless"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=site.folder, env=clean(), stdout=pipe, stderr=subprocess.STDOUT, text=True
        )
        self.lines = []
        self._reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout))
        self._reader.start()

    def limit(self, size):
        """Refuse it to write beyond this many bytes of any file."""
        limits = (size, resource.RLIM_INFINITY)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, limits)

    def troubles(self):
        return sum("WAITING: database: " in line for line in self.lines)

    def ended(self):
        self.process.terminate()
        status = self.process.wait(timeout=DEADLINE_SECONDS)
        self._reader.join()
        return status


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_writes_that_fail_lose_nothing(tmp_path, journal):
    site = Site(tmp_path, SETTINGS + OPTIONS.format(journal=journal))
    site.migrate()
    log = tmp_path / "oplog.log"
    log.touch()
    chance = random.Random(journal)

    def query(sql):
        with closing(sqlite3.connect(tmp_path / "site.sqlite3", timeout=60)) as database:
            return database.execute(sql).fetchone()

    def is_applied(records):
        return query("SELECT count(*) FROM polls_question") == (records,)

    headless = Headless(site, log)
    with watched(headless.process):
        for number in range(5):
            before = headless.troubles()
            headless.limit(chance.randrange(1, SMALLEST_COMMIT))
            with log.open("ab") as more:
                more.write(questions(range(number * RECORDS + 1, (number + 1) * RECORDS + 1)))
            eventually(lambda before=before: headless.troubles() > before, what="a write fails")
            headless.limit(resource.RLIM_INFINITY)
            all_of_them = (number + 1) * RECORDS
            eventually(lambda records=all_of_them: is_applied(records), what="it goes on")
        assert headless.ended() == 0, headless.lines

    assert query("SELECT saved, failed FROM tui_ingest_modeltotal") == (5 * RECORDS, 0)
    assert query("SELECT last_processed_position FROM tui_ingest_processedfile") == (
        log.stat().st_size,
    )
    assert query("SELECT count(*) FROM tui_ingest_deadletter") == (0,)
    assert query("PRAGMA integrity_check") == ("ok",)
