"""What an operator can do about each kind of failure, in one sentence."""

from __future__ import annotations

from tui_ingest.ingest.reasons import Reason
from tui_ingest.oplog.records import MalformedReason

_FRAGMENT = "Only a part of the line is here: edit it into a complete record, or discard it."
_UNREADABLE = "The line is no record: edit it into one, or discard it."

_ADVICE: dict[str, str] = {
    Reason.UNKNOWN_MODEL: "Install the app that has this model, or name it in EXCLUDE; then retry.",
    Reason.UNKNOWN_FIELD: "Migrate this project, or set IGNORE_UNKNOWN_FIELDS; then retry.",
    Reason.BAD_VALUE: "Edit the value and retry, or discard the record.",
    Reason.MISSING_PARENT: "If that row is still to come, leave it: a dead letter is retried by"
    " itself then. If not, create the row and retry.",
    Reason.UNIQUE_CLASH: "If the log is still to change the other row, leave it: a dead letter is"
    " retried by itself then. If not, change that row or edit this record; then retry.",
    Reason.PROTECTED: "If the log is still to change or delete the rows that refer to it, leave it:"
    " a dead letter is retried by itself then. If not, delete them first; then retry.",
    Reason.NOT_ALLOWED: "Name the model in MODELS and retry, or discard the record.",
    Reason.NO_IDENTITY: "Edit the record so that it says which row it means; then retry.",
    Reason.IDENTITY_CLASH: "Give the other row another primary key; then retry.",
    Reason.MISSING_TABLE: "Run 'manage.py migrate' on this project; then retry.",
    Reason.TIMEOUT: "Look for a trigger, a lock or a missing index that slows down this row, or"
    " raise the database's statement_timeout; then retry.",
    Reason.RECEIVER: "Mend what the receiver needs, or do not name it in RECEIVERS; then retry.",
    Reason.INTEGRITY: "Edit the record so that the database accepts it; then retry.",
    Reason.UNEXPECTED: "The traceback says where it failed; retry once that is put right.",
    MalformedReason.UNKNOWN_OPERATION: "Install a version that knows the operation; then retry.",
    MalformedReason.TORN: _FRAGMENT,
    MalformedReason.GLUED: _FRAGMENT,
    MalformedReason.TOO_LONG: _FRAGMENT,
}


def advice(reason: str) -> str:
    """Return what to do about a dead letter that is open."""
    return _ADVICE.get(reason, _UNREADABLE)
