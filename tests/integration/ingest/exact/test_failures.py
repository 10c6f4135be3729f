"""What a database's error means: wait and try again, or blame the record."""

import contextlib
import sqlite3

import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
    transaction,
)
from django.db.utils import ConnectionHandler

from tui_ingest.ingest.exact.database_errors import is_transient
from tui_ingest.ingest.exact.failures import describe
from tui_ingest.ingest.reasons import RecordError

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])


def failing(connection, *statements):
    """The error that Django raises for the last statement."""
    with pytest.raises((DatabaseError, InterfaceError)) as failed:
        run(connection, statements)
    return failed.value


def run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextlib.contextmanager
def sqlite(path, **options):
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}
    connection = ConnectionHandler({"default": settings})["default"]
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
    return path


# SQLite


def test_a_locked_file_is_waited_for(file):
    with contextlib.closing(sqlite3.connect(file)) as other, sqlite(file, timeout=0) as connection:
        other.execute("BEGIN IMMEDIATE")
        assert is_transient(failing(connection, "INSERT INTO t VALUES (1)"))


def test_a_full_disk_is_waited_for(file):
    with sqlite(file) as connection:
        error = failing(
            connection, "PRAGMA max_page_count = 2", "INSERT INTO t VALUES (randomblob(100000))"
        )
    assert is_transient(error)


def test_a_file_that_cannot_be_written_or_opened_is_waited_for(file, tmp_path):
    with sqlite(f"file:{file}?mode=ro", uri=True) as connection:
        assert is_transient(failing(connection, "INSERT INTO t VALUES (1)"))
    with sqlite(tmp_path / "nowhere" / "x.sqlite3") as connection:
        assert is_transient(failing(connection, "SELECT 1"))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT * FROM absent", "missing_table"),
        ("SELECT absent FROM t", "missing_table"),
        ("INSERT INTO t (absent) VALUES (1)", "missing_table"),
        ("SELEKT", "unexpected"),
    ],
)
def test_a_mistake_in_sqlite_is_not_waited_for(file, statement, reason):
    with sqlite(file) as connection:
        error = failing(connection, statement)
    assert not is_transient(error)
    assert describe(error).reason == reason


# PostgreSQL


def raising(sqlstate):
    return f"DO $$ BEGIN RAISE EXCEPTION 'it said' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.parametrize(
    "sqlstate",
    [
        "08006",  # connection failure
        "40001",  # serialization failure
        "40P01",  # deadlock
        "53100",  # disk full
        "53300",  # too many connections
        "55P03",  # lock not available
        "57014",  # statement timeout
        "57P03",  # cannot connect now
        "58030",  # input or output error
        "25006",  # read-only transaction
        "25P03",  # idle in a transaction for too long
        "25P04",  # a transaction took too long
    ],
)
def test_what_passes_by_itself_in_postgresql_is_waited_for(sqlstate):
    assert is_transient(failing(connections["postgres"], raising(sqlstate)))


@pytest.mark.parametrize(
    ("sqlstate", "reason"),
    [
        ("23503", "missing_parent"),
        ("23001", "protected"),
        ("23505", "unique_clash"),
        ("23502", "bad_value"),
        ("22001", "bad_value"),
        ("22P02", "bad_value"),
        ("23514", "integrity"),
        ("23P01", "integrity"),
        ("42P01", "missing_table"),
        ("42703", "missing_table"),
        ("42501", "unexpected"),
        ("P0001", "unexpected"),
    ],
)
def test_what_does_not_pass_in_postgresql_is_blamed_on_the_record(sqlstate, reason):
    error = failing(connections["postgres"], raising(sqlstate))
    assert not is_transient(error)
    failure = describe(error)
    assert failure.reason == reason
    assert "it said" in failure.error
    assert "Traceback" in failure.traceback


def test_the_predecessor_of_psycopg_3_calls_its_code_otherwise():
    def psycopg2(kind, code):
        error = kind("it said")
        error.__cause__ = Exception("it said")
        error.__cause__.pgcode = code
        return error

    assert describe(psycopg2(IntegrityError, "23505")).reason == "unique_clash"
    assert not is_transient(psycopg2(OperationalError, "54000"))  # an index row too long
    assert is_transient(psycopg2(OperationalError, "40P01"))
    assert is_transient(psycopg2(OperationalError, None))  # no connection


def test_a_connection_that_was_cut_is_waited_for():
    connection = connections["postgres"]
    assert is_transient(failing(connection, "SELECT pg_terminate_backend(pg_backend_pid())"))
    connection.close()


def test_a_server_that_is_not_there_is_waited_for(tmp_path):
    settings = {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": str(tmp_path)}
    connection = ConnectionHandler({"default": settings})["default"]
    assert is_transient(failing(connection, "SELECT 1"))


# MySQL, from the numbers in its manual: no server of it runs here


def mysql(kind, code):
    error = kind(code, "it said")
    error.__cause__ = Exception(code, "it said")
    error.__cause__.sqlstate = "HY000"  # PyMySQL has it as well, and it says nothing
    return error


@pytest.mark.parametrize("code", [1020, 1021, 1030, 1040, 1047, 1205, 1213, 1927, 1969, 2006, 2013])
def test_what_passes_by_itself_in_mysql_is_waited_for(code):
    assert is_transient(mysql(OperationalError, code))


def test_a_connection_that_pymysql_has_closed_is_waited_for():
    assert is_transient(mysql(InterfaceError, 0))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1452, "missing_parent"),
        (1451, "protected"),
        (1062, "unique_clash"),
        (1048, "bad_value"),
        (3819, "integrity"),
        (1146, "missing_table"),
        (1064, "unexpected"),
    ],
)
def test_what_does_not_pass_in_mysql_is_blamed_on_the_record(code, reason):
    error = mysql(IntegrityError, code)
    assert not is_transient(error)
    assert describe(error).reason == reason


# Anything


def test_a_broken_transaction_is_what_broke_it(database):
    def broken(statement):
        with contextlib.suppress(DatabaseError), transaction.atomic(using=database):
            cause = failing(connections[database], statement)
            connections[database].rollback_exc = cause
            connections[database].needs_rollback = True
            return failing(connections[database], "SELECT 1")
        return None

    assert not is_transient(broken("SELECT * FROM absent"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RecordError("no_identity", "why"), "no_identity"),
        (OverflowError("int too large"), "bad_value"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), "bad_value"),
        (RecursionError("too deep"), "too_deep"),
        (ArithmeticError("decimal"), "bad_value"),
        (AttributeError("a receiver's own mistake"), "unexpected"),
        (OSError("no such host"), "unexpected"),
    ],
)
def test_errors_of_other_kinds_are_never_waited_for(error, reason):
    assert not is_transient(error)
    failure = describe(error)
    assert failure.reason == reason
    assert failure.error
