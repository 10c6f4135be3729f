"""The facts a session reports, in the past tense. Frozen: they cross threads.

Those that an operator is told of, and that are kept, each have a kind, and that how grave it is.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from tui_ingest.oplog.log import Backlog, Entry, NoticeKind, Position
from tui_ingest.oplog.records import RecordLocation


class State(enum.StrEnum):
    """What a session is doing. Stored and printed: keep the values."""

    STARTING = "starting"
    RUNNING = "running"
    CAUGHT_UP = "caught_up"
    PAUSED = "paused"
    STOPPED_ON_ERROR = "stopped_on_error"
    WAITING = "waiting"  # for a database or a log that is expected back
    STANDING_BY = "standing_by"  # another session applies the log
    NO_FILE_YET = "no_file_yet"
    FINISHED = "finished"  # read to the end with --once
    STOPPED = "stopped"
    NOT_RUNNING = "not_running"  # as seen from outside: it ended without saying so


class Outcome(enum.StrEnum):
    """What became of a record, for one of the models it names."""

    SAVED = "saved"
    DELETED = "deleted"
    MISSING = "missing"  # a deletion of a row that was not there
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """Records of one model, by outcome."""

    saved: int = 0
    deleted: int = 0
    missing: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            saved=self.saved + other.saved,
            deleted=self.deleted + other.deleted,
            missing=self.missing + other.missing,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
        )

    @property
    def records(self) -> int:
        """All of them."""
        return self.saved + self.deleted + self.missing + self.failed + self.skipped


class VerifiedState(enum.StrEnum):
    """What follows from comparing the rows here with a DIGEST. Stored and printed: keep them."""

    EQUAL = "equal"
    EXPLAINED = "explained"  # by what was set aside, or left out on purpose
    NOT_COMPARABLE = "not comparable"
    DIFFERS = "differs"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """The last verdict about the rows of a model."""

    state: VerifiedState
    rows: int  # here
    source_rows: int
    differing: int | None  # rows that were named as such; None: nobody has named any
    at: float | None  # seconds since the epoch, of the DIGEST, by the source's clock
    position: int  # of the DIGEST
    reason: str  # why it is no other one; "" if they are equal


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


# In the transaction of what they tell of, and not by the session's heartbeat.
KEPT_WITH_THEIR_CHANGE = frozenset(
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something happened."""

    at: float  # seconds since the epoch, by this machine's clock


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionStarted(Event):
    """The checkpoint was read; what follows continues from it."""

    path: str
    database: str  # alias
    position: Position
    totals: Mapping[str, Counts]  # lifetime, by model label
    dead_letters: int  # open ones
    gaps: int
    last_record_time: float | None  # seconds since the epoch, by the source's clock
    verified: Mapping[str, Verified] = field(default_factory=dict)  # by model label
    again: bool = False  # read once more: after trouble, or while another session applies the log


@dataclass(frozen=True, kw_only=True, slots=True)
class StateChanged(Event):
    """The session does something else now."""

    state: State
    reason: str = ""
    attempt: int = 0  # WAITING: how often it was tried
    retry_at: float | None = None  # WAITING: seconds since the epoch


@dataclass(frozen=True, kw_only=True, slots=True)
class OrdersTaken(Event):
    """The session has taken orders that last; it obeys them from now on."""

    paused: bool
    stop_on_error: bool
    paused_by: str = ""  # who ordered it, for people; "": it began so, or paused by itself
    paused_since: float | None = None  # seconds since the epoch, if that is not now
    stop_on_error_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchApplied(Event):
    """Entries took effect, or were set aside, and the checkpoint moved past them."""

    entries: Sequence[Entry]
    unusual: Mapping[int, Outcome]  # index in entries: those MISSING, SKIPPED or FAILED
    counts: Mapping[str, Counts]  # what this batch adds, by model label
    position: Position
    last_record_time: float | None  # seconds since the epoch, by the source's clock
    seconds: float  # from its turn to be written to its commit
    unseen: int = 0  # more records, known by their number alone


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordFailed(Event):
    """A record cannot take effect."""

    location: RecordLocation
    operation: str  # "" if the line has none, as for the next two
    model: str
    pk: str
    reason: str
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordSetAside(RecordFailed):
    """It became a dead letter. Its error is one line."""

    dead_letter: int | None  # its id; None in a dry run


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetterResolved(Event):
    """A dead letter needs nobody any more."""

    dead_letter: int  # id
    status: str  # DeadLetter.Status: applied, superseded, discarded
    counts: Mapping[str, Counts]  # how the totals moved: failed goes down, saved goes up


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureSuperseded(Event):
    """In a dry run, where it has no id: a record that failed gave way to a later one of its row."""

    location: RecordLocation


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelVerified(Event):
    """All rows of a model were compared with the source's."""

    model: str  # label
    verdict: Verified


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenLetter:
    """A dead letter that nobody has put right yet."""

    id: int
    reason: str
    error: str  # one line


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled(Event):
    """What was applied, and failed, before anybody looked."""

    entries: Sequence[Entry]  # the last ones, and those with an open dead letter
    letters: Mapping[int, OpenLetter]  # index in entries


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached(Event):
    """What is reported from here on is done elsewhere."""

    runs_on: str  # by which process on which host; "" while none is there


@dataclass(frozen=True, kw_only=True, slots=True)
class StoppedOnError(RecordFailed):
    """The session stands before it, waiting for a decision."""

    traceback: str
    raw: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Noticed(Event):
    """Something was written to the list of events: a gap, a rotation, a seek, a pause."""

    kind: str  # an EventKind
    message: str
    missing_bytes: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Progressed(Event):
    """How far the log reaches was looked up, a few times a second at most."""

    backlog: Backlog
    position: Position


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionEnded(Event):
    """Nothing more will be reported."""

    state: State
    error: str = ""  # why, if the session could not go on
    set_aside: int = 0  # records set aside by this session
    counts: Mapping[str, Counts] = field(default_factory=dict)  # of this session, by model label
