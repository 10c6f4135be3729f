"""Databases that are locked or away, and rows that cannot be read: waited for, told, not lost."""

import sqlite3
from contextlib import closing, contextmanager

import psycopg
import pytest

from tests.support.databases import Databases
from tests.support.engine import eventually
from tests.support.recorded import parsed
from tests.support.relays import RelayLog
from tests.support.shop import SOURCE_SETTINGS, ShopSite


@pytest.fixture
def database(databases):
    return databases.named()


@pytest.fixture
def source(tmp_path, database):
    return ShopSite(tmp_path, SOURCE_SETTINGS + database.settings)


def change(source, *names):
    source.execute(*(f"INSERT INTO shop_tag (name) VALUES ('{name}')" for name in names))


def names_in(log):
    return {fields["name"] for fields in log.last("shop.tag").values()}


@contextmanager
def locked(source, database):
    """Have another program hold the table of changes."""
    table = "tui_ingest_recorder_change"
    match database.kind:
        case "sqlite":
            path = source.folder / "site.sqlite3"
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                yield
        case "postgresql":
            with psycopg.connect(database.uri) as other:
                other.execute(f"LOCK TABLE {table}")
                yield
        case "mariadb":
            with closing(database.connect()) as other, other.cursor() as cursor:
                cursor.execute(f"LOCK TABLES {table} WRITE")
                yield


def test_a_locked_table_is_waited_for(source, database):
    log = RelayLog(source, "locked")
    change(source, "before")
    with log.relay() as relay:
        eventually(lambda: names_in(log) == {"before"}, what="the first change")
        with locked(source, database):
            relay.says("waiting: database: ")
        change(source, "after")
        eventually(lambda: names_in(log) == {"before", "after"}, what="the second change")
        eventually(lambda: log.status()["state"] == "running", what="it says that it runs")
        assert log.status()["last_error"].startswith("database: ")


def test_a_server_that_is_away_is_waited_for(tmp_path, request):
    """Its sessions are ended, and new ones are refused."""
    database = Databases("postgresql", request).named()
    source = ShopSite(tmp_path, SOURCE_SETTINGS + database.settings)
    log = RelayLog(source, "away")
    with log.relay() as relay, psycopg.connect(database.server_uri, autocommit=True) as admin:
        relay.says("running")
        change(source, "before")
        eventually(lambda: names_in(log) == {"before"}, what="the first change")
        admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [database.name],
        )
        relay.says("is not currently accepting connections")
        admin.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
        change(source, "after")
        eventually(lambda: names_in(log) == {"before", "after"}, what="the second change")
        assert relay.stop() == 0


UNREADABLE = """
from django.db import connection
for name in ("fine", "bad", "worse", "fine, too"):
    Product.objects.create(name=name)
connection.cursor().execute(
    "UPDATE shop_product SET seen = '2023-13-45 00:00:00' WHERE name IN ('bad', 'worse')"
)
"""


@pytest.mark.parametrize(
    ("kind", "time", "error"),
    [
        ("sqlite", "2023-13-45 00:00:00", "ValueError"),  # it takes any text for a time
        ("postgresql", "infinity", "DataError"),  # Python has no such time
    ],
)
def test_a_row_that_cannot_be_read_is_held_and_the_rest_goes_on(
    tmp_path, request, kind, time, error
):
    source = ShopSite(tmp_path, SOURCE_SETTINGS + Databases(kind, request).new())
    source.do(UNREADABLE.replace("2023-13-45 00:00:00", time))
    log = RelayLog(source, "held")
    assert [o["fields"]["name"] for _, [o] in parsed(source.lines())] == ["fine", "fine, too"]
    status = log.status()
    assert (status["pending"], status["held"]) == (0, 4)
    assert error in status["held_example"]
    assert "4 held, because their rows cannot be read" in log.command("--status").stdout
    with log.relay() as relay:
        relay.says("held: 4 changes of rows that cannot be read")
        source.execute("UPDATE shop_product SET seen = NULL WHERE name = 'bad'")
        eventually(lambda: log.status()["held"] == 2, what="one of them can be read again")
        assert [fields["name"] for fields in log.last("shop.product").values()] == ["bad"]


def test_what_is_held_is_said_though_later_rounds_are_well(tmp_path):
    source = ShopSite(tmp_path, SOURCE_SETTINGS)
    more = 'Product.objects.bulk_create([Product(name=f"n{n}") for n in range(600)])\n'
    source.shell("from shop.models import *" + UNREADABLE + more)
    log = RelayLog(source, "held")
    assert "held: 4 changes of rows that cannot be read" in log.command("--once").stdout


def test_rows_that_are_put_right_without_a_change_are_written_by_the_next_relay(tmp_path):
    source = ShopSite(tmp_path, SOURCE_SETTINGS)
    source.do(UNREADABLE)
    quietly = "from tui_ingest.recorder import suspended\nwith suspended():\n"
    source.do(quietly + "    Product.objects.update(seen=None)")
    assert sorted(o["fields"]["name"] for _, [o] in parsed(source.lines())) == [
        *("bad", "fine", "fine, too", "worse")
    ]
    assert RelayLog(source, "held").status()["held"] == 0
