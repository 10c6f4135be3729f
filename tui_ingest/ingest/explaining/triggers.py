"""Triggers and rules of a table: they act on every row that a log writes, too."""

from __future__ import annotations

from django.db import Error
from django.db.models import Model

from tui_ingest.ingest.target import Target

_QUERIES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(quote_ident(%s))"
        " AND NOT tgisinternal"
    ),
    "mysql": (
        "SELECT trigger_name FROM information_schema.triggers"
        " WHERE trigger_schema = database() AND event_object_table = %s"
    ),
}


def triggers_of(target: Target, model: type[Model]) -> list[str]:
    """Return the names of the triggers that somebody wrote; none where that cannot be asked."""
    query = _QUERIES.get(target.connection.vendor)
    if query is None:
        return []
    try:
        with target.atomic(), target.connection.cursor() as cursor:
            cursor.execute(query, [model._meta.db_table])
            return sorted(name for (name,) in cursor.fetchall())
    except Error:  # not allowed to look
        return []
