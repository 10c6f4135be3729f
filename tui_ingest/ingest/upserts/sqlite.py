"""SQLite: one prepared statement, executed for every record in log order."""

from __future__ import annotations

from operator import length_hint

from tui_ingest.ingest.failures import is_transient
from tui_ingest.ingest.gathering import Group
from tui_ingest.ingest.tables import Table
from tui_ingest.ingest.upserts.errors import RowRefusedError
from tui_ingest.ingest.upserts.statements import names, on_conflict, rows, written

WRITES_LAST_STATES = False


def has_triggers(table: Table) -> bool:
    """See `Dialect`."""
    with table.connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s LIMIT 1",
            [table.model._meta.db_table],
        )
        return cursor.fetchone() is not None


def write(group: Group) -> None:
    """See `Dialect`."""
    columns = written(group.layout)
    marks = ", ".join(["%s"] * len(columns))
    rest = iter(rows(group))
    with group.table.connection.cursor() as cursor:
        try:
            cursor.executemany(
                f"INSERT INTO {group.table.quoted} ({names(columns)}) VALUES ({marks})"  # noqa: S608
                f" {on_conflict(group.layout)}",
                rest,  # type: ignore[arg-type]  # an iterator will do
            )
        except Exception as error:
            if is_transient(error):
                raise
            # Rows are taken one by one: the one taken last was refused.
            raise RowRefusedError(group.indexes[-1 - length_hint(rest)]) from error
