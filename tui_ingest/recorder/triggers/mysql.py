"""Triggers of MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Mapping

from tui_ingest.recorder.captures import Capture
from tui_ingest.recorder.triggers.dialect import PREFIX, Dialect, Trigger, literal, marked, name_for

_NOW = "UNIX_TIMESTAMP(NOW(6))"


class MysqlDialect(Dialect):
    """Three triggers per table.

    A statement that changes a table's columns may leave triggers behind that fail. Creating one is
    no part of a transaction: a new one gets another name, and is there before the old one goes.
    """

    def find(self, table: str) -> str | None:
        found = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            " AND table_type = 'BASE TABLE' AND table_name = %s",
            [self.bare(table)],
        )
        return self.from_catalogue(found[0][0]) if found else None

    def needed(self, capture: Capture) -> list[Trigger]:
        if capture.is_link:
            gone = self._note(capture, "save", "OLD")
            updated = [
                self._note(capture, "save", "NEW"),
                f"IF {self._moved(capture)} THEN {gone} END IF;",
            ]
        else:
            gone = self._note(capture, "delete", "OLD", unique=self._unique(capture))
            updated = [
                f"IF {self._moved(capture)} THEN {gone} END IF;",
                self._note(capture, "save", "NEW", unique=self._changed(capture)),
            ]
        bodies = {"INSERT": [self._note(capture, "save", "NEW")], "UPDATE": updated}
        bodies["DELETE"] = [gone]
        return [self._trigger(capture, event, lines) for event, lines in bodies.items()]

    def _trigger(self, capture: Capture, event: str, statements: list[str]) -> Trigger:
        table = self.quoted(capture.table)
        body = (
            f"BEGIN {marked(capture.label)} IF @tui_ingest_silent IS NULL THEN"
            f" {' '.join(statements)} END IF; END"
        )
        name = name_for(table, event, body)
        sql = f"CREATE TRIGGER {self.quoted(name)} AFTER {event} ON {table} FOR EACH ROW {body}"
        return Trigger(name=name, table=table, event=event, body=body, create=(sql,))

    def _moved(self, capture: Capture) -> str:
        return " OR ".join(
            f"NOT OLD.{column} <=> NEW.{column}" for column in map(self.quoted, capture.key)
        )

    def _note(self, capture: Capture, operation: str, row: str, unique: str = "NULL") -> str:
        key = ", ".join(f"{row}.{self.quoted(column)}" for column in capture.key)
        return (
            f"INSERT INTO {self.changes} (`model`, `key`, `operation`, `unique`, `at`)"
            f" VALUES ({literal(capture.label)}, JSON_ARRAY({key}), '{operation}', {unique},"
            f" {_NOW});"
        )

    def _unique(self, capture: Capture) -> str:
        if not capture.unique:
            return "NULL"
        pairs = (f"{literal(name)}, OLD.{self.quoted(column)}" for name, column in capture.unique)
        return f"JSON_OBJECT({', '.join(pairs)})"

    def _changed(self, capture: Capture) -> str:
        if not capture.unique:
            return "NULL"
        columns = [self.quoted(column) for _, column in capture.unique]
        same = " AND ".join(f"OLD.{column} <=> NEW.{column}" for column in columns)
        return f"IF({same}, NULL, {self._unique(capture)})"

    def installed(self) -> Mapping[str, Trigger]:
        found = self.rows(
            "SELECT trigger_name, event_object_table, event_manipulation, action_statement"
            " FROM information_schema.triggers"
            " WHERE trigger_schema = DATABASE() AND left(trigger_name, %s) = %s",
            [len(PREFIX), PREFIX],
        )
        return {
            name: Trigger(name=name, table=self.from_catalogue(table), event=event, body=body)
            for name, table, event, body in found
        }

    def drop(self, trigger: Trigger) -> None:
        self.run(f"DROP TRIGGER IF EXISTS {self.quoted(trigger.name)}")

    def loosen(self, trigger: Trigger, capture: Capture | None) -> None:  # noqa: ARG002
        """Nothing here can look a column up by name: do without it, and resend later."""
        self.drop(trigger)

    def silence(self) -> bool:
        [[before]] = self.rows("SELECT @tui_ingest_silent")
        self.run("SET @tui_ingest_silent = 1")
        return before is not None

    def end_silence(self, before: bool) -> None:
        """Forget the variable of the session, which no rollback does; and not by Django, which
        would refuse to before that.
        """
        if not before and self.connection.connection is not None:
            with self.connection.connection.cursor() as cursor:
                cursor.execute("SET @tui_ingest_silent = NULL")
