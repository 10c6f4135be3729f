"""What a log is applied to: one database, by one set of settings; and what it takes at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet

from tui_ingest.conf import Settings, get_settings
from tui_ingest.ingest.identity import Identities
from tui_ingest.ingest.policy import Policy
from tui_ingest.ingest.receivers import Receivers

CHUNK = 500  # parameters of a statement; SQLite's limit was 999 for long
FETCHED = 8  # rows, in the time that it takes to ask about one

M = TypeVar("M", bound=Model)
T = TypeVar("T")


class Target:
    """A database, and what the settings say of the rows in it. For any number of threads.

    Attributes:
        database: alias. Rows, totals, dead letters and checkpoint are all there.
        settings: `TUI_INGEST`, if not the project's.
        owner: id of the session whose lease fences what is written of a log; "" for who needs
            none: a dry run, an operator's retry.
        dry_run: whatever a session writes is undone.
    """

    def __init__(
        self,
        database: str = DEFAULT_DB_ALIAS,
        settings: Settings | None = None,
        *,
        owner: str = "",
        dry_run: bool = False,
    ) -> None:
        self.database = database
        self.owner = owner
        self.dry_run = dry_run
        self.settings = settings or get_settings()

    @cached_property
    def policy(self) -> Policy:
        """Which models a log may write."""
        return Policy(self.settings)

    @cached_property
    def identities(self) -> Identities:
        """Which field says what row a record speaks of.

        Raises:
            ImproperlyConfigured: the setting IDENTITY names what cannot be one.
        """
        return Identities(self.settings)

    @cached_property
    def receivers(self) -> Receivers:
        """Which receivers are told of what a log writes."""
        return Receivers(self.settings.receivers)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """The calling thread's own."""
        return connections[self.database]

    def rows(self, model: type[M]) -> QuerySet[M]:
        """Return all rows of a model's table, as instances of that model.

        No manager is asked, not even the base manager: a project's may hide rows, or give
        instances of other models, which then were deleted in place of the row.
        """
        return QuerySet(model=model, using=self.database)

    def atomic(self, *, durable: bool = False) -> transaction.Atomic:
        """Return a transaction; inside one, a savepoint (unless it must be durable)."""
        return transaction.atomic(using=self.database, durable=durable)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Divide items into lists that one statement can take."""
    remaining = list(items)
    for start in range(0, len(remaining), size):
        yield remaining[start : start + size]


def few(rows: QuerySet[Any, T], number: int) -> set[T] | None:
    """Return all of a query's results if it is cheaper to fetch them, and compare here, than to ask
    about a number of rows; otherwise None.
    """
    most = max(FETCHED * number, CHUNK)
    found = list(rows[: most + 1])
    return set(found) if len(found) <= most else None
