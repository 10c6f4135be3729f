"""The kinds of events that an operator is told of, and how grave each is."""

from __future__ import annotations

import enum
from typing import Self

from tui_ingest.oplog.log import NoticeKind


class Severity(enum.IntEnum):
    """How soon somebody should look."""

    INFO = 0
    WARNING = 1
    ERROR = 2


class EventKind(enum.StrEnum):
    """What happened. Stored in `LogEvent.kind`, shown, and searched for: keep the values."""

    severity: Severity

    def __new__(cls, value: str, severity: Severity = Severity.INFO) -> Self:
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.severity = severity
        return kind

    # What the reader finds out about the log
    ROTATED = NoticeKind.ROTATED.value
    TRUNCATED = NoticeKind.TRUNCATED.value, Severity.WARNING
    REPLACED = NoticeKind.REPLACED.value
    GAP = NoticeKind.GAP.value, Severity.ERROR
    PASSED_OVER = NoticeKind.PASSED_OVER.value, Severity.WARNING
    REORDERED = NoticeKind.REORDERED.value
    LATE = NoticeKind.LATE.value
    UNFINISHED = "unfinished"  # the last line has no end yet, and --once does not wait for it

    # What the session does
    REFERS_OUTSIDE = "refers_outside", Severity.WARNING  # allowed models, to ones that are not
    PAUSED = "paused"
    RESUMED = "resumed"
    HALTED = "halted", Severity.ERROR  # it paused by itself: somebody has to decide
    SOUGHT = "sought"  # it was ordered to another place
    SEEK_REFUSED = "seek_refused", Severity.WARNING
    WAITING = "waiting", Severity.WARNING  # for a database or a log that is expected back
    RECOVERED = "recovered"
    RACED = "raced", Severity.WARNING  # another ingester has the log now
    ORDER_REFUSED = "order_refused", Severity.WARNING  # it made no sense where it arrived
    OUT_OF_REACH = "out_of_reach"  # the log's files are not to be read from here
    HANDED_OVER = "handed_over"  # to another session, by order
    TAKEN_OVER = "taken_over", Severity.WARNING  # from a session that did not end properly
    ROWS_GONE = "rows_gone", Severity.ERROR  # what was written last is not there any more
    SET_BACK = "set_back", Severity.WARNING  # the database was restored while it was running

    # What DIGESTs say of the rows here, when it is something else than before
    VERIFIED = "verified"
    EXPLAINED = "explained", Severity.WARNING
    NOT_COMPARABLE = "not_comparable", Severity.WARNING
    DIFFERS = "differs", Severity.ERROR

    # What became of dead letters
    DEAD_LETTER_RETRIED = "dead_letter_retried"
    DEAD_LETTER_EDITED = "dead_letter_edited"
    DEAD_LETTER_DISCARDED = "dead_letter_discarded"

    @property
    def comes_with_its_change(self) -> bool:
        """Whether it is kept in the transaction of what it tells of, and not by the journal."""
        return self in _KEPT_WITH_THEIR_CHANGE


_KEPT_WITH_THEIR_CHANGE = frozenset(
    {
        *(EventKind(kind.value) for kind in NoticeKind),
        EventKind.SOUGHT,
        EventKind.VERIFIED,
        EventKind.EXPLAINED,
        EventKind.NOT_COMPARABLE,
        EventKind.DIFFERS,
        EventKind.DEAD_LETTER_RETRIED,
        EventKind.DEAD_LETTER_EDITED,
        EventKind.DEAD_LETTER_DISCARDED,
    }
)


def severity_of(kind: str) -> Severity:
    """Return how grave an event is; one that a later version kept is told as information."""
    try:
        return EventKind(kind).severity
    except ValueError:
        return Severity.INFO
