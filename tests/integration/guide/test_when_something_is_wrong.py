"""The guide's page 'When something is wrong', done as written: what is seen, typed, and said."""

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager

import pytest

from tests.benchmarks import polls_log
from tests.support.demo import TABLES
from tests.support.lines import choice, question, questions
from tests.support.page import Situation
from tests.support.patience import DEADLINE_SECONDS
from tests.support.rotation import RotatedLog
from tests.support.site import SETTINGS, Site, watched
from tests.tui.terminal import Terminal
from tui_ingest.oplog.log import Backlog
from tui_ingest.tui.view.wording import margin

# Whether a commit survives a power cut is not what is asked here.
SQLITE = """
DATABASES["default"]["OPTIONS"] = {"init_command": "PRAGMA synchronous=OFF;"}
"""
POSTGRES = """
DATABASES["default"] = {{
    "ENGINE": "django.db.backends.postgresql",
    "NAME": "{name}",
    "USER": "postgres",
    "HOST": "{host}",
}}
"""
RECORDS = 20_000
ENTER, ESCAPE = "\r", "\x1b"


class Project(Site):
    """A project, its log, and what is in its database."""

    @property
    def log(self):
        return self.folder / "oplog.log"

    def console(self):
        return Terminal(self.folder, "oplog.log", size=(120, 36))

    def append(self, *lines):
        with self.log.open("ab") as log:
            log.writelines(lines)

    def apply(self, *arguments):
        """Run to the end of the log; the exit status and everything that was said."""
        finished = self.tui_ingest("oplog.log", "--headless", "--once", *arguments)
        return finished.returncode, finished.stdout + finished.stderr

    def contents(self):
        """Every row that the log can change, and the totals."""
        return {
            table: self.query(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
            for table, columns in TABLES.items()
        }

    def questions(self):
        return [pk for (pk,) in self.query("SELECT pkid FROM polls_question ORDER BY 1")]

    def query(self, sql):
        with closing(sqlite3.connect(self.folder / "site.sqlite3", timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def status(self):
        return json.loads(self.manage("ingest_status", "oplog.log", "--json").stdout)


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Two projects to be copied: one ready, and one that its own migrations were not run in."""
    ready = Site(tmp_path_factory.mktemp("ready"), SETTINGS + SQLITE)
    ready.migrate("tui_ingest")
    unmigrated = tmp_path_factory.mktemp("unmigrated")
    shutil.copytree(ready.folder, unmigrated, dirs_exist_ok=True)
    ready.migrate()
    return ready.folder, unmigrated


@pytest.fixture
def project(tmp_path, templates):
    return Project(shutil.copytree(templates[0], tmp_path / "target"))


@pytest.fixture
def unmigrated(tmp_path, templates):
    return Project(shutil.copytree(templates[1], tmp_path / "unmigrated"))


# A parent is missing

ORPHANED = [question(1), choice(1, of=1), choice(2, of=7), choice(3, of=1)]


def test_a_parent_is_missing(project):
    page = Situation("A parent is missing")
    project.append(*ORPHANED)
    with project.console() as console:
        console.until("✓ CAUGHT UP", *page.screen)
        console.press("e")
        console.until("FROZEN")
        console.press(ENTER)
        console.until("dead letter 1 is open", "polls.question", "r Retry", "i Edit", "x Discard")
        console.press(ESCAPE)
        project.append(question(7))
        console.until(*page.quotes("0 dead letters", "✓ applied"))
        console.press("q")
        assert console.ended() == 0
    assert project.query("SELECT pkid FROM polls_choice ORDER BY 1") == [(1,), (2,), (3,)]


def test_headless_a_parent_is_missing(project):
    page = Situation("A parent is missing")
    project.append(*ORPHANED)
    page.follow(project.folder, status=3)
    (returns,) = page.quotes("dead letter 1: applied")
    project.append(question(7))

    status, said = project.apply()

    assert status == 0
    assert returns in said
    assert project.status()["dead_letters"] == 0


def test_a_parent_never_comes(project):
    page = Situation("A parent is missing")
    project.append(*ORPHANED)
    page.follow(project.folder, status=3)
    page.follow(project.folder)

    assert page.done
    assert project.status()["dead_letters"] == 0
    project.append(question(7))
    project.apply()
    assert project.query("SELECT pkid FROM polls_choice ORDER BY 1") == [(1,), (3,)]


# A migration is missing


def test_a_migration_is_missing(unmigrated):
    project = unmigrated
    page = Situation("A migration is missing", fewer=("1,000", "100"))
    project.add_settings('TUI_INGEST = {"MAX_CONSECUTIVE_FAILURES": 100}\n')
    project.append(question(1), *(choice(number, of=1) for number in range(1, 300)))
    with project.console() as console:
        console.until(*page.screen, "✗ 100 dead letters")
        project.migrate()
        console.press("d")
        console.until("100 of 100", "R Retry alike")
        console.press("R")
        console.until("All 100 shown, whatever fails (a)")
        console.press("a")
        console.until(*page.quotes("Nothing needs repair."))
        console.press(ESCAPE)
        # Before the next key: escape and a key right behind it are another key to a terminal.
        console.until("following", "0 dead letters")
        console.press(" ")
        console.until(*page.quotes("✓ CAUGHT UP"), "0 dead letters")
        console.press("q")
        assert console.ended() == 0
    assert project.contents()["tui_ingest_modeltotal"] == [
        ("polls.choice", 299, 0, 0, 0, 0),
        ("polls.question", 1, 0, 0, 0, 0),
    ]
    assert len(project.contents()["polls_choice"]) == 299


def test_headless_a_migration_is_missing_from_a_large_log(project, unmigrated):
    page = Situation("A migration is missing")
    polls_log.write(project.log, RECORDS)
    assert project.apply()[0] == 0  # undisturbed
    shutil.copy(project.log, unmigrated.log)

    page.follow(unmigrated.folder, status=1)
    letters = unmigrated.query("SELECT position, reason FROM tui_ingest_deadletter ORDER BY id")
    assert len(letters) == 1_000
    assert letters == sorted(letters)
    assert {reason for _, reason in letters} == {"missing_table"}

    page.follow(unmigrated.folder)
    retried = page.follow(unmigrated.folder).splitlines()
    assert page.done
    assert retried == [f"{number}: applied" for number in range(1, 1_001)]  # in log order

    assert unmigrated.apply()[0] == 0
    assert unmigrated.contents() == project.contents()
    assert unmigrated.status()["dead_letters"] == 0


# The log rotated faster than it was read


@pytest.fixture
def rotated_away(project):
    """A project whose log lost the questions 6 to 8 while nobody read; a function restores them."""
    log = RotatedLog(project.folder, backups=2)
    log.write(questions(range(1, 6)))
    project.apply()
    log.write(questions(range(6, 9)))
    backup = shutil.copy(project.log, project.folder / "backup")
    for first in (9, 12, 15):
        log.rotate(questions(range(first, first + 3)))
    return lambda: shutil.move(backup, log.rank(3))


def test_the_log_rotated_faster_than_it_was_read(project, rotated_away):
    page = Situation("The log rotated faster than it was read")
    project.add_settings('TUI_INGEST = {"ON_GAP": "stop"}\n')
    page.quotes('ON_GAP = "stop"')
    assert project.apply()[0] == 1
    with project.console() as console:
        console.until("‖ PAUSED", "records may have been rotated away")
        console.press(" ")
        console.until("✓ CAUGHT UP", *page.screen)
        rotated_away()
        console.press(" ")
        console.until("‖ PAUSED")
        console.press("o")
        console.until("Continue from another place")
        console.press(*page.quotes("start"), ENTER)
        console.until("17 records will be applied again.")
        console.press(ENTER)
        console.until("sought: Moved from byte")
        console.press(" ")
        console.until("✓ CAUGHT UP", "polls.question 8")
        console.press(*page.quotes("v"))
        console.until("Events", "gap ", "sought ")
        console.press("q")
        console.until("following")
        console.press("q")
        assert console.ended() == 0
    assert project.questions() == [*range(1, 18)]


def test_headless_the_log_rotated_faster_than_it_was_read(project, rotated_away):
    page = Situation("The log rotated faster than it was read")
    page.follow(project.folder)
    assert project.questions() == [*range(1, 6), *range(9, 18)]

    rotated_away()
    page.follow(project.folder)

    assert page.done
    assert project.questions() == [*range(1, 18)]
    assert project.status()["gaps"] == 1


def test_the_next_loss_is_announced():
    page = Situation("The log rotated faster than it was read")
    warning = margin(Backlog(exists=True, oldest_rank=27, highest_rank=30))
    page.quotes(warning.text)


# The database is locked


@pytest.fixture
def impatient(project):
    """A project whose database gives up soon on a lock that another one holds."""
    project.add_settings('DATABASES["default"]["OPTIONS"]["timeout"] = 0.2\n')
    return project


@contextmanager
def locked(project):
    with closing(sqlite3.connect(project.folder / "site.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_the_database_is_locked(impatient):
    project = impatient
    page = Situation("The database is locked")
    project.append(question(1))
    with project.console() as console:
        console.until("✓ CAUGHT UP")
        with locked(project):
            project.append(question(2))
            console.until(*page.screen)
        console.until("✓ CAUGHT UP", "polls.question 2", "0 dead letters")
        console.press("v")
        console.until("waiting", *page.quotes("recovered"))
        console.press("q")
        console.until("following")
        console.press("q")
        assert console.ended() == 0
    assert project.questions() == [1, 2]


def test_headless_the_database_is_locked(impatient):
    project = impatient
    page = Situation("The database is locked")
    project.append(question(1))
    project.apply()
    project.append(question(2))
    command = page.command()
    with watched(project.start(*command.arguments)) as process:
        with locked(project):
            said = read_until(process, "WAITING")
        rest, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0, errors
    command.check(said + rest)
    assert page.done
    assert project.questions() == [1, 2]


def test_a_lock_on_postgresql_is_waited_for_in_the_open(tmp_path, postgres_server):
    import psycopg
    from psycopg import conninfo

    page = Situation("The database is locked", sooner=("lock_timeout=5s", "lock_timeout=300ms"))
    (setting,) = page.settings
    host = conninfo.conninfo_to_dict(postgres_server.get_uri())["host"]
    name = "trouble"
    with psycopg.connect(host=host, user="postgres", autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}")
    project = Project(tmp_path, SETTINGS + POSTGRES.format(name=name, host=host) + setting)
    project.migrate()
    project.append(question(1))
    with psycopg.connect(host=host, user="postgres", dbname=name) as other:
        other.execute("LOCK TABLE polls_question")
        with watched(project.start(*page.command().arguments)) as process:
            said = read_until(process, "WAITING")
            other.rollback()
            rest, errors = process.communicate(timeout=DEADLINE_SECONDS)
        rows = other.execute("SELECT pkid FROM polls_question").fetchall()
    assert "WAITING: database: canceling statement due to lock timeout" in said
    assert "recovered: It is back, at attempt" in rest
    assert process.returncode == 0, errors
    assert rows == [(1,)]


def read_until(process, text):
    """The lines that a process says, up to one with that text."""
    said = ""
    for line in process.stdout:
        said += line
        if text in line:
            return said
    raise AssertionError(f"never said {text}: {said}")


# Somebody reset the log


def test_somebody_reset_the_log(project):
    page = Situation("Somebody reset the log")
    with project.console() as console:
        console.until(*page.quotes("○ NO FILE YET"))
        project.append(questions(range(1, 9)))
        console.until("✓ CAUGHT UP", "polls.question 8")
        again = question(1, "once more")
        project.log.write_bytes(again)
        console.until(
            *page.screen, *page.quotes("✓ CAUGHT UP"), f"offset {len(again)} / {len(again)}"
        )
        console.press(" ")
        console.until("‖ PAUSED")
        project.append(questions(range(9, 19)))
        console.until("1.9 KiB")
        project.log.write_bytes(question(2, "once more"))
        console.press(" ")
        console.until("✓ CAUGHT UP", "! 1 gap")
        console.press("v")
        console.until(*page.quotes("1,929 unread bytes of it are known"))
        console.press("q")
        console.until("following")
        console.press("q")
        assert console.ended() == 0
    texts = project.query("SELECT question_text FROM polls_question WHERE pkid IN (1, 2)")
    assert texts == [("once more",)] * 2


def test_headless_somebody_reset_the_log(project):
    page = Situation("Somebody reset the log")
    project.append(questions(range(1, 9)))
    project.apply()
    project.log.write_bytes(questions(range(9, 30)))  # longer than what was read

    page.follow(project.folder)
    assert project.questions() == [*range(1, 30)]
    assert project.status()["gaps"] == 0

    project.log.unlink()
    page.follow(project.folder, status=1)
    assert page.done


def test_an_old_copy_of_the_log_was_put_back(project):
    project.append(question(1, "old"), question(2, "old"))
    old = shutil.copy(project.log, project.folder / "copy")
    project.append(question(2, "new"))
    project.apply()
    shutil.copy(old, project.log)

    status, said = project.apply()

    assert status == 0
    assert "truncated: " in said
    assert project.query("SELECT question_text FROM polls_question") == [("old",)] * 2


# The database was restored, or is damaged


def test_the_database_was_restored(project):
    page = Situation("The database was restored, or is damaged")
    project.append(question(1))
    project.apply()
    with (
        project.console() as console,
        closing(sqlite3.connect(project.folder / "site.sqlite3", timeout=20)) as database,
        closing(sqlite3.connect(":memory:")) as backup,
    ):
        console.until("✓ CAUGHT UP")
        database.backup(backup)
        project.append(question(2))
        console.until("polls.question 2")
        backup.backup(database)
        project.append(question(3))
        console.until("polls.question 3")
        console.press("v")
        console.until(*page.screen)
        console.press("q")
        console.until("following")
        console.press("q")
        assert console.ended() == 0
    assert project.questions() == [1, 2, 3]


@contextmanager
def damaged(project, table):
    """A project whose database cannot read one table."""
    ((page_size,),) = project.query("PRAGMA page_size")
    ((page,),) = project.query(f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")
    with (project.folder / "site.sqlite3").open("r+b", buffering=0) as file:
        file.seek((page - 1) * page_size)
        whole = file.read(page_size)
        for content in (b"\xa5" * page_size, whole):
            file.seek((page - 1) * page_size)
            file.write(content)
            if content is not whole:
                yield


def test_headless_the_database_is_damaged_and_then_half_of_it_restored(project):
    page = Situation("The database was restored, or is damaged")
    project.append(questions(range(1, 9)))
    project.apply()
    project.append(question(9))
    with damaged(project, "polls_question"):
        page.follow(project.folder, status=1)

    with closing(sqlite3.connect(project.folder / "site.sqlite3")) as connection, connection:
        connection.execute("DELETE FROM polls_question WHERE pkid > 4")
    page.follow(project.folder)
    assert project.questions() == [1, 2, 3, 4, 9]

    page.follow(project.folder)
    assert project.questions() == [*range(1, 10)]
    assert project.query("SELECT * FROM tui_ingest_deadletter") == []
    assert page.done
