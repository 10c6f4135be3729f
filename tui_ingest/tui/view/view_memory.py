"""How somebody likes to look: theme, sort, filter, scope; kept in a file of each user's own.

The screen only reads and writes what is in memory here. The file is touched by threads that nobody
waits for: a home folder on a mount that hangs must not hold up the console.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

Facts = Mapping[str, str | bool]

READ_SECONDS = 0.5  # for the file to be read, before the console begins without it
SETTLE_SECONDS = 0.3  # in which more may change, before it is written
WRITE_SECONDS = 1.0  # for the last change to be written, when the console ends
MOST_BYTES = 64 * 1024  # of the file; a larger one is none of ours


class ViewMemory:
    """Facts by the name of what they are about. All methods may be called from any thread.

    Args:
        path: of the file; None remembers nothing beyond this object.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._facts: dict[str, Facts] = {}
        self._trouble = ""
        self._changed = threading.Event()
        self._ending = threading.Event()
        self._writer: threading.Thread | None = None

    def load(self, *, reset: bool = False) -> None:
        """Recall what the file says; whatever is wrong with it is said once, and no more.

        Args:
            reset: forget everything instead.
        """
        if self._path is None:
            return
        reader = threading.Thread(target=self._read, args=(self._path, reset), daemon=True)
        reader.start()
        reader.join(READ_SECONDS)
        if reader.is_alive():
            self._complain("cannot be read in time")

    def recall(self, name: str) -> Facts:
        """Return what is remembered of something; nothing if that is nothing."""
        with self._lock:
            return self._facts.get(name, {})

    def remember(self, name: str, facts: Facts) -> None:
        """Remember something, also for the next time."""
        with self._lock:
            if self._facts.get(name, {}) == facts:
                return
            self._facts = {**self._facts, name: dict(facts)}
            if self._path is None:
                return
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, args=(self._path,), daemon=True)
                self._writer.start()
        self._changed.set()

    def take_trouble(self) -> str:
        """Return what is wrong with the file, if that was not said; "" otherwise."""
        with self._lock:
            trouble, self._trouble = self._trouble, ""
        return trouble

    def close(self) -> None:
        """Write what has changed, if that can be done at once."""
        self._ending.set()
        self._changed.set()
        if self._writer is not None:
            self._writer.join(WRITE_SECONDS)

    # In threads of their own

    def _read(self, path: Path, reset: bool) -> None:
        try:
            if reset:
                path.unlink(missing_ok=True)
                return
            with path.open("rb") as file:
                found = _facts_of(file.read(MOST_BYTES + 1))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            self._complain(f"cannot be {'removed' if reset else 'read'} ({error})")
            return
        with self._lock:
            self._facts = {**found, **self._facts}

    def _write(self, path: Path) -> None:
        while True:
            self._changed.wait()
            self._ending.wait(SETTLE_SECONDS)
            self._changed.clear()
            with self._lock:
                facts = self._facts
            try:
                _replace(path, json.dumps(facts, indent=2))
            except OSError as error:
                self._complain(f"cannot be written ({error})")
                return
            if self._ending.is_set():
                return

    def _complain(self, what: str) -> None:
        with self._lock:
            self._trouble = (
                f"Your view is not remembered (--reset-view removes the file): {self._path} {what}."
            )


def _facts_of(content: bytes) -> dict[str, Facts]:
    """Return what a file says.

    Raises:
        ValueError: it is none of ours.
    """
    if len(content) > MOST_BYTES:
        raise ValueError("it is too large")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is damaged") from error
    are_facts = isinstance(found, dict) and all(
        isinstance(facts, dict) and all(isinstance(value, str | bool) for value in facts.values())
        for facts in found.values()
    )
    if not are_facts:
        raise ValueError("it is damaged")
    return {str(name): facts for name, facts in found.items()}


def _replace(path: Path, content: str) -> None:
    """Write a file so that a reader finds the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_text(content, encoding="utf-8")
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
