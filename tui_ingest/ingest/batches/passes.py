"""Entries to rows: many at a time where that leaves the same rows, one at a time where not."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

from django.db import DatabaseError, IntegrityError, transaction

from tui_ingest.databases.faults import Fault, fault_of, is_statement_timeout
from tui_ingest.ingest.batches.attempts import (
    Attempt,
    BatchResult,
    CommitRefusedError,
    Look,
    Refusal,
    RunRefusedError,
)
from tui_ingest.ingest.batches.blame import ConstraintBlame
from tui_ingest.ingest.batches.partners import Partners
from tui_ingest.ingest.deadletters import Cascades
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.database_errors import is_of_no_record
from tui_ingest.ingest.exact.failures import explain
from tui_ingest.ingest.exact.parents import missing_parents
from tui_ingest.ingest.exact.prepared import can_send_together
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.exact.units import Unit
from tui_ingest.ingest.fast.applying import FastPath, Outcomes
from tui_ingest.ingest.fast.gathering import RowRefusedError, Window
from tui_ingest.ingest.reasons import Failure, Reason, ReceiverError, RecordError, forget_frames
from tui_ingest.ingest.target import Target
from tui_ingest.ingest.verify import Verifier
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Malformed, Operation, Record

logger = logging.getLogger(__name__)

# Below this the statements of a run cost more than those of its records one by one.
SMALLEST_RUN = 8  # entries

# What a record lacks whatever the tables contain: by itself it fails in the same way.
FINAL = frozenset((Reason.BAD_VALUE, Reason.UNKNOWN_FIELD, Reason.UNKNOWN_MODEL))

# One that is refused is undone as a whole: of a long one that is more work lost.
LONGEST_SERIES = 256  # records


# What became of an entry: by model label, or why it fails.
Result: TypeAlias = "Mapping[str, Outcome] | Failure"


class _ForeseenError(Exception):
    """A record that was written is without its parent."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.error)
        self.failure = failure


