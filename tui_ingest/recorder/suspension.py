"""Not recording for a while: what an ingester writes was recorded where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_suspended = ContextVar("tui_ingest_recorder_suspended", default=False)


@contextmanager
def suspended() -> Iterator[None]:
    """Have this thread's (or task's) changes treated as raw: recorded only if RAW asks for it.

    Signals of deletions and of many-to-many changes do not say that they come from a replay.
    """
    token = _suspended.set(True)
    try:
        yield
    finally:
        _suspended.reset(token)


def is_suspended() -> bool:
    """Tell whether the running code is inside `suspended()`."""
    return _suspended.get()
