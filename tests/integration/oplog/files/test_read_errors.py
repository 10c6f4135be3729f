"""Reads that fail or come short: nothing is lost, nothing is taken twice, nothing is said falsely.

Failures are put between the reader and the system, one in so many calls, at random but the same in
every run. The writer and its files are real.
"""

import errno
import itertools
import logging
import logging.handlers
import os
import random

import pytest

from tests.support.engine import ingest
from tests.support.lines import question
from tests.support.rotation import Reader
from tui_ingest.demo.polls.models import Question
from tui_ingest.models import DeadLetter, LogEvent
from tui_ingest.oplog.log import LogUnavailableError

FAILURES = {
    "EIO": errno.EIO,
    "EINTR": errno.EINTR,
    "ESTALE": errno.ESTALE,
    "EMFILE": errno.EMFILE,
    "EACCES": errno.EACCES,
    "short": None,
}
CALLS = ("open", "fstat", "stat", "pread", "scandir")


class Faults:
    """Lets one in so many calls of the system fail while it is switched on."""

    def __init__(self, monkeypatch, failure, one_in, seed):
        self._failure = FAILURES[failure]
        self._one_in = one_in
        self._chance = random.Random(seed)
        self.happened = 0
        self.on = False
        for name in ["pread"] if self._failure is None else CALLS:
            monkeypatch.setattr(os, name, self._faulty(getattr(os, name), name))

    def _faulty(self, call, name):
        def faulty(*arguments, **options):
            if not self.on or self._chance.randrange(self._one_in):
                return call(*arguments, **options)
            self.happened += 1
            if self._failure is not None:
                raise OSError(self._failure, os.strerror(self._failure))
            found = call(*arguments, **options)
            return found[: self._chance.randint(1, len(found))] if found else found

        assert name in CALLS
        return faulty

    def patiently(self, action):
        """Do what may fail as often as it takes, as a session does; the trouble ends some time."""
        for _ in range(20):
            self.on = True
            try:
                return action()
            except LogUnavailableError:
                continue
            finally:
                self.on = False
        return action()


@pytest.fixture
def write(tmp_path):
    """Writes records, with a rollover every 25 or so."""
    handler = logging.handlers.RotatingFileHandler(
        tmp_path / "oplog.log", maxBytes=4_000, backupCount=30, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    numbers = itertools.count(1)

    def write(records):
        lines = [question(next(numbers)) for _ in range(records)]
        for line in lines:
            handler.emit(logging.makeLogRecord({"msg": line.decode().rstrip("\n")}))
        return lines

    yield write
    handler.close()


@pytest.mark.parametrize("one_in", [5, 20, 200])
@pytest.mark.parametrize("failure", FAILURES)
def test_every_record_once_whatever_read_fails(tmp_path, monkeypatch, write, failure, one_in):
    faults = Faults(monkeypatch, failure, one_in, seed=one_in)
    chance = random.Random(1)
    reader = Reader(tmp_path / "oplog.log", poll_seconds=60)
    written = []
    for _ in range(60):
        written += write(chance.randint(0, 12))
        for _ in range(chance.randint(0, 3)):
            faults.patiently(lambda: reader.take(chance.choice([1, 5, 100])))
        faults.patiently(reader.log.backlog)
        if not chance.randrange(10):
            reader.restart()
    while faults.patiently(reader.take):
        pass
    reader.close()

    assert faults.happened > 0
    assert [entry.raw + b"\n" for entry in reader.entries] == written
    assert set(reader.kinds()) <= {"rotated"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(8))
def test_a_session_applies_what_it_had_taken_when_a_read_failed(tmp_path, monkeypatch, write, seed):
    monkeypatch.setattr("tui_ingest.ingest.session.retrier.Backoff.FIRST", 0.0)
    faults = Faults(monkeypatch, "EIO", 80, seed)
    for _ in range(4):
        write(40)
        faults.on = True
        result, _ = ingest(tmp_path / "oplog.log")
        faults.on = False
        assert result.error == ""

    assert faults.happened > 0
    assert Question.objects.count() == 160
    assert not DeadLetter.objects.exists()
    assert not LogEvent.objects.filter(kind__in=["gap", "truncated"]).exists()