class BatchPass:
    """One pass over the entries of a batch, in the caller's transaction.

    Args:
        fast: None: every record takes the exact path.
        verifier: None: DIGESTs are passed over.
        written: is told what became of each entry.
    """

    def __init__(
        self,
        target: Target,
        file: ProcessedFile,
        attempt: Attempt,
        written: BatchResult,
        *,
        replayer: Replayer,
        fast: FastPath | None,
        blame: ConstraintBlame,
        verifier: Verifier | None,
        clock: Callable[[], float],
    ) -> None:
        self._attempt = attempt
        self._entries = attempt.entries
        self._written = written
        self._replayer = replayer
        self._unit = Unit(target, replayer, self._entries)
        self._fast = fast
        self._blame = blame
        self._partners = Partners(target, file)
        self._cascades = Cascades(target, file, about_to_look=replayer.settle)
        self._verifier = verifier
        self._target = target
        self._clock = clock
        self._started = clock()
        self._has_looked = False  # for missing parents
        self._foreseen: Mapping[int, Failure] = {}  # records without any, by index of the entry
        self._at = 0  # the next entry
        self._longest_series = LONGEST_SERIES  # less while they are refused
        self._can_send_together = can_send_together(target.connection)
        # One of these was refused: to see which, they are sent by themselves.
        self._apart = range(0)

    @property
    def is_to_be_looked_through(self) -> bool:
        """Tell whether rows may have been left without their parents."""
        look = self._attempt.look
        return look is Look.AFTER or (look is Look.AHEAD and not self._has_looked)

    def run(self) -> None:
        """Apply the entries up to the first limit.

        Raises:
            RunRefusedError: try again, more carefully, in another transaction.
            CommitRefusedError: the same, without some records that failed after all.
            Exception: a transient failure; the transaction is to be rolled back.
        """
        while self._at < len(self._entries) and not self._is_over():
            stop = self._next_stop()
            if self._fast is not None and self._is_run(stop):
                self._many(self._fast, stop)
            else:
                self._one_by_one(max(stop, self._at + 1))
        self._written.entries = self._entries[: self._at]
        if unpaid := self._unit.parking.unpaid():
            raise CommitRefusedError(IntegrityError("a unique value is taken"), unpaid)
        failures = self._written.failures
        self._partners.look_up(failures.values())
        self._written.hopeful = {i for i, one in failures.items() if self._partners.are_there(one)}

    def _is_over(self) -> bool:
        written, limits = self._written, self._attempt.limits
        return (
            self._at > 0
            and (
                written.failures_in_a_row >= limits.failures
                or (limits.until_failure and bool(written.failures))
                or (self._is_late() and not self._unit.parking.unpaid())
                or self._is_before_digest()
            )
        ) or written.refusal is not None

    def _is_late(self) -> bool:
        return self._clock() - self._started > self._attempt.limits.seconds

    def _is_before_digest(self) -> bool:
        """A DIGEST begins a batch: what comes back by itself after the one before is back then."""
        entry = self._entries[self._at] if self._at < len(self._entries) else None
        return isinstance(entry, Record) and entry.operation is Operation.DIGEST

    def _is_run(self, stop: int) -> bool:
        return not self._attempt.limits.one_by_one and stop - self._at >= SMALLEST_RUN

    def _next_stop(self) -> int:
        """Return where a run may end at the latest: what was refused once is tried by itself."""
        end = min(self._at + self._attempt.longest, len(self._entries))
        return min(
            (index for index in self._attempt.suspects if self._at <= index < end), default=end
        )

    # One at a time

    def _one_by_one(self, stop: int) -> None:
        self._foresee()
        self._attempt.longest = max(2 * self._attempt.longest, 2 * SMALLEST_RUN)
        while self._at < stop:
            if not self._in_series(self._series(stop)):
                self._by_itself()
            if self._is_over():
                return

    def _by_itself(self) -> None:
        entry = self._entries[self._at]
        result = self._attempt.blamed.get(self._at) or self._try(self._at)
        if isinstance(result, Failure) and self._attempt.limits.stop_on_error:
            self._written.refusal = Refusal(entry=entry, failure=result)
            return
        self._account_for(result)

    def _account_for(self, result: Result) -> None:
        """Take note of what became of the next entry."""
        if not isinstance(result, Failure):
            self._written.outcomes[self._at] = result
            self._written.failures_in_a_row = 0
        else:
            self._written.failures[self._at] = result
            if not self._partners.are_awaited(self._entries[self._at], result):
                self._written.failures_in_a_row += 1
        self._at += 1

    def _try(self, index: int, *, undo: bool = False) -> Result:
        entry = self._entries[index]
        if isinstance(entry, Malformed):
            return Failure(reason=entry.reason, error=entry.error)
        try:
            if entry.operation is Operation.DIGEST:
                return self._verify(entry)
            if taken := self._cascades.failure(entry, self._failed()):
                return taken
            look = partial(self._look_for_parents, self._foreseen.get(index))
            return self._undone(entry, look) if undo else self._unit.replay(index, look=look)
        except _ForeseenError as foreseen:
            return foreseen.failure
        except Exception as error:  # whatever a record can provoke, it is that record's failure
            if self._is_undone() or (is_of_no_record(error) and not self._is_final(error)):
                raise
            return explain(self._target, error, entry)

    def _verify(self, record: Record) -> Mapping[str, Outcome]:
        if self._verifier is not None:
            with self._target.atomic():
                self._written.verified += self._verifier.verify(record)
        return {}

    def _failed(
        self, results: Mapping[int, Result] = MappingProxyType({})
    ) -> Iterator[tuple[Record, Failure]]:
        for index, failure in itertools.chain(self._written.failures.items(), results.items()):
            record = self._entries[index]
            if isinstance(failure, Failure) and isinstance(record, Record):
                yield record, failure

    def _undone(self, record: Record, look: Callable[[Record], None]) -> Mapping[str, Outcome]:
        self._replayer.check(record)
        with self._unit.in_series([record], together=False) as replay:  # its SQL is at hand
            outcomes = replay(record)
            look(record)
            transaction.set_rollback(True, using=self._target.database)
        return outcomes

    def _is_final(self, error: Exception) -> bool:
        is_timeout_final = self._attempt.limits.is_timeout_final
        return is_timeout_final is not None and is_statement_timeout(error) and is_timeout_final()

    def _is_undone(self) -> bool:
        """Tell whether not even the savepoint is left: the failure was not the record's."""
        return self._target.connection.needs_rollback

    # What is expected to be without its parent

    def _foresee(self) -> None:
        """Look for parents that nothing will bring: a batch would be undone for their children."""
        if self._attempt.look is Look.AHEAD and not self._has_looked:
            coming = {
                index: entry
                for index, entry in enumerate(self._entries[self._at :], self._at)
                if isinstance(entry, Record) and index not in self._attempt.blamed
            }
            found = self._blame.foresee(coming)
            self._has_looked = found is not None
            self._foreseen = found or {}

    def _look_for_parents(self, foreseen: Failure | None, record: Record) -> None:
        """Undo a record that is without its parent, as was foreseen."""
        if foreseen is None:
            return
        missing = missing_parents(self._target, record.objects)
        if any(one.parent in foreseen.needs for one in missing):
            raise _ForeseenError(foreseen)

    # One after the other, and undone together

    def _series(self, stop: int) -> Sequence[Entry]:
        """Return the next entries, as long as all may be good, or are known to be no records."""
        end = self._at
        if not self._attempt.limits.one_by_one:
            edges = (edge for edge in (self._apart.start, self._apart.stop) if edge > self._at)
            most = min(stop, self._at + self._longest_series, *edges)
            while end < most and not self._is_doubtful(end, self._entries[end]):
                end += 1
        return self._entries[self._at : end]

    def _is_doubtful(self, index: int, entry: Entry) -> bool:
        return (
            (isinstance(entry, Record) and entry.operation is Operation.DIGEST)
            or index in self._attempt.refused
            or index in self._attempt.suspects
            or index in self._attempt.blamed
            or index in self._foreseen
        )

    def _in_series(self, entries: Sequence[Entry]) -> bool:
        """Apply records without a savepoint for each; False: the first is to be tried by itself."""
        if len(entries) < 2:
            self._longest_series = min(2 * self._longest_series, LONGEST_SERIES)
            return False
        records = [entry for entry in entries if isinstance(entry, Record)]
        results: dict[int, Result] = {}
        index = sent = self._at
        together = self._can_send_together and self._at not in self._apart
        try:
            with self._unit.in_series(records, together=together) as replay:
                for index, entry in enumerate(entries, self._at):
                    result = self._result(entry, replay, results)
                    if result is None:
                        break
                    results[index] = result
                    if self._replayer.is_settled:
                        sent = index + 1
        except Exception as error:  # by itself it is told why
            if self._is_undone() or is_of_no_record(error):
                raise
            logger.debug("A series was refused at its record %d.", index, exc_info=error)
            forget_frames(error)
            if together:
                self._apart = range(min(sent, index), index + 1)
            else:
                self._attempt.refused.add(index)
                self._longest_series = max(1, len(entries) // 4)
                self._apart = range(0)
            return True
        self._longest_series = min(2 * self._longest_series, LONGEST_SERIES)
        self._unit.parking.pay({i for i, one in results.items() if not isinstance(one, Failure)})
        for result in results.values():
            self._account_for(result)
        return bool(results)

    def _result(
        self,
        entry: Entry,
        replay: Callable[[Record], Mapping[str, Outcome]],
        results: Mapping[int, Result],
    ) -> Result | None:
        """Apply an entry after the others of its series; None: it is to be tried by itself, and
        nothing of it was written.
        """
        if isinstance(entry, Malformed):
            failure = Failure(reason=entry.reason, error=entry.error)
            return failure if self._may_fail(results) else None
        if not self._may_go_on(entry, results):
            return None
        try:
            return replay(entry)
        except ReceiverError:
            raise  # its row was written, and perhaps others
        except RecordError as error:
            if len(entry.objects) > 1:
                raise  # some of them may have been written
            if error.reason not in FINAL or not self._may_fail(results):
                return None
            return explain(self._target, error, entry)

    def _may_fail(self, results: Mapping[int, Result]) -> bool:
        """Tell whether one more failure keeps within the limits, whatever counts."""
        limits = self._attempt.limits
        failed = sum(isinstance(result, Failure) for result in results.values())
        most = self._written.failures_in_a_row + failed + 1
        return not (limits.stop_on_error or limits.until_failure) and most < limits.failures

    def _may_go_on(self, record: Record, results: Mapping[int, Result]) -> bool:
        is_save = record.operation is Operation.SAVE
        return not self._is_late() and (
            is_save or self._cascades.failure(record, self._failed(results)) is None
        )

    # Many at a time

    def _many(self, fast: FastPath, stop: int) -> None:
        """Apply a run, or learn from its failure how to go on."""
        try:
            with self._savepoint():
                window = self._plan(fast, stop)
                if not self._is_to_look_ahead(window):
                    self._foresee()
                    if any(window.start <= index < window.stop for index in self._foreseen):
                        window = self._plan(fast, stop)
                failures = self._refuse(window)
                if self._is_to_look_ahead(window):
                    failures |= fast.take_out_orphans(window, self._entries)
                    self._has_looked = True
                fast.number(window)
                streak = self._obey_limits(window, failures)
                is_worth_it = window.stop - window.start >= SMALLEST_RUN
                if is_worth_it and self._attempt.lends:
                    self._attempt.has_lent |= fast.make_room(window)
                outcomes = fast.apply(window) if is_worth_it else {}
        except Exception as error:  # the exact path has the last word about any of them
            if is_of_no_record(error) or self._is_undone():
                raise
            self._narrow(error, stop)
            if not self._attempt.is_careful:
                raise RunRefusedError from error
            return
        if is_worth_it:
            self._note(window, outcomes, failures, streak)
        else:
            self._one_by_one(max(window.stop, self._at + 1))
            # What is behind was looked at in vain: if all of it were every time, and only the exact
            # path can apply its records, then a batch would take the square of its length.
            self._attempt.longest = 2 * SMALLEST_RUN

    def _plan(self, fast: FastPath, stop: int) -> Window:
        known = {*self._attempt.blamed, *self._foreseen}
        return fast.plan(self._entries, self._at, stop, known_failures=known)

    def _savepoint(self) -> AbstractContextManager[object]:
        """On SQLite a savepoint costs as much as the rows of a run: at first, do without."""
        if self._attempt.is_careful:
            return self._target.atomic()
        return nullcontext()

    def _is_to_look_ahead(self, window: Window) -> bool:
        """Only if nothing else can bring a parent, or take one away.

        Which object of several is to blame is for `ConstraintBlame` to say.
        """
        is_whole = window.start == 0 and window.stop == len(self._entries)
        return is_whole and not window.several and self._attempt.look is not Look.NONE

    def _refuse(self, window: Window) -> dict[int, Failure]:
        """Return why entries fail, by index. One that does not ends the window."""
        failures = {}
        for index in window.refused:
            failure = self._attempt.blamed.get(index) or self._reason(index)
            if failure is None:
                window.cut(index)
                break
            failures[index] = failure
        return failures

    def _reason(self, index: int) -> Failure | None:
        """Return why an entry fails; None, with its effect undone, if it does not, or if it is to
        be tried by itself.
        """
        result = self._try(index, undo=True)
        if index in self._foreseen:
            return result if result is self._foreseen[index] else None
        return result if isinstance(result, Failure) else None

    def _obey_limits(self, window: Window, failures: Mapping[int, Failure]) -> int:
        """End the window at a limit; return how many failures in a row count at its end."""
        limits = self._attempt.limits
        streak, previous = self._written.failures_in_a_row, window.start - 1
        self._partners.look_up(failures.values())
        for index in sorted(failures):
            if limits.stop_on_error:
                window.cut(index)
                break
            if index != previous + 1:
                streak = 0
            if not self._partners.are_awaited(self._entries[index], failures[index]):
                streak += 1
            previous = index
            if streak >= limits.failures or limits.until_failure:
                window.cut(index + 1)
                break
        return streak if previous == window.stop - 1 else 0

    def _narrow(self, error: Exception, stop: int) -> None:
        self._attempt.was_refused = True
        logger.debug("A run of %d entries was refused.", stop - self._at, exc_info=error)
        forget_frames(error)
        if not self._attempt.lends and _is_clash(error):
            self._attempt.lends = True
        elif isinstance(error, RowRefusedError):
            self._attempt.suspects.add(error.index)
        else:
            self._attempt.longest = (stop - self._at) // 2

    def _note(
        self, window: Window, outcomes: Outcomes, failures: dict[int, Failure], streak: int
    ) -> None:
        self._written.outcomes |= outcomes
        self._unit.parking.pay(outcomes)
        self._written.failures |= {i: f for i, f in failures.items() if i < window.stop}
        self._written.failures_in_a_row = streak
        self._at = window.stop
        # If a rule ended this run early, the entries after it were gathered in vain and will be
        # gathered again. So the next run is at most twice as long as this one was.
        self._attempt.longest = max(2 * (window.stop - window.start), 2 * SMALLEST_RUN)


def _is_clash(error: Exception) -> bool:
    cause = error.__cause__ if isinstance(error, RowRefusedError) else error
    return isinstance(cause, DatabaseError) and fault_of(cause) is Fault.UNIQUE
