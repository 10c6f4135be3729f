"""Statements on their way to the database, several at a time where the way takes longer than they.

PostgreSQL takes a statement in less time than it takes to ask for it. Its answers are looked at
later then: so each must be expected.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

MOST_AT_ONCE = 64  # statements
LONGEST_AT_ONCE = 1 << 18  # characters of all of them, but for the last


class UnexpectedRowsError(Exception):
    """One of several statements was about no row, or about more than one."""


class Sending:
    """Sends statements of one series in their order.

    Args:
        together: keep those whose answer is expected for a while (see `can_send_together`).
    """

    def __init__(self, connection: BaseDatabaseWrapper, cursor: Any, *, together: bool) -> None:
        self._connection = connection
        self._cursor = cursor
        self._is_together = together
        self._kept: list[str] = []
        self._length = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is kept."""
        return not self._kept

    def execute(self, text: str, parameters: list[Any]) -> int:
        """Execute a statement after all that were kept; return for how many rows."""
        self.send()
        self._cursor.execute(text, parameters)
        count: int = self._cursor.rowcount
        return count

    def for_one_row(self, text: str, parameters: list[Any]) -> int:
        """Execute a statement that is expected to be about one row, or keep it.

        Returns:
            For how many rows; of a statement that is kept, one.
        """
        if not self._is_together:
            return self.execute(text, parameters)
        with self._connection.wrap_database_errors:
            kept = self._cursor.mogrify(text, parameters)
        self._kept.append(kept)
        self._length += len(kept)
        if len(self._kept) >= MOST_AT_ONCE or self._length >= LONGEST_AT_ONCE:
            self.send()
        return 1

    def send(self) -> None:
        """Execute what was kept.

        Raises:
            UnexpectedRowsError: it was not about one row each.
            DatabaseError: one of the statements was refused.
        """
        if not self._kept:
            return
        texts, self._kept, self._length = self._kept, [], 0
        self._cursor.execute(";\n".join(texts))
        counts = [self._cursor.rowcount]
        while self._cursor.nextset():
            counts.append(self._cursor.rowcount)
        if counts != [1] * len(texts):
            raise UnexpectedRowsError


def can_send_together(connection: Any) -> bool:
    """Tell whether values can be put into a statement here, and all its answers be had."""
    is_psycopg_3 = connection.vendor == "postgresql" and connection.Database.__name__ == "psycopg"
    # What binds on the server takes one statement at a time.
    return is_psycopg_3 and not connection.settings_dict["OPTIONS"].get("server_side_binding")
