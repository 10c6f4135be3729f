"""What every kind of database has to say for its triggers."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tui_ingest.recorder.captures import Capture

PREFIX = "tui_ingest_"  # of the name of every trigger
_LABEL = "/* model "  # in a body, so that what is installed tells whose changes it notes
_NOTED = ("model", "key", "operation", "unique", "at")  # columns of the table of changes


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A trigger that a table needs, or has."""

    name: str
    table: str  # as SQL names it
    event: str  # that it is for
    body: str  # what it does; of what is installed, as the database shows it
    create: tuple[str, ...] = ()  # statements

    def does(self, needed: Trigger) -> bool:
        """Tell whether it does what is needed, however it is spaced."""
        return self.body.split() == needed.body.split()

    @property
    def label(self) -> str:
        """The model whose changes it notes; empty if it does not say."""
        return self.body.partition(_LABEL)[2].partition(" */")[0]


class Dialect(ABC):
    """Triggers of one kind of database, on one connection.

    Attributes:
        now: SQL of seconds since the epoch, by the database's clock.
        array, mapping: its functions that make JSON.
        inserts: how values, `{}`, are inserted.
        differs: tells whether an update has changed a column, `{0}`.
        if_changed: a value, the second `{}`, if an update has changed something, the first.
    """

    now: str
    array: str
    mapping: str
    inserts = "SELECT {}"
    differs: str
    if_changed: str

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    @property
    def changes(self) -> str:
        """The table of changes, quoted."""
        from tui_ingest.recorder.models import Change

        return self.quoted(Change._meta.db_table)

    def quoted(self, name: str) -> str:
        """Return a model's name of a table or column as SQL has it.

        `db_table` may hold a schema in quotes of its own. A percent sign is doubled in models,
        because Django makes SQL with parameters of them.
        """
        return self.connection.ops.quote_name(name).replace("%%", "%")

    def bare(self, name: str) -> str:
        """Return a model's name of a table or column as the catalogue has it."""
        quoted = self.quoted(name)
        return quoted[1:-1].replace(quoted[0] * 2, quoted[0])

    def from_catalogue(self, name: str) -> str:
        """Return a name of the catalogue as SQL has it."""
        mark = self.connection.ops.quote_name("")[0]
        return f"{mark}{name.replace(mark, mark * 2)}{mark}"

    def fitted(self, capture: Capture, table: str) -> Capture | None:
        """Leave out columns that a table does not have yet; None if its key is among them.

        A trigger that names them would have every write of the project refused.

        Args:
            table: as `find` names it.
        """
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")
            there = {column[0].lower() for column in cursor.description}

        def is_there(column: str) -> bool:
            return self.bare(column).lower() in there

        if not all(map(is_there, capture.key)):
            return None
        return replace(capture, unique=tuple(pair for pair in capture.unique if is_there(pair[1])))

    def note(self, capture: Capture, operation: str, row: str, unique: str = "NULL") -> str:
        """Return the statement of a trigger that notes a change.

        Args:
            row: OLD, NEW, or what else has the columns of the key.
            unique: SQL of what other than the key named it before.
        """
        key = ", ".join(self.value(row, column) for column in capture.key)
        values = (
            f"{literal(capture.label)}, {self.array}({key}), '{operation}', {unique}, {self.now}"
        )
        columns = ", ".join(map(self.quoted, _NOTED))
        return f"INSERT INTO {self.noted_in()} ({columns}) {self.inserts.format(values)}"

    def noted_in(self) -> str:
        """Return the table of changes as a trigger names it."""
        return self.changes

    def unique(self, capture: Capture, row: str = "OLD") -> str:
        """Return SQL of what other than the key names a row."""
        if not capture.unique:
            return "NULL"
        pairs = (f"{literal(name)}, {self.value(row, column)}" for name, column in capture.unique)
        return f"{self.mapping}({', '.join(pairs)})"

    def unique_before(self, capture: Capture) -> str:
        """Return the same if an update has changed one of them; NULL otherwise."""
        if not capture.unique:
            return "NULL"
        changed = self.changed(column for _, column in capture.unique)
        return self.if_changed.format(changed, self.unique(capture))

    def changed(self, columns: Iterable[str]) -> str:
        """Return the condition that an update has changed one of some columns."""
        return " OR ".join(self.differs.format(self.quoted(column)) for column in columns)

    def value(self, row: str, column: str) -> str:
        """Return a column of a row as JSON takes it."""
        return f"{row}.{self.quoted(column)}"

    def run(self, *statements: str) -> None:
        """Execute statements that take no parameters."""
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())

    @abstractmethod
    def find(self, table: str) -> str | None:
        """Return a table's name as `installed` tells it; None without a table of its own."""

    @abstractmethod
    def needed(self, capture: Capture) -> list[Trigger]:
        """Return the triggers of a table."""

    @abstractmethod
    def installed(self) -> Mapping[str, Trigger]:
        """Return what of ours there is, by name."""

    @abstractmethod
    def drop(self, trigger: Trigger) -> None:
        """Remove a trigger that is installed."""

    @abstractmethod
    def silence(self) -> Any:
        """Have the running transaction leave no changes; return what `end_silence` needs."""

    @abstractmethod
    def end_silence(self, before: Any) -> None:
        """Have it leave changes again, if it is not going to be rolled back."""

    def create(self, trigger: Trigger) -> None:
        """Install a trigger, or put it right."""
        self.run(*trigger.create)

    @abstractmethod
    def loosen(self, trigger: Trigger, capture: Capture | None) -> None:
        """Have a trigger that is installed bear that its columns are renamed or dropped.

        Args:
            capture: what its model has watched; None if the database has another key.
        """


def marked(label: str) -> str:
    """Return a comment that says whose changes a trigger notes."""
    return f"{_LABEL}{label} */"


def name_for(*parts: str) -> str:
    """Return a trigger's name: short, and another one for another text."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{PREFIX}{digest[:16]}"


def literal(text: str) -> str:
    """Return a name of ours as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"
