"""The vocabulary of failure: why a record cannot take effect, and which row it speaks of."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple

from tui_ingest.errors import TuiIngestError


class Reason(enum.StrEnum):
    """Why a record cannot take effect. Stored and shown: keep the values.

    A line that is no record at all has a `MalformedReason` instead.
    """

    UNKNOWN_MODEL = "unknown_model"
    UNKNOWN_FIELD = "unknown_field"
    BAD_VALUE = "bad_value"  # a value that its field or column does not accept
    MISSING_PARENT = "missing_parent"  # it refers to a row that is not here
    UNIQUE_CLASH = "unique_clash"  # another row has the same unique value
    PROTECTED = "protected"  # a deletion that the rows referring to it forbid
    NOT_ALLOWED = "not_allowed"  # by the setting MODELS
    NO_IDENTITY = "no_identity"  # nothing in it says which row it speaks of
    IDENTITY_CLASH = "identity_clash"  # its pk is taken, and others refer to it by pk
    MISSING_TABLE = "missing_table"  # a migration was not run here
    TIMEOUT = "timeout"  # by itself, too, it ran into the time limit of a statement
    RECEIVER = "receiver"  # one that RECEIVERS names raised
    INTEGRITY = "integrity"  # another constraint of the database
    UNEXPECTED = "unexpected"


class RowKey(NamedTuple):
    """A row, by what identifies it."""

    model: str  # label of the model whose table has the row, not of a proxy
    key: str  # at most 255 characters


class RecordError(TuiIngestError):
    """A record that cannot take effect, however often it is tried as things stand.

    The message is for the operator: one sentence in its first line, details after it.
    """

    def __init__(
        self,
        reason: Reason,
        error: str,
        *,
        needs: tuple[RowKey, ...] = (),
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(error)
        self.reason = reason
        self.needs = needs  # see `Failure`
        self.fields = fields  # names of those at fault, where it is known; "pk" is the key's


class ReceiverError(RecordError):
    """A receiver of the project's raised; the cause is chained."""

    def __init__(self, error: str) -> None:
        super().__init__(Reason.RECEIVER, error)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a record became a dead letter."""

    reason: str  # Reason or MalformedReason
    error: str  # for a person: one sentence in its first line, details after it
    traceback: str = ""
    # Rows whose arrival, change or deletion makes another try worthwhile: a missing parent, whose
    # key is `field=value`, and the row that has a unique value, by its identity.
    needs: tuple[RowKey, ...] = ()

    @property
    def waiting_for(self) -> RowKey | None:
        """The first of the rows that it waits for."""
        return self.needs[0] if self.needs else None
