"""PostgreSQL's counters, kept ahead of the keys that a log brought along.

An INSERT with an explicit key does not move the counter of its column; the next local INSERT would
be given a number that is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from tui_ingest.digests.fields import is_auto
from tui_ingest.ingest.model_fields import concrete, primary_key
from tui_ingest.ingest.target import Target

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


class Counters:
    """The highest explicit key written to each model whose rows the database numbers.

    Kept until the counters are moved, which is best done once, at the end of a batch.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._highest: dict[type[Model], int] = {}

    @property
    def are_behind(self) -> bool:
        """Whether keys have to be remembered: other databases than PostgreSQL do it themselves."""
        return self._target.connection.vendor == "postgresql"

    def remember(self, model: type[Model], key: Any) -> None:
        """Take note of a key that was inserted, as Python or as the database has it."""
        owner = concrete(model)
        field = primary_key(owner)
        if self.are_behind and is_auto(field):
            number = field.get_db_prep_save(key, self._target.connection)
            self._highest[owner] = max(number, self._highest.get(owner, 0))

    @contextmanager
    def undone_with(self) -> Iterator[None]:
        """Forget the keys of a block that fails: its rows are rolled back."""
        before = dict(self._highest)
        try:
            yield
        except BaseException:
            self._highest = before
            raise

    def forget(self) -> None:
        """Forget all keys: the work is rolled back."""
        self._highest = {}

    def move(self, model: type[Model] | None = None) -> None:
        """Move the counter of one model, or all of them, above the keys written so far."""
        owners = [*self._highest] if model is None else [concrete(model)]
        known = {one: self._highest.pop(one) for one in owners if one in self._highest}
        reset(self._target.connection, known)


def reset(connection: BaseDatabaseWrapper, highest: Mapping[type[Model], int]) -> None:
    """See to it that the next number drawn for each model is above the highest key written.

    Never moves a counter back. Only on PostgreSQL.

    Args:
        highest: by model, the highest explicit key that was inserted.
    """
    if not highest:
        return
    with connection.cursor() as cursor:
        for model, key in highest.items():
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(_ADVANCE, [NEAR, table, model._meta.pk.column, key])
