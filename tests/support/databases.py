"""Empty databases of every kind, for projects in processes of their own."""

import itertools
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.support import mariadb

# The plain run leaves the third one out: its server is no Python package.
KINDS = ["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)]
_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Database:
    """An empty database, and how it is reached beside Django."""

    kind: str
    name: str = ""
    settings: str = ""  # text of a settings module; SQLite has a file in the site's folder
    server_uri: str = ""  # PostgreSQL
    server: Any = None  # MariaDB

    @property
    def uri(self):
        return psycopg.conninfo.make_conninfo(self.server_uri, dbname=self.name)

    def connect(self):
        """Connect another program to MariaDB."""
        return self.server.connect(database=self.name)


class Databases:
    """Makes databases of one kind, on servers that the test run has."""

    def __init__(self, kind, request):
        self.kind = kind
        self._request = request

    def new(self):
        """Make an empty database; the settings that name it."""
        return self.named().settings

    def named(self):
        """Make an empty database."""
        name = f"site_{next(_numbers)}"
        if self.kind == "sqlite":
            return Database(kind=self.kind)
        if self.kind == "postgresql":
            return self._postgresql(name)
        return self._mariadb(name)

    def _postgresql(self, name):
        uri = self._request.getfixturevalue("postgres_server").get_uri()
        found = psycopg.conninfo.conninfo_to_dict(uri)
        with psycopg.connect(uri, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        settings = _settings("postgresql", name, HOST=found["host"], USER=found["user"])
        return Database(kind=self.kind, name=name, settings=settings, server_uri=uri)

    def _mariadb(self, name):
        server = self._request.getfixturevalue("mariadb_server")
        server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        settings = mariadb.SETTINGS + _settings("mysql", name, HOST=server.socket, USER="root")
        return Database(kind=self.kind, name=name, settings=settings, server=server)


def _settings(engine, name, **others):
    database = {"ENGINE": f"django.db.backends.{engine}", "NAME": name} | others
    return f"DATABASES = {{'default': {database!r}}}\n"
