"""Triggers of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui_ingest.recorder.captures import Capture
from tui_ingest.recorder.triggers.dialect import PREFIX, Dialect, Trigger, literal, marked, name_for

_SILENT = "tui_ingest.silent"  # on: the transaction's changes are not noted
_EVENT = "ROW"  # INSERT, UPDATE and DELETE
_COLUMN = re.compile(r'\b(OLD|NEW|gone)\.("(?:[^"]|"")+")')


class PostgresqlDialect(Dialect):
    """A function per table, called by a row trigger and by one for TRUNCATE.

    The function runs as its owner: whoever may write the table needs no right to write changes. A
    row trigger of a partitioned table is one of its partitions, too.
    """

    now = "extract(epoch FROM clock_timestamp())"
    array, mapping = "json_build_array", "json_build_object"
    differs = "OLD.{0} IS DISTINCT FROM NEW.{0}"
    if_changed = "CASE WHEN TG_OP = 'UPDATE' AND ({}) THEN {} END"

    def find(self, table: str) -> str | None:
        [[found]] = self.rows(
            "SELECT (SELECT oid::regclass::text FROM pg_class"
            " WHERE oid = to_regclass(%s) AND relkind IN ('r', 'p'))",
            [self.quoted(table)],
        )
        return None if found is None else str(found)

    def needed(self, capture: Capture) -> list[Trigger]:
        table = self.quoted(capture.table)
        body = self._body(capture)
        name = name_for(table, body)
        function = f"{self._schema()}.{self.quoted(name)}"
        loud = f"current_setting('{_SILENT}', true) IS DISTINCT FROM 'on'"
        call = f"WHEN ({loud}) EXECUTE FUNCTION {function}()"
        row, all_rows = self.quoted(name), self.quoted(f"{name}_all")
        events = "INSERT OR UPDATE OR DELETE"
        create = (
            self._function(function, body),
            f"DROP TRIGGER IF EXISTS {row} ON {table}",
            f"DROP TRIGGER IF EXISTS {all_rows} ON {table}",
            f"CREATE TRIGGER {row} AFTER {events} ON {table} FOR EACH ROW {call}",
            f"CREATE TRIGGER {all_rows} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}",
        )
        return [Trigger(name=name, table=table, event=_EVENT, body=body, create=create)]

    def _function(self, function: str, body: str) -> str:
        return (
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql"
            f" SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $tui_ingest${body}"
            "$tui_ingest$"
        )

    def _schema(self) -> str:
        """Return the schema of the table of changes, quoted."""
        return self._told("quote_ident(nspname)", self.changes)

    def _told(self, what: str, table: str) -> str:
        [[found]] = self.rows(
            f"SELECT {what} FROM pg_namespace n JOIN pg_class c"
            " ON c.relnamespace = n.oid WHERE c.oid = to_regclass(%s)",
            [table],
        )
        return str(found)

    def _body(self, capture: Capture) -> str:
        moved = self.changed(capture.key)
        gone = self.note(capture, capture.removal, "OLD", self.unique(capture))
        kept = self.note(capture, "save", "NEW", self.unique_before(capture))
        return f"""
{marked(capture.label)}
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    {self._truncated(capture)}
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND ({moved})) THEN
    {gone};
  END IF;
  IF TG_OP <> 'DELETE' THEN
    {kept};
  END IF;
  RETURN NULL;
END
"""

    def _truncated(self, capture: Capture) -> str:
        """Note every row that is about to go: afterwards nobody could tell which they were."""
        qualified = "quote_ident(nspname) || '.' || quote_ident(relname)"
        rows = self._told(qualified, self.quoted(capture.table))
        if capture.is_link:  # once per row that has links
            rows = f"(SELECT DISTINCT {self.quoted(capture.key[0])} FROM {rows})"
        note = self.note(capture, capture.removal, "gone", self.unique(capture, "gone"))
        return f"{note} FROM {rows} AS gone;"

    def noted_in(self) -> str:
        return f"{self._schema()}.{self.changes}"

    def installed(self) -> Mapping[str, Trigger]:
        found = self.rows(
            "SELECT t.tgname, t.tgrelid::regclass::text, p.prosrc"
            " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgenabled IN ('O', 'A')"
            " AND left(t.tgname, %s) = %s AND p.proname = t.tgname"
            " AND p.pronamespace ="
            " (SELECT relnamespace FROM pg_class WHERE oid = to_regclass(%s))"
            " AND EXISTS (SELECT FROM pg_trigger a WHERE a.tgrelid = t.tgrelid"
            " AND a.tgname = t.tgname || '_all' AND a.tgenabled IN ('O', 'A'))",
            [len(PREFIX), PREFIX, self.changes],
        )
        return {
            name: Trigger(name=name, table=table, event=_EVENT, body=source)
            for name, table, source in found
        }

    def drop(self, trigger: Trigger) -> None:
        function = f"{self._schema()}.{self.quoted(trigger.name)}"
        self.run(f"DROP FUNCTION IF EXISTS {function}() CASCADE")

    def loosen(self, trigger: Trigger, capture: Capture | None) -> None:  # noqa: ARG002
        """Look columns up by name when a row changes: one that is gone is null, and no error."""

        def by_name(column: re.Match[str]) -> str:
            name = column[2][1:-1].replace('""', '"')
            return f"(to_jsonb({column[1]}) -> {literal(name)})"

        function = f"{self._schema()}.{self.quoted(trigger.name)}"
        self.run(self._function(function, _COLUMN.sub(by_name, trigger.body)))

    def silence(self) -> str:
        [[before]] = self.rows(f"SELECT current_setting('{_SILENT}', true)")
        self._set_silent("on")
        return before or ""

    def end_silence(self, before: str) -> None:
        if not self.connection.needs_rollback:
            self._set_silent(before)

    def _set_silent(self, value: str) -> None:
        """Until the end of the transaction, or of the savepoint if that is rolled back."""
        self.rows(f"SELECT set_config('{_SILENT}', %s, true)", [value])
