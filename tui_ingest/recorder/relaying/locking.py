"""One relay for a log and for a database; another one stands by."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from pathlib import Path

from django.db import Error, connections

LOCK_SECONDS = 5  # for which a statement of the relay waits for a lock of somebody else


class RelayLock:
    """The right to take a database's changes and to write them to a log."""

    def __init__(self, database: str, log: Path | str) -> None:
        self._database = database
        self._path = _path_for(log)
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take it if nobody has it; tell whether it is held.

        Raises:
            OSError: the log's folder cannot be written.
            DatabaseError: the database cannot be asked.
        """
        return self._lock_file() and self._lock_database()

    def release(self) -> None:
        """Let another one have it."""
        with contextlib.suppress(Error):  # of a broken connection: the lock went with it
            self._unlock_database()
        connections[self._database].close()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _unlock_database(self) -> None:
        """Not left to the end of the connection: a server notices that later, a pool never."""
        connection = connections[self._database]
        if connection.connection is None:
            return
        with connection.cursor() as cursor:
            match connection.vendor:
                case "postgresql":
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [self._number()])
                case "mysql":
                    cursor.execute("SELECT RELEASE_LOCK(%s)", [self._digest()[:40]])

    def is_held_in_database(self) -> bool:
        """Tell whether another one holds the database; the connection ends if none does.

        Raises:
            DatabaseError: the database cannot be asked.
        """
        held = not self._lock_database()
        if not held:
            self.release()
        return held

    def _lock_file(self) -> bool:
        if self._descriptor is not None:
            return True
        descriptor = _open(self._path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def _lock_database(self) -> bool:
        """Hold off relays of other machines for as long as the connection lives.

        SQLite needs none: its file is on one machine, and so is the log. With the lock comes the
        longest time that a statement may wait for somebody else's: after that it fails, and what
        it waited for can be told.
        """
        connection = connections[self._database]
        with connection.cursor() as cursor:
            match connection.vendor:
                case "postgresql":
                    number = self._number()
                    # Taken again by the session that has it, it would count twice.
                    cursor.execute(
                        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
                        " AND pid = pg_backend_pid() AND granted"
                        " AND ((classid::bigint << 32) | objid::bigint) = %s)"
                        " OR pg_try_advisory_lock(%s), set_config('lock_timeout', %s, false)",
                        [number, number, f"{LOCK_SECONDS}s"],
                    )
                case "mysql":
                    cursor.execute(
                        f"SET SESSION lock_wait_timeout = {LOCK_SECONDS},"
                        f" innodb_lock_wait_timeout = {LOCK_SECONDS}"
                    )
                    cursor.execute("SELECT GET_LOCK(%s, 0) = 1", [self._digest()[:40]])
                case _:
                    return True
            return bool(cursor.fetchone()[0])

    def _number(self) -> int:
        return int.from_bytes(bytes.fromhex(self._digest())[:8], "big", signed=True)

    def _digest(self) -> str:
        name = f"tui_ingest_recorder {connections[self._database].settings_dict['NAME']}"
        return hashlib.sha256(name.encode()).hexdigest()


def _path_for(log: Path | str) -> Path:
    """Return a file to lock; hidden, so that nobody takes it for one of the log."""
    if isinstance(log, Path):
        return log.with_name(f".{log.name}.lock")
    # Of this machine only. The brokers themselves refuse a second writer, wherever it runs.
    name = hashlib.sha256(log.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f".tui-ingest-{name}.lock")


def _open(path: Path) -> int:
    """Open a file to lock; it is empty, and everybody may look whether it is locked.

    Raises:
        OSError: it cannot be opened, with what to do about it.
    """
    folder = path.parent
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"The folder {folder} does not exist. Make it, or change LOG in TUI_INGEST_RECORDER."
        ) from error
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be written. Let the user of the relay write in {folder}, and remove"
            " that file if another user has made it."
        ) from error


def is_taken(database: str, log: Path | str) -> bool:
    """Tell whether a relay is at work, here or elsewhere.

    Nothing is made for that: whoever looks may be another user, on a machine without the log. What
    is not to be seen from here, the database says, unless it is SQLite.
    """
    lock = RelayLock(database, log)
    return _is_locked(_path_for(log)) or lock.is_held_in_database()


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
