"""Empty databases of every kind, for projects in processes of their own."""

import itertools

import psycopg
import pytest

from tests.support import mariadb

# The plain run leaves the third one out: its server is no Python package.
KINDS = ["sqlite", "postgresql", pytest.param("mariadb", marks=pytest.mark.mariadb)]
_numbers = itertools.count()


class Databases:
    """Makes databases of one kind, on servers that the test run has."""

    def __init__(self, kind, request):
        self.kind = kind
        self._request = request

    def new(self):
        """Make an empty database; the settings that name it."""
        name = f"site_{next(_numbers)}"
        if self.kind == "sqlite":
            return ""  # a site has one in its folder
        if self.kind == "postgresql":
            return self._postgresql(name)
        return self._mariadb(name)

    def _postgresql(self, name):
        server = self._request.getfixturevalue("postgres_server")
        found = psycopg.conninfo.conninfo_to_dict(server.get_uri())
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        return _settings("postgresql", name, HOST=found["host"], USER=found["user"])

    def _mariadb(self, name):
        server = self._request.getfixturevalue("mariadb_server")
        server.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return mariadb.SETTINGS + _settings("mysql", name, HOST=server.socket, USER="root")


def _settings(engine, name, **others):
    database = {"ENGINE": f"django.db.backends.{engine}", "NAME": name} | others
    return f"DATABASES = {{'default': {database!r}}}\n"
