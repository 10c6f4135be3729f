"""A connection that gives up on locks and dead peers, and that an order to stop interrupts.

Left alone, PostgreSQL waits for a lock for ever: also for one that is held by this ingester's own
earlier transaction, whose connection a proxy or router has forgotten and the server still believes
in. So the session limits what nobody else has limited, on both ends of its own connection.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tui_ingest.databases.waits import LIMIT_MYSQL, LOCK_SECONDS

SQLITE_BUSY_MILLISECONDS = 800  # SQLite's wait for a lock hears nothing, not even an interrupt
IDLE_SECONDS = 20  # in a transaction: as its lease, so that who takes over can write then
CANCEL_SECONDS = 1.0  # for a server to take note of an order to cancel
LOOK_SECONDS = 0.2  # between two looks whether to stop
GRACE_SECONDS = 0.75  # for a running statement: a batch that is about to end may end

# What the client's end does about a server that does not answer (libpq's names).
_POSTGRESQL_OPTIONS: dict[str, int] = {
    "connect_timeout": 10,  # seconds, as the next two
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,  # milliseconds
}
# What the server's end does about this client, where its administrator has chosen nothing. The
# names are looked up: an older server lacks some.
_POSTGRESQL_SETTINGS = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60000",
    "client_connection_check_interval": "10s",
}
_POSTGRESQL_LIMIT = """
SELECT set_config(known.name, ours.value, false)
FROM pg_settings AS known JOIN json_each_text(%s::json) AS ours (name, value) USING (name)
WHERE known.source = 'default'
"""
_LIMIT_IDLE_MARIADB = (
    "SET SESSION idle_transaction_timeout ="
    f" IF(@@idle_transaction_timeout = 0, {IDLE_SECONDS}, @@idle_transaction_timeout)"
)
# The transaction that has changed a row last without having ended yet is the one that holds it.
_POSTGRESQL_HOLDER = """
SELECT activity.pid, activity.usename, activity.application_name,
       coalesce(host(activity.client_addr), 'this host'), activity.state,
       date_trunc('second', clock_timestamp() - activity.xact_start)
FROM tui_ingest_processedfile AS file
JOIN pg_locks AS held ON held.transactionid = file.xmax AND held.granted
JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE file.file_path = %s AND activity.pid <> pg_backend_pid()
"""


class GuardedConnection:
    """A thread's connection to a database, guarded while the context lasts.

    It is the thread's own: the connections of other threads are as the project has set them up.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._running_since: float | None = None  # monotonic seconds; None between statements

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Limit the waits of this connection, now and whenever it is opened again."""
        connection = self._connection
        before = connection.settings_dict
        if connection.vendor == "postgresql":
            options = _POSTGRESQL_OPTIONS | before.get("OPTIONS", {})
            connection.settings_dict = {**before, "OPTIONS": options}
        connection_created.connect(self._limit, sender=type(connection))
        try:
            if connection.connection is not None:
                _limit_waits(connection)
            with connection.execute_wrapper(self._watched):
                yield
        finally:
            connection_created.disconnect(self._limit, sender=type(connection))
            connection.settings_dict = before

    def _limit(self, *, connection: BaseDatabaseWrapper, **_: object) -> None:
        if connection is self._connection:
            _limit_waits(connection)

    def _watched(self, execute: Callable[..., Any], *call: Any) -> Any:
        self._running_since = time.monotonic()
        try:
            return execute(*call)
        finally:
            self._running_since = None

    def interrupted(self, is_stopping: Callable[[], bool]) -> AbstractContextManager[None]:
        """While the context lasts, end statements that keep a session from stopping.

        A handler of SIGTERM runs in the thread that waits, but the wait goes on in C after it: so a
        thread of its own looks.
        """
        return beside(lambda over: self._watch(is_stopping, over), name="interrupter")

    # That thread

    def _watch(self, is_stopping: Callable[[], bool], over: threading.Event) -> None:
        while not is_stopping():
            if over.wait(LOOK_SECONDS):
                return
        was_asked = False
        while not over.wait(LOOK_SECONDS):
            since = self._running_since
            if since is not None and time.monotonic() - since > GRACE_SECONDS:
                self._cut() if was_asked else self._interrupt()
                was_asked = True

    def _interrupt(self) -> None:
        """Have the running statement fail, whatever the server does."""
        driver = self._connection.connection
        if driver is None:
            return
        with contextlib.suppress(Exception):  # it has ended, or the server does not answer
            match self._connection.vendor:
                case "postgresql":
                    _cancel_postgresql(driver)
                case "mysql":
                    _cancel_mysql(self._connection, driver)
                case "sqlite":
                    driver.interrupt()

    def _cut(self) -> None:
        """End a connection whose server did not obey; the running statement fails."""
        driver = self._connection.connection
        if driver is not None and self._connection.vendor == "postgresql":
            with contextlib.suppress(OSError, ValueError):
                _shut_down(driver.fileno())


@contextlib.contextmanager
def beside(
    work: Callable[[threading.Event], None], *, name: str, end_seconds: float | None = None
) -> Iterator[None]:
    """Have a thread do something else while the context lasts; it is told when that is over.

    Args:
        end_seconds: for it to end; after that it is left behind. None: for ever.
    """
    over = threading.Event()
    thread = threading.Thread(target=work, args=(over,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(end_seconds)


def holder_of(path: str, connection: BaseDatabaseWrapper) -> str:
    """Say who holds the checkpoint of a log, where the server shows it; else "".

    Raises:
        Exception: the database cannot be asked.
    """
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_POSTGRESQL_HOLDER, [path])
        row = cursor.fetchone()
    if row is None:
        return ""
    pid, user, application, host, state, age = row
    named = f" ({application})" if application else ""
    return f"the lock is held by pid {pid}{named}, {user} from {host}, {state} since {age}"


def _limit_waits(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        match connection.vendor:
            case "postgresql":
                cursor.execute(_POSTGRESQL_LIMIT, [json.dumps(_POSTGRESQL_SETTINGS)])
            case "mysql":
                cursor.execute(LIMIT_MYSQL)
                if connection.mysql_is_mariadb:  # type: ignore[attr-defined]  # MySQL has none
                    cursor.execute(_LIMIT_IDLE_MARIADB)
            case "sqlite":
                cursor.execute("PRAGMA busy_timeout")
                if cursor.fetchone()[0] > SQLITE_BUSY_MILLISECONDS:
                    cursor.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_MILLISECONDS}")


def _cancel_postgresql(driver: Any) -> None:
    if hasattr(driver, "cancel_safe"):
        driver.cancel_safe(timeout=CANCEL_SECONDS)
    else:
        driver.cancel()  # psycopg 2


def _cancel_mysql(connection: BaseDatabaseWrapper, driver: Any) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("KILL QUERY %s", [driver.thread_id()])
    finally:
        other.close()


def _shut_down(descriptor: int) -> None:
    """Shut a socket that somebody else reads from: the read ends, the descriptor stays theirs."""
    with socket.socket(fileno=os.dup(descriptor)) as shared:
        shared.shutdown(socket.SHUT_RDWR)
