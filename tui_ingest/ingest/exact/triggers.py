"""Triggers and rules of a table, which may tell one way of writing a row from another."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

# Others have none that act on a statement as a whole.
_QUERIES = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s LIMIT 1",
    "postgresql": (
        "SELECT relhasrules OR EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = pg_class.oid"
        " AND NOT tgisinternal) FROM pg_class WHERE oid = to_regclass(%s)"
    ),
}


def has_triggers(model: type[Model], connection: BaseDatabaseWrapper) -> bool:
    """Tell whether the table of a model has triggers, or rules, that somebody wrote."""
    query = _QUERIES.get(connection.vendor)
    if query is None:
        return False
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(query, [table])
        found = cursor.fetchone()
        return found is not None and bool(found[0])
