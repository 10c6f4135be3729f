"""Finding the project and saying what is wrong with it: one clear message, no traceback."""

import json
import os
import shutil
import signal
import sys

import pexpect
import pytest

from tests.support import lines
from tests.support.patience import DEADLINE_SECONDS
from tests.support.site import Site, run, watched


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("migrated") / "project")
    site.migrate()
    return site.folder


@pytest.fixture
def site(migrated, tmp_path):
    """A project whose database is ready, and a log with one question."""
    folder = shutil.copytree(migrated, tmp_path / "site")
    (folder / "oplog.log").write_bytes(lines.question(1))
    return Site(folder)


@pytest.fixture
def fresh_site(tmp_path):
    """A project whose database is empty."""
    site = Site(tmp_path / "fresh")
    (site.folder / "oplog.log").touch()
    return site


def assert_refused(finished, status, *words):
    assert finished.returncode == status, finished
    assert "Traceback" not in finished.stderr
    message = finished.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in message


def questions(site):
    return site.shell(
        "from tui_ingest.demo.polls.models import Question; print(Question.objects.count())"
    ).strip()


# Found


def test_a_manage_py_in_this_folder(site):
    finished = site.tui_ingest("oplog.log", "--headless", "--once")
    assert finished.returncode == 0, finished.stderr
    assert "mysite.settings" in finished.stdout
    assert questions(site) == "1"


def test_a_manage_py_above_this_folder(site):
    logs = site.folder / "var" / "logs"
    logs.mkdir(parents=True)
    finished = site.tui_ingest("../../oplog.log", "--headless", "--once", folder=logs)
    assert finished.returncode == 0, finished.stderr
    assert questions(site) == "1"


