"""One state of the database for all that is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction


@contextmanager
def snapshot(database: str) -> Iterator[None]:
    """Enter a transaction that only reads, and sees nothing of what is committed meanwhile."""
    connection = connections[database]
    if connection.vendor == "sqlite":
        # Not Django's: a project may have its transactions begin with the lock of a writer.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(using=database, durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
