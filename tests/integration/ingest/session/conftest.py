"""Projects whose sessions are processes, on both kinds of database."""

import secrets

import psycopg
import pytest
from psycopg import conninfo

from tests.support.site import SETTINGS, Site

POSTGRES = """
DATABASES["default"] = {{
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "{name}",
    "USER": "postgres",
    "HOST": "{host}",
}}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path, postgres_server):
    """A migrated project with a database of its own."""
    settings = SETTINGS
    if request.param == "postgresql":
        uri, name = postgres_server.get_uri(), f"site_{secrets.token_hex(4)}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        host = conninfo.conninfo_to_dict(uri)["host"]
        settings += POSTGRES.format(name=name, host=host)
    made = Site(tmp_path, settings)
    made.migrate()
    return made
