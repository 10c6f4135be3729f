"""Contender: what could be reached by hand for these two tables and nothing else. No Django.

No checks, no dead letters, no totals: it trusts every byte. The checkpoint moves with the rows.
Run as a program with the log's path and the database: a SQLite file, or a PostgreSQL conninfo.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable
from typing import Any

import orjson

RECORDS_PER_TRANSACTION = 10_000
Rows = dict[str, tuple[Any, ...] | None]  # by UUID, in the order of the log; None: deleted
QUESTION = "polls_question(pkid, id, question_text, pub_date)"
QUESTION_SET = "question_text = excluded.question_text, pub_date = excluded.pub_date"
CHOICE = "polls_choice(pkid, id, question_id, choice_text, votes)"
CHOICE_SET = (
    "question_id = excluded.question_id, choice_text = excluded.choice_text, votes = excluded.votes"
)
CHECKPOINT_TABLE = "CREATE TABLE IF NOT EXISTS limit_checkpoint (path text, position bigint)"
NEW_CHECKPOINT = "INSERT INTO limit_checkpoint VALUES ({0}, 0)"
CHECKPOINT = "UPDATE limit_checkpoint SET position = {0} WHERE path = {0}"


def coalesce(batch: Iterable[bytes]) -> tuple[Rows, Rows]:
    """Return the last state of every row that the lines speak of: questions, choices."""
    questions: Rows = {}
    choices: Rows = {}
    loads = orjson.loads
    for line in batch:
        _, operation, objects = line.split(b" ", 2)
        (found,) = loads(objects)
        fields = found["fields"]
        key = fields["id"]
        if found["model"] == "polls.choice":
            if operation == b"DELETE":
                choices[key] = None
            else:
                text, votes = fields["choice_text"], fields["votes"]
                choices[key] = (found["pk"], key, fields["question"], text, votes)
        elif operation == b"DELETE":
            questions[key] = None
        else:
            questions[key] = (found["pk"], key, fields["question_text"], fields["pub_date"])
    return questions, choices


def sqlite_time(text: str) -> str:
    """Return '2023-10-27 08:31:40.182000' for '2023-10-27T08:31:40.182Z'."""
    time = text[:-1].replace("T", " ")
    return time[:-4] if time.endswith(".000") else time + "000"


def deleted(rows: Rows) -> list[str]:
    return [key for key, row in rows.items() if row is None]


class Sqlite:
    """`executemany`, in the columns' own formats."""

    def __init__(self, database: str) -> None:
        import sqlite3

        from tui_ingest.demo.settings import DATABASES

        self._connection = sqlite3.connect(database, isolation_level=None)
        self._connection.executescript(DATABASES["default"]["OPTIONS"]["init_command"])
        # Django sets this one itself, on every connection: the same pragmas for everybody.
        self._connection.execute("PRAGMA foreign_keys = ON")

    def begin(self, path: str) -> None:
        self._connection.execute(CHECKPOINT_TABLE)
        self._connection.execute(NEW_CHECKPOINT.format("?"), (path,))

    def write(self, questions: Rows, choices: Rows, path: str, position: int) -> None:
        execute, many = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        many(
            f"INSERT INTO {QUESTION} VALUES (?, ?, ?, ?)"
            f" ON CONFLICT (id) DO UPDATE SET {QUESTION_SET}",
            [
                (row[0], row[1].replace("-", ""), row[2], sqlite_time(row[3]))
                for row in questions.values()
                if row
            ],
        )
        many(
            f"INSERT INTO {CHOICE} VALUES (?, ?, ?, ?, ?)"
            f" ON CONFLICT (id) DO UPDATE SET {CHOICE_SET}",
            [
                (row[0], row[1].replace("-", ""), row[2].replace("-", ""), row[3], row[4])
                for row in choices.values()
                if row
            ],
        )
        for table, rows in (("polls_choice", choices), ("polls_question", questions)):
            keys = [(key.replace("-", ""),) for key in deleted(rows)]
            many(f"DELETE FROM {table} WHERE id = ?", keys)
        execute(CHECKPOINT.format("?"), (position, path))
        execute("COMMIT")


class Postgres:
    """COPY into a temporary table, one INSERT … ON CONFLICT, one DELETE."""

    def __init__(self, database: str) -> None:
        import psycopg

        self._connection = psycopg.connect(database)
        self._cursor = self._connection.cursor()
        for table in ("polls_question", "polls_choice"):
            self._cursor.execute(
                f"CREATE TEMP TABLE new_{table} (LIKE {table}) ON COMMIT DELETE ROWS"
            )

    def begin(self, path: str) -> None:
        self._cursor.execute(CHECKPOINT_TABLE)
        self._cursor.execute(NEW_CHECKPOINT.format("%s"), (path,))

    def write(self, questions: Rows, choices: Rows, path: str, position: int) -> None:
        for into, changes, rows in (
            (QUESTION, QUESTION_SET, questions),
            (CHOICE, CHOICE_SET, choices),
        ):
            table, columns = into.rstrip(")").split("(")
            with self._cursor.copy(f"COPY new_{into} FROM STDIN") as copy:
                for row in rows.values():
                    if row:
                        copy.write_row(row)
            self._cursor.execute(
                f"INSERT INTO {into} SELECT {columns} FROM new_{table}"
                f" ON CONFLICT (id) DO UPDATE SET {changes}"
            )
        for table, rows in (("polls_choice", choices), ("polls_question", questions)):
            self._cursor.execute(
                f"DELETE FROM {table} WHERE id = ANY(%s::uuid[])", (deleted(rows),)
            )
        self._cursor.execute(CHECKPOINT.format("%s"), (position, path))
        self._connection.commit()


def ingest(path: str, database: Sqlite | Postgres) -> None:
    database.begin(path)
    position = 0
    with open(path, "rb") as log:  # noqa: PTH123
        while batch := list(itertools.islice(log, RECORDS_PER_TRANSACTION)):
            position += sum(map(len, batch))
            database.write(*coalesce(batch), path, position)


if __name__ == "__main__":
    target = sys.argv[2]
    ingest(sys.argv[1], Postgres(target) if "host=" in target else Sqlite(target))
