"""What a database's own catalog says of a table, which a model may be mistaken about.

Triggers and rules may tell one way of writing a row from another. Of some columns a database is
known to refuse a NULL: to ask it once more takes long.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from tui_ingest.ingest.exact.writing import columns
from tui_ingest.ingest.model_fields import AnyField

# Others have none that act on a statement as a whole.
_TRIGGERS = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s LIMIT 1",
    "postgresql": (
        "SELECT 1 FROM pg_class WHERE oid = to_regclass(%s) AND (relhasrules OR EXISTS"
        " (SELECT 1 FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal))"
    ),
}
# MySQL's mode may make something of a NULL.
_REFUSING = {
    "sqlite": 'SELECT name FROM pragma_table_info(%s) WHERE "notnull"',
    "postgresql": (
        "SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE attrelid = to_regclass(%s) AND attnotnull AND relkind IN ('r', 'p')"
    ),
}


def has_triggers(model: type[Model], connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the table of a model has triggers, or rules, that somebody wrote."""
    return bool(_ask(_TRIGGERS, model, connection))


def never_null(model: type[Model], connection: BaseDatabaseWrapper) -> tuple[AnyField, ...]:
    """Return the fields of a model's own table, but for its key, whose NULL is refused whatever the
    tables contain. None where a trigger may put something in its place.
    """
    if has_triggers(model, connection):
        return ()
    refusing = _ask(_REFUSING, model, connection)
    return tuple(
        field
        for field in columns(model)
        if not field.primary_key
        and not field.null
        and field.column in refusing
        and _is_written_as_null(field, connection)
    )


def _ask(queries: dict[str, str], model: type[Model], connection: BaseDatabaseWrapper) -> set[Any]:
    """Return what this kind of database is asked for about a table; nothing if there is no way."""
    query = queries.get(connection.vendor)
    if query is None:
        return set()
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        return {found for (found,) in cursor.fetchall()}


def _is_written_as_null(field: AnyField, connection: BaseDatabaseWrapper) -> bool:
    """A field of the project's own may write something else."""
    try:
        return field.get_db_prep_save(None, connection) is None
    except Exception:  # it may raise anything
        return False
