"""Turns at writing a database that takes one writer at a time: SQLite.

SQLite itself lets waiting writers try again and again, and whoever has just written has the best
chance: a session with a backlog would keep the others from writing at all, in the same process as
in another one.

The sessions of a process are served in the order in which they come; what is short goes first.
Between processes a file
beside the database is locked, `NAME-turns`. Two of its bytes are: who has WRITING writes, who has
NEXT is the next to write. Whoever has just written finds NEXT taken, so it cannot come before the
one that waits. Locks end with their process. Turns are good manners and no more: the database's own
lock decides, and where the file cannot be had, or nobody moves on, it goes without.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

SLICE_SECONDS = 0.25  # for the sessions of a process, before it is another process's turn
PATIENCE_SECONDS = 5.0  # with other processes; one that is frozen never moves on
PAUSE_SECONDS = 0.002  # between two tries; a wait in the kernel would hear no deadline
NEXT, WRITING = 0, 1  # bytes of the file


class _Turns:
    """A lock that is given in the order in which it was asked for; its owner may ask again."""

    def __init__(self, processes: _Processes) -> None:
        self._guard = threading.Lock()
        self._owner: int | None = None  # a thread
        self._waiting: deque[tuple[int, threading.Event]] = deque()
        self._short: deque[tuple[int, threading.Event]] = deque()  # before those
        self._processes = processes
        self._until: float | None = None  # monotonic seconds: end of this process's slice, if any

    @contextlib.contextmanager
    def turn(self, *, short: bool) -> Iterator[None]:
        me, mine = threading.get_ident(), threading.Event()
        with self._guard:
            has_it = self._owner == me
            if self._owner is None:
                self._owner = me
                mine.set()
            elif not has_it:
                (self._short if short else self._waiting).append((me, mine))
        if has_it:
            yield
            return
        mine.wait()
        try:
            if self._until is None:
                self._processes.enter()
                self._until = time.monotonic() + SLICE_SECONDS
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        with self._guard:
            queue = self._short or self._waiting
            if not queue or self._until is None or time.monotonic() > self._until:
                self._processes.leave()
                self._until = None
            self._owner = None
            if queue:
                self._owner, next_one = queue.popleft()
                next_one.set()


class _Processes:
    """The turns of this process among those that write the same database."""

    def __init__(self, path: str | None) -> None:
        self._path = path  # None: no other process can write that database
        self._file: int | None = None

    def enter(self) -> None:
        """Wait for the processes that came before."""
        if self._file is None and not self._open():
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        if self._lock(NEXT, deadline):
            self._lock(WRITING, deadline)
            self._unlock(NEXT)

    def leave(self) -> None:
        """Let the next one write."""
        if self._file is not None:
            self._unlock(WRITING)

    def _open(self) -> bool:
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        return self._file is not None

    def _lock(self, byte: int, deadline: float) -> bool:
        assert self._file is not None  # noqa: S101  # opened before
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(PAUSE_SECONDS)
            except OSError:  # no locks on this file system
                return False
            else:
                return True

    def _unlock(self, byte: int) -> None:
        assert self._file is not None  # noqa: S101  # opened before
        with contextlib.suppress(OSError):
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)


_turns: dict[str, _Turns] = {}  # by database, of this process
_turns_guard = threading.Lock()


@contextlib.contextmanager
def write_turn(connection: BaseDatabaseWrapper, *, short: bool = False) -> Iterator[None]:
    """Wait for the other sessions that write the same SQLite database, here and elsewhere.

    Args:
        short: a few rows that nobody should wait for (a sign of life, an order): before batches.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with _turns_of(connection).turn(short=short):
        yield


def _turns_of(connection: BaseDatabaseWrapper) -> _Turns:
    name = os.path.realpath(connection.settings_dict["NAME"])
    with _turns_guard:
        if name not in _turns:
            is_file = os.path.isfile(name)  # noqa: PTH113  # an address, or memory, is none
            _turns[name] = _Turns(_Processes(f"{name}-turns" if is_file else None))
        return _turns[name]
