"""PostgreSQL's counters, kept ahead of the keys that a log brought along.

An INSERT with an explicit key does not move the counter of its column; the next local INSERT would
be given a number that is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

# How far a counter is moved one number at a time. `setval` could move it back if other sessions
# draw numbers between looking at it and setting it; `nextval` never can. Over a longer way the
# others cannot draw as many numbers in that moment.
NEAR = 1_000

_ADVANCE = """
    SELECT CASE
        WHEN gap > %s THEN setval(sequence, highest)
        WHEN gap > 0 THEN (
            SELECT count(*) FROM (SELECT nextval(sequence) FROM generate_series(1, gap)) AS drawn
        )
    END
    FROM (
        SELECT sequence, highest, highest - coalesce(pg_sequence_last_value(sequence), 0) AS gap
        FROM (
            SELECT pg_get_serial_sequence(%s, %s)::regclass AS sequence, %s::bigint AS highest
        ) AS named
    ) AS measured
"""


def reset(connection: BaseDatabaseWrapper, highest: Mapping[type[Model], int]) -> None:
    """See to it that the next number drawn for each model is above the highest key written.

    Never moves a counter back. Other databases than PostgreSQL do this by themselves.

    Args:
        highest: by model, the highest explicit key that was inserted.
    """
    if connection.vendor != "postgresql" or not highest:
        return
    with connection.cursor() as cursor:
        for model, key in highest.items():
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(_ADVANCE, [NEAR, table, model._meta.pk.column, key])
