"""Descriptors: reads that give all that is there, and enough of them for a log of many files.

A handler that keeps all its files, one an hour, has more of them after six weeks than a process may
open by default, and a service may be given few.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from typing import Protocol

_OTHERS = 256  # descriptors for the rest of the process
_FEWEST = 24  # for the files of one log: those that are kept, and some to look at the others


class Suspendable(Protocol):
    """What has a descriptor that it can do without for a while."""

    def suspend(self) -> None:
        """Close it. When it is needed next, the file is opened again."""


class DescriptorPool:
    """Keeps no more files of one log open than there is room for: the last ones that were used.

    The system's limit is raised as far as it allows. One thread uses a pool.
    """

    def __init__(self) -> None:
        self._limit = _FEWEST
        self._open: dict[Suspendable, None] = {}  # the least recently used first
        self._kept: set[Suspendable] = set()

    def make_room(self, files: int) -> None:
        """Have room for so many files twice: some are held while all are looked at again."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * files + _OTHERS
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        unlimited = soft == resource.RLIM_INFINITY
        self._limit = 2 * files if unlimited else max(_FEWEST, soft - _OTHERS)

    def keep(self, files: Iterable[Suspendable]) -> None:
        """Let no other than these stay open whatever happens."""
        self._kept = set(files)

    def add(self, file: Suspendable) -> None:
        """Take account of a file that was opened; others are closed for it."""
        self._open[file] = None
        while len(self._open) > self._limit and self.suspend_one(file):
            pass

    def use(self, file: Suspendable) -> None:
        """Take account of a file that is used."""
        if file in self._open:
            del self._open[file]
            self._open[file] = None

    def remove(self, file: Suspendable) -> None:
        """Take account of a file that was closed."""
        self._open.pop(file, None)

    def suspend_one(self, opened: Suspendable | None = None) -> bool:
        """Close the file that was not used for longest; tell whether there was one."""
        for file in self._open:
            if file not in self._kept and file is not opened:
                file.suspend()
                return True
        return False


def pread_all(descriptor: int, length: int, offset: int) -> bytes:
    """Return `length` bytes from an offset, or what there is up to the end of the file.

    A network mount or a signal may give fewer, and the next call the rest: taken for the end of
    the file, they would look like a truncation.
    """
    found = os.pread(descriptor, length, offset)
    while found and len(found) < length:
        more = os.pread(descriptor, length - len(found), offset + len(found))
        if not more:
            break
        found += more
    return found
