"""The processes of one project, each with its settings, and the databases they work on."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).parents[3]
SOURCE = "tests.real_projects.harness.source"
TARGET = "tests.real_projects.harness.target"
LONGEST_SECONDS = 300  # of any process; a healthy one takes a tenth of it on a busy machine
SET_ASIDE = 3  # the exit status of a run that made dead letters: later ones may have come back


class Project:
    """A project of `projects/`, and its source, made once for all workers of a test run.

    Args:
        name: of its package.
        folder: for logs and databases; the workers share it.
    """

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder / name

    def log(self, order):
        """Return the path of the source's log with its records in this order."""
        with _made_once(self.folder / "source") as folder:
            if folder:
                self.run("-m", SOURCE, folder, database=_sqlite(folder / "source.sqlite3"))
        return self.folder / "source" / f"{order.value}.log"

    @property
    def state(self):
        """The path of the source's rows as they are at its end."""
        return self.folder / "source" / "state.json"

    def run(self, *arguments, database, statuses=(0,)):
        """Run Python with this project's settings on a database; what it prints."""
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": f"tests.real_projects.projects.{self.name}.settings",
                "REAL_PROJECT_DATABASE": json.dumps(database),
                "REAL_PROJECT_FOLDER": str(self.folder),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        assert done.returncode in statuses, f"{done.stdout}\n{done.stderr}"
        return done.stdout


class Target:
    """The same project at the other end of the log, without a row."""

    def __init__(self, project, database):
        self._project = project
        self._database = database

    def prepare(self):
        """Make its tables."""
        self._command("prepare")

    def apply(self, log):
        """Apply a whole log as its operator would."""
        arguments = ("-m", "tui_ingest", log, "--headless", "--once")
        self._project.run(*arguments, database=self._database, statuses=(0, SET_ASIDE))

    def apply_growing(self, log, copy, *, seed):
        """Apply a copy of a log that grows in portions, with a session after each."""
        self._command("grow", str(log), str(copy), seed)

    def compare(self):
        """Return the differences from the source and the open dead letters, as texts."""
        found = json.loads(self._command("compare", str(self._project.state)).splitlines()[-1])
        return found["differences"], found["letters"]

    def _command(self, name, *arguments):
        call = json.dumps([name, *arguments])
        return self._project.run("-m", TARGET, call, database=self._database)


@contextmanager
def sqlite_target(project, folder):
    """Make a target in a SQLite file in this folder."""
    with _made_once(project.folder / "target") as new:
        if new:
            Target(project, _sqlite(new / "empty.sqlite3")).prepare()
    path = folder / "target.sqlite3"
    shutil.copyfile(project.folder / "target" / "empty.sqlite3", path)
    yield Target(project, _sqlite(path))


@contextmanager
def postgres_target(project, host):
    """Make a target in a database of its own on the server at this host."""
    template = f"empty_{project.name}"
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
        known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if not known.fetchone():
            _create(admin, template)
            Target(project, _postgres(host, template)).prepare()
        name = f"target_{project.name}"
        _create(admin, name, template)
        try:
            yield Target(project, _postgres(host, name))
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _create(admin, name, template="template1"):
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _sqlite(path):
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}


def _postgres(host, name):
    engine = "django.db.backends.postgresql"
    return {"ENGINE": engine, "NAME": name, "USER": "postgres", "HOST": host}


@contextmanager
def _made_once(folder):
    """Yield a folder that is to be filled, or None where another process has filled it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / ".done"
        yield None if done.exists() else folder
        done.touch()
