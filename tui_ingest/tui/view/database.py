"""The database, for screens: asked in short threads, never on the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, ParamSpec, TypeVar

from django.db import close_old_connections, connections

from tui_ingest.errors import TuiIngestError

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def own_connections() -> Iterator[None]:
    """Use the database in this thread, and give back its connections."""
    close_old_connections()
    try:
        yield
    finally:
        connections.close_all()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function that uses the database, and give back the connections of its thread."""

    def work() -> T:
        with own_connections():
            return function(*args, **kwargs)

    return await asyncio.to_thread(work)


class Lookup(Generic[T]):
    """Looks something up in a thread of its own, which can be stopped at any time.

    A subclass does the work in `look_up`, and says what it has found by `publish`.

    Args:
        nothing: what is known before anything was found.
    """

    def __init__(self, nothing: T) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._so_far = nothing

    def look_up(self) -> None:
        """Find it. In the thread, which may use the database."""
        raise NotImplementedError

    def failed(self, why: str) -> T:
        """Return what is known when nothing more can be found out, and why."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin. The thread is a daemon: a program that ends does not wait for a slow archive."""
        threading.Thread(target=self._run, name="look-up", daemon=True).start()

    def stop(self) -> None:
        """End the search; what was found stays."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the end of the search was ordered."""
        return self._stopped.is_set()

    @property
    def so_far(self) -> T:
        """What was found by now."""
        with self._lock:
            return self._so_far

    def publish(self, so_far: T) -> None:
        """Say what was found by now."""
        with self._lock:
            self._so_far = so_far

    def _run(self) -> None:
        with own_connections():
            try:
                self.look_up()
            except TuiIngestError as error:
                self.publish(self.failed(str(error)))
            except Exception as error:  # of the database: the screen says so, the session goes on
                why = f"It cannot be looked up now: {type(error).__name__}: {error}"
                self.publish(self.failed(why))
