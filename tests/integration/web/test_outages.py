"""Pages while the database is locked, away or incomplete: they say what, and what to do next."""

import contextlib
import gc
import sqlite3
import warnings

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import connection, connections

from tests.support.engine import ingest
from tests.support.lines import choice, question
from tests.support.web import Page, visitor
from tui_ingest.models import DeadLetter, Order, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True)

LOGS = "/admin/tui_ingest/processedfile/"
ALL = ("view_processedfile", "control_processedfile", "view_deadletter", "view_logevent")


@pytest.fixture
def file(tmp_path):
    """A log that was applied."""
    path = tmp_path / "oplog.log"
    path.write_bytes(question(1))
    ingest(path)
    return ProcessedFile.objects.get()


@pytest.fixture
def impatient(monkeypatch):
    """Wait for no lock."""
    options = {**connection.settings_dict["OPTIONS"], "timeout": 0}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    connection.close()
    yield
    connection.close()


@contextlib.contextmanager
def locked():
    """Another process has the database for itself."""
    connection.close()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    with warnings.catch_warnings():
        # Django forgets to close a connection of which it was refused the first statement.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            yield
        finally:
            other.close()
            gc.collect()


@contextlib.contextmanager
def away(folder):
    """The disk that the database is on is not mounted."""
    connection.close()
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = folder / "nowhere" / "target.sqlite3"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def test_a_page_says_that_the_database_is_locked_and_tries_again(file, impatient, client):
    visitor(client, *ALL)
    pages = (
        LOGS,
        f"{LOGS}{file.pk}/change/",
        f"{LOGS}orders/?order=pause",
        "/admin/tui_ingest/deadletter/",
        "/admin/tui_ingest/logevent/",
    )
    with locked():
        for address in pages:
            answer = client.get(address)
            assert answer.status_code == 503, address
            assert answer["Retry-After"] == "5"
            page = Page(answer)
            assert "The database is locked: somebody else is writing to it." in page.text
            assert "find out which process holds it" in page.text
            assert {"http-equiv": "refresh", "content": "5"} in page.all("meta")
    assert client.get(LOGS).status_code == 200


def test_what_refreshes_a_page_is_told_in_a_line(file, impatient, client):
    visitor(client, *ALL)
    with locked():
        answer = client.get(f"{LOGS}{file.pk}/change/?live")
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/plain")
    assert answer.content.decode() == "The database is locked: somebody else is writing to it."


def test_an_order_to_a_locked_database_is_not_called_given(file, impatient, client):
    visitor(client, *ALL)
    with locked():
        answer = client.post(f"{LOGS}{file.pk}/order/", {"order": "pause"})
    assert answer.status_code == 503
    page = Page(answer)
    assert "What you asked for may have been done or not. Go back, look" in page.text
    assert not [meta for meta in page.all("meta") if "http-equiv" in meta], "it is not sent again"
    assert not Order.objects.exists()


@pytest.fixture
def on_postgresql(tmp_path, monkeypatch):
    """The pages of a log that is applied to PostgreSQL, and what makes its locks briefer."""
    path = tmp_path / "oplog.log"
    path.write_bytes(question(1) + choice(1, of=1))
    ingest(path, database="postgres")
    connections["postgres"].close()  # the session's, which has limits of its own
    monkeypatch.setattr("tui_ingest.databases.waits.LOCK_SECONDS", 0.2)
    for model in (ProcessedFile, DeadLetter):
        monkeypatch.setattr(admin.site.get_model_admin(model), "database", "postgres")
    return ProcessedFile.objects.using("postgres").get()


@contextlib.contextmanager
def table_locked(model):
    """Somebody changes a table, and is in no hurry."""
    other = connections["postgres"].copy()
    try:
        with transaction_of(other), other.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {model._meta.db_table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        other.close()


@contextlib.contextmanager
def transaction_of(other):
    other.ensure_connection()
    other.set_autocommit(False)
    yield
    other.rollback()


def waits_of_postgresql():
    with connections["postgres"].cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
def test_a_table_that_a_migration_holds_is_not_waited_for(on_postgresql, client):
    before = waits_of_postgresql()
    visitor(client, *ALL, "retry_deadletter")
    change = f"{LOGS}{on_postgresql.pk}/change/"
    with table_locked(ProcessedFile):
        for address in (LOGS, f"{LOGS}?live", change, f"{change}?live"):
            answer = client.get(address)
            assert answer.status_code == 503, address
            assert "The database is locked: somebody else" in Page(answer).text
        assert (
            client.post(f"{LOGS}{on_postgresql.pk}/order/", {"order": "pause"}).status_code == 503
        )
        for command in (["ingest_status"], ["ingest_control", "pause", on_postgresql.file_path]):
            with pytest.raises(CommandError, match="lock timeout"):
                call_command(*command, database="postgres")
    assert client.get(change).status_code == 200
    assert waits_of_postgresql() == before, "who uses the connection next chose that"


@pytest.mark.parametrize("atomic", [True, False])
def test_one_that_is_away_tells_nobody_where_it_is(tmp_path, client, monkeypatch, atomic):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
    visitor(client, *ALL)
    with away(tmp_path):
        answer = client.get(LOGS)
    assert answer.status_code == 503
    assert "The database does not answer, or refuses to be used now." in Page(answer).text
    assert "nowhere" not in answer.content.decode()


def test_a_table_that_is_missing_names_the_command(client):
    visitor(client, *ALL)
    with connection.schema_editor() as editor:
        editor.delete_model(DeadLetter)
    try:
        answer = client.get(LOGS)
    finally:
        with connection.schema_editor() as editor:
            editor.create_model(DeadLetter)
    assert answer.status_code == 503
    assert "Run: python manage.py migrate" in Page(answer).text


def test_machines_are_told_too(file, impatient, client, settings):
    settings.ROOT_URLCONF = "tui_ingest.urls"
    with locked():
        answer = client.get("/metrics")
        for options in ({"json": True}, {"max_lag": 60.0}, {"prometheus": True}):
            with pytest.raises(CommandError, match="cannot be used now: database is locked"):
                call_command("ingest_status", **options)
        with pytest.raises(CommandError, match="cannot be used now: database is locked"):
            call_command("ingest_control", "pause", file.file_path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert client.get("/metrics").status_code == 200
