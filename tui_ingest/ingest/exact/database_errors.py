"""Whose fault an error is: the database's, which passes, or the record's that met it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

from tui_ingest.databases.faults import Fault, fault_of, is_damage
from tui_ingest.ingest.reasons import ReceiverError


def is_transient(error: BaseException) -> bool:
    """Tell whether the same work may succeed later without anybody changing the record.

    Locked, connection lost, deadlock, serialization failure, disk full, read-only: errors of the
    database only.
    """
    # Of a broken transaction the cause is what had broken it before.
    has_other = isinstance(error, ReceiverError | TransactionManagementError)
    if has_other and error.__cause__ is not None:
        return is_transient(error.__cause__)
    return isinstance(error, DatabaseError | InterfaceError) and fault_of(error) is Fault.TRANSIENT


def is_of_the_database(error: BaseException) -> bool:
    """Tell whether an error says nothing about the record that met it."""
    return is_transient(error) or is_damage(error)


def is_of_no_record(error: BaseException) -> bool:
    """Tell whether an error would have met any other record as well."""
    return isinstance(error, MemoryError) or is_of_the_database(error)


@contextlib.contextmanager
def unless_unusable(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Leave what the database cannot do now for another time, which opens its connection anew."""
    try:
        yield
    except Exception as error:
        if not is_of_the_database(error):
            raise
        connection.close()
