"""A mount that gives its files other numbers (inodes) again and again: they are read by content.

The numbers are changed between the reader and the system; the files and their rotation are real.
"""

import itertools
import os
import random

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of
from tui_ingest.oplog.log import LogUnavailableError

A, B, C, D, E, F = (question(number) for number in range(6))


class Status:
    """What the system says of a file, but for its number."""

    def __init__(self, status, number):
        self._status = status
        self.st_ino = number

    def __getattr__(self, name):
        return getattr(self._status, name)


class Mount:
    """Numbers that change with every call, or whenever it is told."""

    def __init__(self, monkeypatch, *, every_call):
        self._every_call = every_call
        self._numbers = itertools.count(1_000_000)
        self._known = {}
        for name in ("stat", "fstat"):
            monkeypatch.setattr(os, name, self._changed(getattr(os, name)))

    def look_again(self):
        self._known.clear()

    def _changed(self, call):
        def changed(*arguments, **options):
            status = call(*arguments, **options)
            if self._every_call:
                return Status(status, next(self._numbers))
            number = self._known.setdefault(status.st_ino, next(self._numbers))
            return Status(status, number)

        return changed


@pytest.fixture(params=["every call", "every look"])
def mount(request, monkeypatch):
    return Mount(monkeypatch, every_call=request.param == "every call")


def test_a_rotated_log_is_read_once_and_in_order(mount, files, reader, after_a_while):
    for line in (A, B, C):
        files.rotate(line)
    assert lines_of(reader.read()) == [A, B, C]
    mount.look_again()
    after_a_while()
    files.write(D)
    assert lines_of(reader.read()) == [D]
    mount.look_again()
    files.rotate(E[:-1] + F)
    files.compress(2)
    after_a_while()
    assert lines_of(reader.read()) == [E, F]
    assert not {"gap", "truncated", "late"} & {*reader.kinds()}


def test_whatever_is_done_to_the_log(mount, files, reader):
    chance = random.Random(7)
    numbers = itertools.count()
    written = []
    for _ in range(150):
        mount.look_again()
        match chance.randrange(8):
            case 0:
                files.rotate()
            case 1:
                files.rsync() if files.path.exists() else None
            case 2:
                rank = chance.randint(1, 3)
                if files.rank(rank).exists():
                    files.compress(rank)
            case 3:
                reader.restart()
            case 4 | 5:
                reader.take(chance.choice([1, 100]))
            case _:
                written.append(question(next(numbers)))
                files.write(written[-1])
    files.rotate(question(next(numbers)))
    reader.read()
    assert lines_of(reader.entries)[:-1] == written
    assert not {"gap", "truncated"} & {*reader.kinds()}


def test_the_same_content_without_a_rotation_is_no_reason_to_wait(mount, files, reader):
    """Where the look itself does not agree with itself, waiting would not help."""
    files.rotate(A)
    files.rotate(B)
    try:
        reader.take(1)
    except LogUnavailableError:
        pytest.fail("a log that does not change cannot be listed")
    for _ in range(3):
        mount.look_again()
        backlog = reader.log.backlog()
        assert (backlog.older_generations, backlog.remaining_bytes) == (1, len(B))
