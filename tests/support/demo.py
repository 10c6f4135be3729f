"""The real program on the embedded project, as a process of its own, and a look at its database."""

import os
import sqlite3
import subprocess
from contextlib import closing

from tests.support import forks
from tests.support.site import finished

TABLES = {
    "polls_question": "id, pkid, question_text, pub_date",
    "polls_choice": "id, pkid, question_id, choice_text, votes",
    "tui_ingest_modeltotal": "model, saved, deleted, missing, failed, skipped",
}


class Demo:
    """One database of the embedded project, and the processes that write it."""

    def __init__(self, folder):
        self.database = folder / "demo.sqlite3"
        self._environment = {
            **{k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"},
            "TUI_INGEST_DEMO_DB": str(self.database),
            "PYTHONUNBUFFERED": "1",
        }
        self._folder = folder  # without a manage.py in it or above it

    def start(self, *arguments, **options):
        return forks.start(
            ["-m", "tui_ingest", *map(str, arguments), "--headless"],
            folder=self._folder,
            environment=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=options.get("stdout", subprocess.DEVNULL),
            stderr=options.get("stderr", subprocess.DEVNULL),
        )

    def run(self, *arguments):
        """Run to the end; the finished process with its output."""
        started = self.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return finished(started)

    def script(self, code, *arguments):
        """Run Python code with Django set up on the embedded project."""
        preamble = (
            "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tui_ingest.demo.settings'\n"
            "import django; django.setup()\n"
        )
        started = forks.start(
            ["-c", preamble + code, *map(str, arguments)],
            folder=self._folder,
            environment=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return finished(started)

    def query(self, sql, *parameters):
        """Rows as other processes see them now; none before the tables exist."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database, timeout=20)) as connection:
            try:
                return connection.execute(sql, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def position(self):
        rows = self.query("SELECT last_processed_position FROM tui_ingest_processedfile")
        return rows[0][0] if rows else 0

    def contents(self):
        """Every row that the log can change, and the totals."""
        return {
            table: self.query(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
            for table, columns in TABLES.items()
        }
