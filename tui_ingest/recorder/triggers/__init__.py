"""The triggers that note a change, in the SQL of each kind of database.

They insert the key and nothing that has to be converted: a write of the project is never refused
because of what is in its row.

dialect     what every kind of database has to say; postgresql, sqlite, mysql: each of them
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import NotSupportedError

from tui_ingest.recorder.triggers.dialect import Dialect, Trigger

__all__ = ["Dialect", "Trigger", "dialect_of"]


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    """Return how triggers are written for a database.

    Raises:
        NotSupportedError: nobody has written that yet.
    """
    match connection.vendor:
        case "sqlite":
            from tui_ingest.recorder.triggers.sqlite import SqliteDialect

            return SqliteDialect(connection)
        case "postgresql":
            from tui_ingest.recorder.triggers.postgresql import PostgresqlDialect

            return PostgresqlDialect(connection)
        case "mysql":
            from tui_ingest.recorder.triggers.mysql import MysqlDialect

            return MysqlDialect(connection)
    raise NotSupportedError(
        f"tui_ingest.recorder has no triggers for {connection.display_name}: it records changes"
        " of SQLite, PostgreSQL, MySQL and MariaDB."
    )
