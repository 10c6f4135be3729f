"""Columns of which a database is known to refuse a NULL: to ask it once more takes long."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from tui_ingest.ingest.exact import writing
from tui_ingest.ingest.exact.triggers import has_triggers
from tui_ingest.ingest.model_fields import AnyField

# The database's own tables say it: a model may be mistaken about one that it has not made. MySQL's
# mode may make something of a NULL.
_QUERIES = {
    "sqlite": 'SELECT name FROM pragma_table_info(%s) WHERE "notnull"',
    "postgresql": (
        "SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE attrelid = to_regclass(%s) AND attnotnull AND relkind IN ('r', 'p')"
    ),
}


def never_null(model: type[Model], connection: BaseDatabaseWrapper) -> tuple[AnyField, ...]:
    """Return the fields of a model's own table, but for its key, whose NULL is refused whatever the
    tables contain. None where a trigger may put something in its place.
    """
    query = _QUERIES.get(connection.vendor)
    if query is None or has_triggers(model, connection):
        return ()
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        refusing = {name for (name,) in cursor.fetchall()}
    return tuple(
        field
        for field in writing.columns(model)
        if not field.primary_key
        and not field.null
        and field.column in refusing
        and _is_written_as_null(field, connection)
    )


def _is_written_as_null(field: AnyField, connection: BaseDatabaseWrapper) -> bool:
    """A field of the project's own may write something else."""
    try:
        return field.get_db_prep_save(None, connection) is None
    except Exception:  # it may raise anything
        return False
