"""Triggers of MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Mapping

from tui_ingest.recorder.captures import Capture
from tui_ingest.recorder.triggers.dialect import PREFIX, Dialect, Trigger, marked, name_for


class MysqlDialect(Dialect):
    """Three triggers per table.

    A statement that changes a table's columns may leave triggers behind that fail. Creating one is
    no part of a transaction: a new one gets another name, and is there before the old one goes.
    """

    now = "UNIX_TIMESTAMP(NOW(6))"
    array, mapping = "JSON_ARRAY", "JSON_OBJECT"
    inserts = "VALUES ({});"
    differs = "NOT OLD.{0} <=> NEW.{0}"

    def find(self, table: str) -> str | None:
        found = self.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            " AND table_type = 'BASE TABLE' AND table_name = %s",
            [self.bare(table)],
        )
        return self.from_catalogue(found[0][0]) if found else None

    def needed(self, capture: Capture) -> list[Trigger]:
        kept = self.note(capture, "save", "NEW", self.unique_before(capture))
        gone = self.note(capture, capture.removal, "OLD", self.unique(capture))
        moved = f"IF {self.changed(capture.key)} THEN {gone} END IF;"
        bodies = {
            "INSERT": [self.note(capture, "save", "NEW")],
            "UPDATE": [kept, moved] if capture.is_link else [moved, kept],
            "DELETE": [gone],
        }
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

    def unique_before(self, capture: Capture) -> str:
        if not capture.unique:
            return "NULL"
        columns = [self.quoted(column) for _, column in capture.unique]
        same = " AND ".join(f"OLD.{column} <=> NEW.{column}" for column in columns)
        return f"IF({same}, NULL, {self.unique(capture)})"

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
