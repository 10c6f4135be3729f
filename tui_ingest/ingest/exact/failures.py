"""What an error means for the record that provoked it: try again, or set it aside."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import assert_never

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, InterfaceError
from django.db.models import ProtectedError, RestrictedError

from tui_ingest.databases.faults import Fault, fault_of, is_statement_timeout
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.deserializing import beyond_limits
from tui_ingest.ingest.exact.needs import WAITING_REASONS, waiting
from tui_ingest.ingest.reasons import Failure, Reason, RecordError, forget_frames
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.records import MalformedReason, Operation, Record

MAX_TRACEBACK = 20_000  # characters; the last ones are kept, where the error is
MOST_FRAMES = 200  # of one error: what recurses has thousands

_REASONS: dict[Fault, str] = {
    Fault.FOREIGN_KEY: Reason.MISSING_PARENT,
    Fault.REFERENCED: Reason.PROTECTED,
    Fault.UNIQUE: Reason.UNIQUE_CLASH,
    Fault.VALUE: Reason.BAD_VALUE,
    Fault.MISSING_TABLE: Reason.MISSING_TABLE,
    Fault.CONSTRAINT: Reason.INTEGRITY,
}
_SENTENCES: dict[str, str] = {
    Reason.MISSING_PARENT: "It refers to a row that is not here",
    Reason.PROTECTED: "Other rows refer to it",
    Reason.UNIQUE_CLASH: "Another row has the same unique value",
    Reason.BAD_VALUE: "A column does not take its value",
    Reason.MISSING_TABLE: (
        "A table or column is not in this database: run 'manage.py migrate' and retry"
    ),
    Reason.INTEGRITY: "A constraint of the database forbids it",
    Reason.TIMEOUT: "By itself, too, it takes longer than the database lets a statement run",
}


def explain(target: Target, error: Exception, record: Record) -> Failure:
    """Return what a permanent error means for a record: which rows are missing, or in its way.

    To be asked once the savepoint of the record is rolled back.
    """
    failure = describe(error)
    if not _is_to_be_looked_up(failure, error, record):
        return failure
    try:
        with target.atomic():
            return _looked_up(target, failure, record)
    except Exception as looking:
        if is_of_the_database(looking):
            raise
        return failure  # what is known without looking


def _is_to_be_looked_up(failure: Failure, error: Exception, record: Record) -> bool:
    """A savepoint for nothing would cost as much as the record."""
    if failure.reason == Reason.BAD_VALUE:  # a deletion writes no values
        of_a_column = isinstance(error, DatabaseError | UnicodeEncodeError)
        return of_a_column and record.operation is Operation.SAVE
    return failure.reason in WAITING_REASONS and not failure.needs


def _looked_up(target: Target, failure: Failure, record: Record) -> Failure:
    if failure.reason == Reason.BAD_VALUE:
        return _in_words_of_the_model(target, failure, record)
    found = waiting(target, record)
    if found is not None:
        return replace(found, traceback=failure.traceback)
    if failure.reason != Reason.MISSING_PARENT:
        return failure
    match record.operation:
        case Operation.SAVE:
            return replace(failure, reason=Reason.INTEGRITY)
        case Operation.DELETE:
            error = f"Other rows refer to it. {failure.error}"
            return replace(failure, reason=Reason.PROTECTED, error=error)
        case Operation.DIGEST:
            return failure
        case unknown:
            assert_never(unknown)


def _in_words_of_the_model(target: Target, failure: Failure, record: Record) -> Failure:
    """Say which field the database means, if that is to be seen, and below what it said."""
    for serialized in record.objects:
        if found := beyond_limits(target, serialized):
            return replace(failure, error=f"{found}\n{failure.error}")
    return failure


def describe(error: Exception) -> Failure:
    """Return what a permanent error means, as far as that is known without looking.

    The frames that it came through are in the traceback of the failure, and forgotten.
    """
    trace = _traceback(error)
    forget_frames(error)
    if isinstance(error, RecordError):
        return Failure(reason=error.reason, error=str(error), traceback=trace, needs=error.needs)
    reason = _reason(error)
    said = _said(error)
    sentence = _SENTENCES.get(reason) if isinstance(error, DatabaseError) else None
    return Failure(
        reason=reason, error=f"{sentence}: {said}" if sentence else said, traceback=trace
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ProtectedError | RestrictedError):
        return Reason.PROTECTED
    if isinstance(error, DatabaseError | InterfaceError):
        known = Reason.TIMEOUT if is_statement_timeout(error) else _REASONS.get(fault_of(error))
        return known or Reason.UNEXPECTED
    if isinstance(error, RecursionError):
        return MalformedReason.TOO_DEEP
    if isinstance(error, ObjectDoesNotExist):
        return Reason.MISSING_PARENT
    # SQLite's driver raises OverflowError, Decimal ArithmeticError; an unpaired surrogate is a
    # ValueError of every driver.
    if isinstance(error, ValidationError | ValueError | TypeError | ArithmeticError):
        return Reason.BAD_VALUE
    return Reason.UNEXPECTED


def _said(error: Exception) -> str:
    """Return the error's own words, and its name where the words alone would not tell."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, ProtectedError | RestrictedError):
        return str(error.args[0])
    if isinstance(error, DatabaseError):
        return str(error).strip()
    return f"{type(error).__name__}: {error}"


def _traceback(error: BaseException) -> str:
    """Return the traceback with those of its causes.

    Made here of what Python makes it of, but for the lines of code: to find these, Python asks the
    disk whether the file has changed and parses the line again, for every frame, and for those of
    the causes once more to say what an error is. A record that fails took half as long again.
    """
    frames = [
        f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}\n'
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = "".join([*frames[-MOST_FRAMES:], _named(error)])
    if frames:
        own = "Traceback (most recent call last):\n" + own
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is None or len(own) > MAX_TRACEBACK:
        return own[-MAX_TRACEBACK:]
    return f"{_traceback(cause)}\nThat led to:\n\n{own}"[-MAX_TRACEBACK:]


def _named(error: BaseException) -> str:
    """Return what ends a traceback: the error's name, its words, and what was added to them."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    try:
        said = str(error)
    except Exception:  # it may be the project's own
        said = "<exception str() failed>"
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    return "".join(f"{line}\n" for line in [f"{name}: {said}" if said else name, *notes])
