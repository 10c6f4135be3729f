"""Rows of this app's own tables, inserted many at a time.

Django's own way compiles every value of every row: for dead letters, that have many, it takes
longer than all else that is done about them. PostgreSQL has COPY.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from tui_ingest.ingest.fast import upserts
from tui_ingest.ingest.fast.upserts import postgresql
from tui_ingest.ingest.target import Target


def insert(target: Target, rows: Sequence[Model], *, numbered: bool = False) -> None:
    """Insert rows of one model.

    Args:
        numbered: and tell them their keys.
    """
    if not rows:
        return
    if upserts.of(target.connection) is postgresql:
        _copy(target.connection, rows, numbered=numbered)
    elif numbered and not target.connection.features.can_return_rows_from_bulk_insert:
        for row in rows:  # MySQL does not tell the keys of many
            row.save(using=target.database, force_insert=True)
    else:
        target.rows(type(rows[0])).bulk_create(rows)


def _copy(connection: BaseDatabaseWrapper, rows: Sequence[Model], *, numbered: bool) -> None:
    meta = rows[0]._meta
    pk: Any = meta.pk
    table = connection.ops.quote_name(meta.db_table)
    fields = [f for f in meta.local_concrete_fields if numbered or not f.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(f.column)) for f in fields)
    with connection.cursor() as cursor:
        if numbered:
            drawn = postgresql.next_numbers(cursor, table, pk.column, len(rows))
            for row, number in zip(rows, drawn, strict=True):
                row.pk = number
        values = (
            [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
            for row in rows
        )
        postgresql.copy(cursor, f"{table} ({columns})", values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
