"""Statements that give up on a lock of somebody else's, on a connection that others use after."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

LOCK_SECONDS = 5  # for which a statement waits for a lock; PostgreSQL and MariaDB: almost for ever

# Of a row, and of a table that is being changed.
LIMIT_MYSQL = (
    f"SET SESSION innodb_lock_wait_timeout = LEAST(@@innodb_lock_wait_timeout, {LOCK_SECONDS}),"
    f" lock_wait_timeout = LEAST(@@lock_wait_timeout, {LOCK_SECONDS})"
)
_REMEMBER_MYSQL = "SELECT @@innodb_lock_wait_timeout, @@lock_wait_timeout"
_RESTORE_MYSQL = "SET SESSION innodb_lock_wait_timeout = %s, lock_wait_timeout = %s"
# Where neither the administrator nor the project has chosen anything.
_LIMIT_POSTGRESQL = (
    "SELECT set_config(name, %s, false) FROM pg_settings"
    " WHERE name = 'lock_timeout' AND source = 'default'"
)
_RESTORE_POSTGRESQL = "RESET lock_timeout"


@contextlib.contextmanager
def short_waits() -> Iterator[None]:
    """Have no statement of this thread wait for a lock for longer than `LOCK_SECONDS`.

    Afterwards the connections are as they were. SQLite's own limit, 5 s if the project has not
    chosen another, stays.
    """
    with contextlib.ExitStack() as stack:
        for alias in connections:
            connection = connections[alias]
            if connection.vendor in {"postgresql", "mysql"}:
                limit = _Limit(connection)
                stack.callback(limit.lift)
                stack.enter_context(connection.execute_wrapper(limit))
        yield


class _Limit:
    """Set before the first statement: most pages use one of a project's databases."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._limited: Any = None  # the driver's connection; another one after it was lost
        self._restoring: tuple[Any, ...] = ()

    def __call__(self, execute: Callable[..., Any], *call: Any) -> Any:
        driver = self._connection.connection
        if driver is not self._limited:
            self._limited = driver
            self._restoring = self._limit()
        return execute(*call)

    def _limit(self) -> tuple[Any, ...]:
        """Limit the connection; return the statement that takes the limit away, if it has one."""
        connection = self._connection
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_LIMIT_POSTGRESQL, [f"{LOCK_SECONDS}s"])
                return (_RESTORE_POSTGRESQL,) if cursor.fetchone() else ()
            cursor.execute(_REMEMBER_MYSQL)
            before = cursor.fetchone()
            cursor.execute(LIMIT_MYSQL)
            return _RESTORE_MYSQL, before

    def lift(self) -> None:
        """Leave the connection as it was; one that cannot be told so is closed."""
        connection = self._connection
        if not self._restoring or connection.connection is not self._limited:
            return
        try:
            with connection.connection.cursor() as cursor:
                cursor.execute(*self._restoring)
        except Exception:  # the driver's own
            connection.close()
