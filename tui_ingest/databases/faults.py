"""What kind of trouble a database reports: read from its code, which is stable, not its prose.

Sources: sqlite.org/rescode.html; PostgreSQL manual, appendix A; MySQL 'Server Error Message
Reference', MariaDB 'Error Codes'.
"""

from __future__ import annotations

import enum

from django.db import DatabaseError, DataError, InterfaceError, OperationalError


class Fault(enum.Enum):
    """Kinds of database errors, as far as they are treated differently."""

    TRANSIENT = enum.auto()  # the same statement may succeed later
    DAMAGED = enum.auto()  # what the database holds cannot be read any more
    FOREIGN_KEY = enum.auto()
    REFERENCED = enum.auto()  # a row cannot go because others refer to it
    UNIQUE = enum.auto()
    VALUE = enum.auto()  # the column does not take this value, NULL included
    MISSING_TABLE = enum.auto()  # or a missing column
    CONSTRAINT = enum.auto()  # any other
    OTHER = enum.auto()


_SQLITE_PRIMARY_CODE = 0xFF  # the low byte; the rest of an extended code refines it
# BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
_SQLITE_TRANSIENT = {5, 6, 7, 8, 9, 10, 13, 14, 15}
_SQLITE_DAMAGED = {11, 26}  # CORRUPT, NOTADB
_SQLITE_FAULTS = {
    "SQLITE_CONSTRAINT_FOREIGNKEY": Fault.FOREIGN_KEY,
    "SQLITE_CONSTRAINT_UNIQUE": Fault.UNIQUE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": Fault.UNIQUE,
    "SQLITE_CONSTRAINT_NOTNULL": Fault.VALUE,
    "SQLITE_CONSTRAINT_DATATYPE": Fault.VALUE,
    "SQLITE_MISMATCH": Fault.VALUE,
    "SQLITE_TOOBIG": Fault.VALUE,
}
# SQLite has one code for every mistake in a statement: here the prose is all there is.
_SQLITE_MISSING = ("no such table", "no such column", "has no column named")

_LOCK_NOT_AVAILABLE = "55P03"
_QUERY_CANCELED = "57014"  # by its time limit, or by somebody
_SQLSTATE_FAULTS = {
    "25006": Fault.TRANSIENT,  # read-only transaction: a standby that is not promoted yet
    "25P03": Fault.TRANSIENT,  # idle in a transaction for too long
    "25P04": Fault.TRANSIENT,  # a transaction took too long
    "55006": Fault.TRANSIENT,  # object in use
    _LOCK_NOT_AVAILABLE: Fault.TRANSIENT,
    "XX001": Fault.DAMAGED,  # data
    "XX002": Fault.DAMAGED,  # an index
    "23001": Fault.REFERENCED,
    "23502": Fault.VALUE,  # not null
    "23503": Fault.FOREIGN_KEY,
    "23505": Fault.UNIQUE,
    "42P01": Fault.MISSING_TABLE,
    "42703": Fault.MISSING_TABLE,  # column
}
_SQLSTATE_CLASSES = {
    "22": Fault.VALUE,
    "23": Fault.CONSTRAINT,
    # Connection, rollback (deadlock, serialization), resources (disk full), operator, system.
    **dict.fromkeys(("08", "40", "53", "57", "58"), Fault.TRANSIENT),
}

