"""Triggers of SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui_ingest.recorder.captures import Capture
from tui_ingest.recorder.triggers.dialect import PREFIX, Dialect, Trigger, marked, name_for


class SqliteDialect(Dialect):
    """Three triggers per table.

    SQLite renames columns in triggers by itself; where it cannot, Django makes the table anew and
    drops them.
    """

    now = "(julianday('now') - 2440587.5) * 86400.0"
    array, mapping = "json_array", "json_object"
    differs = "OLD.{0} IS NOT NEW.{0}"
    if_changed = "CASE WHEN {} THEN {} END"

    def find(self, table: str) -> str | None:
        """Virtual ones (a search index, FTS5) take no triggers, and are no tables here."""
        found = self.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name = %s COLLATE NOCASE"
            " AND sql NOT LIKE 'CREATE VIRTUAL %%'",
            [self.bare(table)],
        )
        return self.from_catalogue(found[0][0]) if found else None

    def needed(self, capture: Capture) -> list[Trigger]:
        kept = self.note(capture, "save", "NEW")
        gone = self.note(capture, capture.removal, "OLD", self.unique(capture))
        changed = f"{self.note(capture, 'save', 'NEW', self.unique_before(capture))};"
        moved = f"{gone} WHERE {self.changed(capture.key)};"
        updated = [changed, moved] if capture.is_link else [moved, changed]
        bodies = {"INSERT": [f"{kept};"], "UPDATE": updated, "DELETE": [f"{gone};"]}
        return [self._trigger(capture, event, body) for event, body in bodies.items()]

    def _trigger(self, capture: Capture, event: str, statements: list[str]) -> Trigger:
        table = self.quoted(capture.table)
        body = " ".join(statements)
        name = name_for(table, event, body)
        sql = (
            f"CREATE TRIGGER {self.quoted(name)} AFTER {event} ON {table}"
            f" BEGIN {marked(capture.label)} {body} END"
        )
        return Trigger(name=name, table=table, event=event, body=sql, create=(sql,))

    def value(self, row: str, column: str) -> str:
        """A column of any type may hold a blob here, which JSON refuses."""
        value = super().value(row, column)
        return f"CASE typeof({value}) WHEN 'blob' THEN hex({value}) ELSE {value} END"

    def installed(self) -> Mapping[str, Trigger]:
        found = self.rows(
            "SELECT name, tbl_name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND substr(name, 1, %s) = %s",
            [len(PREFIX), PREFIX],
        )
        return {
            name: Trigger(name=name, table=self.from_catalogue(table), event=_event(sql), body=sql)
            for name, table, sql in found
        }

    def drop(self, trigger: Trigger) -> None:
        self.run(f"DROP TRIGGER IF EXISTS {self.quoted(trigger.name)}")

    def create(self, trigger: Trigger) -> None:
        self.drop(trigger)
        super().create(trigger)

    def loosen(self, trigger: Trigger, capture: Capture | None) -> None:
        """Note the key alone: a column that a trigger names cannot be dropped."""
        if capture is None:
            return
        for needed in self.needed(replace(capture, unique=())):
            if needed.event == trigger.event and needed.name != trigger.name:
                self.create(needed)
                self.drop(trigger)

    def silence(self) -> int | None:
        """Remember what the transaction found; None if the recorder is not migrated here."""
        from tui_ingest.recorder.models import Change

        found = self.rows(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence s WHERE s.name = m.name), 0)"
            " FROM sqlite_master m WHERE type = 'table' AND name = %s",
            [Change._meta.db_table],
        )
        return int(found[0][0]) if found else None

    def end_silence(self, before: int | None) -> None:
        """Remove what the transaction added: nobody else writes meanwhile."""
        if before is not None and not self.connection.needs_rollback:
            self.run(f"DELETE FROM {self.changes} WHERE id > {before}")  # a number


def _event(sql: str) -> str:
    return sql.partition(" AFTER ")[2].partition(" ")[0]
