"""Turns at writing a database that takes one writer at a time."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper


class _Turns:
    """A lock that is given in the order in which it was asked for; its owner may ask again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._owner: int | None = None  # a thread
        self._waiting: deque[tuple[int, threading.Event]] = deque()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        me, mine = threading.get_ident(), threading.Event()
        with self._guard:
            has_it = self._owner == me
            if self._owner is None:
                self._owner = me
                mine.set()
            elif not has_it:
                self._waiting.append((me, mine))
        if has_it:
            yield
            return
        mine.wait()
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        with self._guard:
            self._owner = None
            if self._waiting:
                self._owner, next_one = self._waiting.popleft()
                next_one.set()


_turns: dict[str, _Turns] = {}  # by database, of this process


@contextlib.contextmanager
def write_turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait for the other sessions of this process that write the same SQLite database.

    SQLite itself lets waiting writers try again and again, and whoever has just written has the
    best chance: a session with a backlog would keep the others from writing at all.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with _turns.setdefault(str(connection.settings_dict["NAME"]), _Turns()).turn():
        yield