_MYSQL_TRANSIENT = (
    {0, 2002, 2003, 2004, 2005, 2006, 2012, 2013, 2026, 2055}  # no connection; 0: PyMySQL closed it
    | {1040, 1042, 1043, 1047, 1053, 1129, 1135, 1152, 1184, 1203, 1226, 1927, 4031}  # none to have
    | {1158, 1159, 1160, 1161}  # network
    | {1020, 1099, 1205, 1206, 1213, 1223, 1614, 1637, 3572}  # locks and snapshots
    | {3, 1021, 1026, 1030, 1037, 1038, 1041, 1114, 1180, 1878}  # disk and memory
    | {1290, 1792, 1836}  # read-only
    | {1317, 1969, 3024}  # interrupted, by somebody or by a time limit
)
_MYSQL_LOCKED = {1205, 3572}
_MYSQL_TIMEOUTS = {1969, 3024}
_MYSQL_FAULTS = {
    Fault.TRANSIENT: _MYSQL_TRANSIENT,
    Fault.DAMAGED: {126, 127, 145, 1034, 1035, 1194, 1195, 1712},
    Fault.FOREIGN_KEY: {1216, 1452},
    Fault.REFERENCED: {1217, 1451},
    Fault.UNIQUE: {1022, 1062, 1586},
    Fault.VALUE: {1048, 1264, 1265, 1292, 1300, 1364, 1366, 1406, 1690, 3140},
    Fault.MISSING_TABLE: {1054, 1146, 1932},
    Fault.CONSTRAINT: {3819, 4025},
}


def is_damage(error: BaseException) -> bool:
    """Tell whether the database has found itself damaged: no record, and no waiting, mends that."""
    return isinstance(error, DatabaseError) and fault_of(error) is Fault.DAMAGED


def is_lock_timeout(error: BaseException) -> bool:
    """Tell whether PostgreSQL gave up waiting for a lock that somebody else holds."""
    return _sqlstate_of(error.__cause__ or error) == _LOCK_NOT_AVAILABLE


def is_locked(error: BaseException) -> bool:
    """Tell whether a database could not be used because somebody else is writing to it."""
    driver_error = error.__cause__ or error
    name = getattr(driver_error, "sqlite_errorname", None) or ""
    code = driver_error.args[0] if driver_error.args else None
    is_busy = name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or code in _MYSQL_LOCKED
    return is_busy or is_lock_timeout(error)


def is_statement_timeout(error: BaseException) -> bool:
    """Tell whether a statement was cancelled, as its time limit does: SQLite has none."""
    driver_error = error.__cause__ or error
    code = driver_error.args[0] if driver_error.args else None
    return _sqlstate_of(driver_error) == _QUERY_CANCELED or (
        isinstance(error, DatabaseError) and code in _MYSQL_TIMEOUTS
    )


def fault_of(error: DatabaseError | InterfaceError) -> Fault:
    """Tell what kind of trouble a database error is."""
    driver_error = error.__cause__ or error
    if name := getattr(driver_error, "sqlite_errorname", None):
        return _sqlite(name, getattr(driver_error, "sqlite_errorcode", 0), str(driver_error))
    if driver_error.args and isinstance(code := driver_error.args[0], int):
        return next((f for f, codes in _MYSQL_FAULTS.items() if code in codes), Fault.OTHER)
    if state := _sqlstate_of(driver_error):
        return _SQLSTATE_FAULTS.get(state) or _SQLSTATE_CLASSES.get(state[:2], Fault.OTHER)
    return _without_code(error)


def _sqlite(name: str, code: int, message: str) -> Fault:
    if code & _SQLITE_PRIMARY_CODE in _SQLITE_TRANSIENT:
        return Fault.TRANSIENT
    if code & _SQLITE_PRIMARY_CODE in _SQLITE_DAMAGED:
        return Fault.DAMAGED
    if name in _SQLITE_FAULTS:
        return _SQLITE_FAULTS[name]
    if name == "SQLITE_ERROR" and any(words in message for words in _SQLITE_MISSING):
        return Fault.MISSING_TABLE
    return Fault.CONSTRAINT if name.startswith("SQLITE_CONSTRAINT") else Fault.OTHER


def _sqlstate_of(driver_error: BaseException) -> str | None:
    """psycopg 3 and its predecessor call it by different names."""
    return getattr(driver_error, "sqlstate", None) or getattr(driver_error, "pgcode", None)


def _without_code(error: Exception) -> Fault:
    """A connection that was refused or lost has no code: nobody was there to send one."""
    if isinstance(error, OperationalError | InterfaceError):
        return Fault.TRANSIENT
    return Fault.VALUE if isinstance(error, DataError) else Fault.OTHER