def test_settings_from_elsewhere_with_a_pythonpath(site, tmp_path):
    arguments = ("--settings", "mysite.settings", "--pythonpath", site.folder)
    log = site.folder / "oplog.log"
    finished = run("-m", "tui_ingest", log, *arguments, "--headless", "--once", folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert questions(site) == "1"


def test_settings_from_the_environment(site):
    finished = site.tui_ingest(
        *("oplog.log", "--headless", "--once"), DJANGO_SETTINGS_MODULE="mysite.settings"
    )
    assert finished.returncode == 0, finished.stderr
    assert questions(site) == "1"


def test_without_a_project_the_demo_is_made_where_it_is_told(tmp_path):
    (tmp_path / "oplog.log").write_bytes(lines.question(1))
    database = tmp_path / "new" / "folder" / "demo.sqlite3"
    finished = run(
        *("-m", "tui_ingest", "oplog.log", "--headless", "--once"),
        folder=tmp_path,
        TUI_INGEST_DEMO_DB=str(database),
    )
    assert finished.returncode == 0, finished.stderr
    assert "demo project" in finished.stdout
    assert database.exists()


def test_without_being_told_the_demo_is_in_the_users_data_folder(tmp_path):
    (tmp_path / "oplog.log").write_bytes(lines.question(1))
    finished = run(
        *("-m", "tui_ingest", "oplog.log", "--headless", "--once"),
        folder=tmp_path,
        XDG_DATA_HOME=str(tmp_path / "data"),
        TUI_INGEST_DEMO_DB="",
    )
    assert finished.returncode == 0, finished.stderr
    assert list((tmp_path / "data").rglob("demo.sqlite3"))


# Refused


def test_a_demo_that_cannot_be_written(tmp_path):
    (tmp_path / "oplog.log").touch()
    finished = run(
        *("-m", "tui_ingest", "oplog.log", "--headless", "--once"),
        folder=tmp_path,
        TUI_INGEST_DEMO_DB="/proc/no/demo.sqlite3",
    )
    assert_refused(finished, 1, "/proc/no/demo.sqlite3", "TUI_INGEST_DEMO_DB")


def test_a_demo_that_is_a_folder(tmp_path):
    (tmp_path / "oplog.log").touch()
    finished = run(
        *("-m", "tui_ingest", "oplog.log", "--headless", "--once"),
        folder=tmp_path,
        TUI_INGEST_DEMO_DB=str(tmp_path),
    )
    assert_refused(finished, 1, str(tmp_path), "directory", "TUI_INGEST_DEMO_DB")


def test_a_settings_module_that_does_not_exist(site):
    finished = site.tui_ingest("oplog.log", "--settings", "mysite.nothing", "--headless")
    assert_refused(finished, 1, "mysite.nothing", "--settings", "--pythonpath")


def test_a_settings_module_that_needs_what_is_not_installed(site):
    site.add_settings("import surely_not_installed\n")
    finished = site.tui_ingest("oplog.log", "--headless")
    assert_refused(finished, 1, "surely_not_installed", "settings.py, line", "manage.py")


def test_a_settings_module_that_fails(site):
    site.add_settings("import os\nSECRET_KEY = os.environ['NO_SUCH_SECRET']\n")
    finished = site.tui_ingest("oplog.log", "--headless")
    last = f"settings.py, line {len(site.settings.read_text().splitlines())}"
    assert_refused(finished, 1, "KeyError", "NO_SUCH_SECRET", last)


def test_a_settings_module_with_a_syntax_error(site):
    site.add_settings("DEBUG = = True\n")
    finished = site.tui_ingest("oplog.log", "--headless")
    last = f"settings.py, line {len(site.settings.read_text().splitlines())}"
    assert_refused(finished, 1, "SyntaxError", last)


def test_an_app_that_cannot_be_loaded(site):
    site.add_settings("INSTALLED_APPS += ['no_such_app']\n")
    finished = site.tui_ingest("oplog.log", "--headless")
    assert_refused(finished, 1, "no_such_app")


def test_a_project_without_the_app(site):
    site.add_settings("INSTALLED_APPS.remove('tui_ingest')\n")
    finished = site.tui_ingest("oplog.log", "--headless")
    assert_refused(finished, 1, "INSTALLED_APPS", "mysite.settings", "python manage.py migrate")


def test_unapplied_migrations(fresh_site):
    finished = fresh_site.tui_ingest("oplog.log", "--headless")
    assert_refused(finished, 1, "migration", "python manage.py migrate")
    assert "--database" not in finished.stderr


def test_unapplied_migrations_of_another_database(site):
    site.add_settings(
        "DATABASES['other'] = DATABASES['default'] | {'NAME': BASE_DIR / 'other.sqlite3'}\n"
    )
    finished = site.tui_ingest("oplog.log", "--headless", "--database", "other")
    assert_refused(finished, 1, "'other'", "python manage.py migrate --database other")


def test_migrations_run_with_the_command_of_the_message_are_enough(fresh_site):
    fresh_site.migrate()
    assert fresh_site.tui_ingest("oplog.log", "--headless", "--once").returncode == 0


def test_an_unknown_database(site):
    finished = site.tui_ingest("oplog.log", "--headless", "--database", "nowhere")
    assert_refused(finished, 2, "nowhere", "default")


def test_a_database_engine_that_is_not_installed(site):
    site.add_settings("DATABASES['default']['ENGINE'] = 'no.such.engine'\n")
    assert_refused(site.tui_ingest("oplog.log", "--headless"), 1, "no.such.engine")


def test_a_database_that_leaves_commits_to_the_project(site):
    site.add_settings("DATABASES['default']['AUTOCOMMIT'] = False\n")
    assert_refused(site.tui_ingest("oplog.log", "--headless", "--once"), 1, "AUTOCOMMIT", "Remove")


def test_a_router_that_is_not_there(site):
    site.add_settings("DATABASE_ROUTERS = ['mysite.nowhere.Router']\n")
    finished = site.tui_ingest("oplog.log", "--headless")
    assert_refused(finished, 1, "DATABASE_ROUTERS", "mysite.nowhere")


def test_a_database_file_that_is_none(site):
    (site.folder / "site.sqlite3").write_text("not a database, whatever its name says " * 50)
    assert_refused(site.tui_ingest("oplog.log", "--headless"), 1, "'default'", "DATABASES")


def test_a_database_that_cannot_be_reached_is_waited_for(site):
    site.add_settings(
        "DATABASES['default'] = {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'x',"
        " 'HOST': str(BASE_DIR / 'no-server-here')}\n"
    )
    with watched(site.start("-m", "tui_ingest", "oplog.log", "--headless")) as process:
        line = process.stdout.readline()
        assert "WAITING: database: " in line
        assert "attempt 1, next in " in line
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0, rest


def test_a_setting_that_does_not_exist(site):
    site.add_settings("TUI_INGEST = {'MODLES': []}\n")
    assert_refused(site.tui_ingest("oplog.log", "--headless"), 1, "tui_ingest.E001", "MODLES")


# The project's own commands


@pytest.mark.parametrize("command", ["ingest_objects", "ingest_status"])
def test_the_projects_own_commands_say_the_same(fresh_site, command):
    finished = fresh_site.manage(command, "oplog.log")
    assert_refused(finished, 1, "migration", "python manage.py migrate")


def test_the_projects_own_commands_know_their_databases(site):
    finished = site.manage("ingest_objects", "oplog.log", "--database", "nowhere")
    assert_refused(finished, 2, "nowhere", "default")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ingest_console", "oplog.log"], "no terminal"),
        (["ingest_objects", "oplog.log", "--paused"], "--paused"),
        (["ingest_objects", "oplog.log", "--poll", "never"], "--poll"),
        (["ingest_objects", "."], "not a file"),
        (["ingest_objects"], "LOG"),
    ],
)
def test_the_projects_own_commands_know_their_usage(site, arguments, words):
    assert_refused(site.manage(*arguments), 2, words)


def test_the_articles_command(site):
    log = site.folder / "oplog.log"
    log.write_bytes(log.read_bytes() + lines.choice(2, of=9))
    finished = site.manage("ingest_objects", "oplog.log", "--once")
    assert finished.returncode == 3, finished.stderr
    assert "mysite.settings" in finished.stdout
    assert "missing_parent" in finished.stdout
    assert questions(site) == "1"

    status = json.loads(site.manage("ingest_status", "oplog.log", "--json").stdout)
    assert status["path"] == str(log)
    assert (status["lag_bytes"], status["dead_letters"]) == (0, 1)


def test_a_reader_of_dead_letters_may_go_away(site):
    (site.folder / "oplog.log").write_bytes(lines.choice(2, of=9))
    site.manage("ingest_objects", "oplog.log", "--once")
    with watched(site.start("manage.py", "ingest_deadletters", "list")) as process:
        process.stdout.close()  # long before the first line
        assert process.wait(DEADLINE_SECONDS) == 1
        assert process.stderr.read() == ""


def test_the_console_from_the_projects_manage_py(site):
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    terminal = pexpect.spawn(
        sys.executable,
        ["manage.py", "ingest_console", "oplog.log"],
        cwd=str(site.folder),
        env=environment | {"TERM": "xterm-256color"},
        dimensions=(30, 100),
        encoding="utf-8",
        timeout=DEADLINE_SECONDS,
    )
    terminal.expect("mysite.settings")
    terminal.expect("CAUGHT UP")
    terminal.send("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert questions(site) == "1"
