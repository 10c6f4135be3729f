"""The vocabulary of failure: why a record cannot take effect, what helps, which row it needs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, Self

from tui_ingest.errors import TuiIngestError
from tui_ingest.oplog.records import MalformedReason

_LEAVE_IT = "leave it: a dead letter is retried by itself then"


class Reason(enum.StrEnum):
    """Why a record cannot take effect, and in one sentence what an operator can do about it.

    Stored and shown: keep the values. A line that is no record at all has a `MalformedReason`.
    """

    advice: str

    def __new__(cls, value: str, advice: str) -> Self:
        """Make a member of what stands below: none is without advice."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.advice = advice
        return member

    UNKNOWN_MODEL = (
        "unknown_model",
        "Install the app that has this model, or name it in EXCLUDE; then retry.",
    )
    UNKNOWN_FIELD = (
        "unknown_field",
        "Migrate this project, or set IGNORE_UNKNOWN_FIELDS; then retry.",
    )
    # A value that its field or column does not accept.
    BAD_VALUE = ("bad_value", "Edit the value and retry, or discard the record.")
    # It refers to a row that is not here.
    MISSING_PARENT = (
        "missing_parent",
        f"If that row is still to come, {_LEAVE_IT}. If not, create the row and retry.",
    )
    # Another row has the same unique value.
    UNIQUE_CLASH = (
        "unique_clash",
        (
            f"If the log is still to change the other row, {_LEAVE_IT}."
            " If not, change that row or edit this record; then retry."
        ),
    )
    # A deletion that the rows referring to it forbid.
    PROTECTED = (
        "protected",
        (
            f"If the log is still to change or delete the rows that refer to it, {_LEAVE_IT}."
            " If not, delete them first; then retry."
        ),
    )
    # By the setting MODELS.
    NOT_ALLOWED = ("not_allowed", "Name the model in MODELS and retry, or discard the record.")
    # Nothing in it says which row it speaks of.
    NO_IDENTITY = (
        "no_identity",
        "Edit the record so that it says which row it means; then retry.",
    )
    # Its pk is taken, and others refer to it by pk.
    IDENTITY_CLASH = ("identity_clash", "Give the other row another primary key; then retry.")
    # A migration was not run here.
    MISSING_TABLE = ("missing_table", "Run 'manage.py migrate' on this project; then retry.")
    # By itself, too, it ran into the time limit of a statement.
    TIMEOUT = (
        "timeout",
        (
            "Look for a trigger, a lock or a missing index that slows down this row, or raise the"
            " database's statement_timeout; then retry."
        ),
    )
    # One that RECEIVERS names raised.
    RECEIVER = (
        "receiver",
        "Mend what the receiver needs, or do not name it in RECEIVERS; then retry.",
    )
    # Another constraint of the database.
    INTEGRITY = ("integrity", "Edit the record so that the database accepts it; then retry.")
    UNEXPECTED = (
        "unexpected",
        "The traceback says where it failed; retry once that is put right.",
    )


_FRAGMENT = "Only a part of the line is here: edit it into a complete record, or discard it."
_UNREADABLE = "The line is no record: edit it into one, or discard it."
_ADVICE: dict[str, str] = {
    **{reason: reason.advice for reason in Reason},
    MalformedReason.UNKNOWN_OPERATION: "Install a version that knows the operation; then retry.",
    MalformedReason.TORN: _FRAGMENT,
    MalformedReason.GLUED: _FRAGMENT,
    MalformedReason.TOO_LONG: _FRAGMENT,
}


def advice(reason: str) -> str:
    """Return what to do about a dead letter that is open, as its row has the reason."""
    return _ADVICE.get(reason, _UNREADABLE)


def first_line(error: object) -> str:
    """Return the sentence of an error that says what is wrong; details may follow it."""
    return str(error).partition("\n")[0]


def forget_frames(error: BaseException) -> None:
    """Let go of the frames that an error and its causes came through: they hold the whole batch.

    Django's errors hold themselves, or a frame that holds them. Then a batch is left for the
    garbage collector, which lets no thread do anything while it takes it apart: 0.1 s.
    """
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and one.__traceback__ is not None:
            one.__traceback__ = None
            left += [one.__cause__, one.__context__]


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
