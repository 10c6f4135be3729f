"""Records that are judged by what they leave together: a batch as it goes on, or a few letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, assert_never

from django.db import DatabaseError
from django.db.models import Model, QuerySet

from tui_ingest.databases.faults import Fault, fault_of
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.database_errors import is_of_no_record
from tui_ingest.ingest.exact.deleting import taken_along
from tui_ingest.ingest.exact.failures import explain
from tui_ingest.ingest.exact.finding import find_rows
from tui_ingest.ingest.exact.parking import NoRoomError, Parking
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.model_fields import incoming_keys
from tui_ingest.ingest.reasons import Failure
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Entry
from tui_ingest.oplog.records import Operation, Record


class Unit:
    """Applies records of which later ones may free the unique values that earlier ones take.

    Attributes:
        parking: is to be told of records that were applied by other means.
    """

    def __init__(self, target: Target, replayer: Replayer, entries: Sequence[Entry]) -> None:
        self._target = target
        self._replayer = replayer
        self._entries = entries
        self.parking = Parking(target, entries)
        self._is_unchecked = False

    def replay(
        self,
        index: int,
        is_to_come: Callable[[int], bool] | None = None,
        *,
        look: Callable[[Record], None] = lambda _: None,
    ) -> Mapping[str, Outcome]:
        """Apply one of the records, in a savepoint of its own.

        Args:
            is_to_come: which others may be counted upon; None: those after it.
            look: is called when it is written; what it raises undoes it.

        Raises:
            Exception: as `Replayer.replay`; nothing is left of the try.
        """
        record = self._entries[index]
        assert isinstance(record, Record)  # noqa: S101  # nothing else can be applied

        def apply() -> Mapping[str, Outcome]:
            outcomes = self._replay(record)
            look(record)
            return outcomes

        try:
            with self._target.atomic():
                outcomes = apply()
        except DatabaseError as error:
            if self._target.connection.needs_rollback or fault_of(error) is not Fault.UNIQUE:
                raise
            outcomes = self._with_room(index, is_to_come or index.__lt__, apply, error)
        self.parking.pay((index,))
        return outcomes

    @contextmanager
    def in_series(
        self, records: Sequence[Record], *, together: bool
    ) -> Iterator[Callable[[Record], Mapping[str, Outcome]]]:
        """Give what applies some of the records, in their order and in one savepoint for all.

        If it raises for one of them, nothing is left of any; each is to be applied by itself then.

        Args:
            together: as for `Replayer.in_series`; then it may raise at the end of all.
        """
        with self._target.atomic(), self._replayer.in_series(records, together=together):
            yield self._replay

    def _with_room(
        self,
        index: int,
        is_to_come: Callable[[int], bool],
        apply: Callable[[], Mapping[str, Outcome]],
        error: DatabaseError,
    ) -> Mapping[str, Outcome]:
        try:
            with self._target.atomic():
                debts = self.parking.make_room(index, is_to_come)
                outcomes = apply()
        except NoRoomError as full:
            if told := full.as_error():
                raise told from error
            raise error from error.__cause__
        self.parking.owe(index, debts)
        return outcomes

    def _replay(self, record: Record) -> Mapping[str, Outcome]:
        """Apply a record; whatever order its objects are in, it is judged at its end."""
        if not self._checks_at_once:
            return self._replayer.replay(record)
        match record.operation:
            case Operation.SAVE:
                return self._save(record)
            case Operation.DELETE:
                return self._delete(record)
            case Operation.DIGEST:
                return self._replayer.replay(record)
            case unknown:
                assert_never(unknown)

    def _save(self, record: Record) -> Mapping[str, Outcome]:
        if len(record.objects) == 1 or self._is_unchecked:
            return self._replayer.replay(record)
        with self._references_unchecked():
            outcomes = self._replayer.replay(record)
        if dangling := self._replayer.dangling(record):
            raise dangling.as_error()
        return outcomes

    def _delete(self, record: Record) -> Mapping[str, Outcome]:
        """Delete rows that refer to each other, too: no order is right for them."""
        try:
            with self._target.atomic():
                return self._replayer.replay(record)
        except DatabaseError as error:
            if fault_of(error) is not Fault.REFERENCED:
                raise
            references = [*self._references_to(record)]
            with self._references_unchecked():
                outcomes = self._replayer.replay(record)
            if any(rows.exists() for rows in references):
                raise
            return outcomes

    def _references_to(self, record: Record) -> Iterator[QuerySet[Model]]:
        """Yield what refers to the rows that a record is about to delete, and to what goes along.

        Raises:
            ProtectedError, RestrictedError: rows that refer to them forbid it.
        """
        for serialized in record.objects:
            row = find_rows(self._target, serialized).first()
            for group in taken_along(self._target, row) if row is not None else ():
                rows = [*group]
                for key in incoming_keys(type(rows[0])) if rows else ():
                    if key.db_constraint:  # type: ignore[attr-defined]
                        ends: Any = {getattr(one, key.target_field.attname) for one in rows}
                        yield self._target.rows(key.model).filter(**{f"{key.attname}__in": ends})

    def replay_all(self) -> tuple[dict[int, Mapping[str, Outcome]], dict[int, Failure]]:
        """Apply all records, in whatever order works, and look for parents that are missing.

        Returns:
            What became of each, and why some failed. If any did, the caller rolls back.
        """
        outcomes: dict[int, Mapping[str, Outcome]] = {}
        deletions = [*filter(self._is_deletion, range(len(self._entries)))]
        with self._references_unchecked():
            saves = {*range(len(self._entries))}.difference(deletions)
            errors = self._apply_in_some_order(sorted(saves), outcomes)
        errors |= self._apply_in_some_order(deletions, outcomes)
        failures = {
            index: explain(self._target, error, record)
            for index, error in errors.items()
            if isinstance(record := self._entries[index], Record)
        }
        for index in outcomes:
            record = self._entries[index]
            if isinstance(record, Record) and (left := self._replayer.dangling(record)):
                failures[index] = left.as_failure()
        return outcomes, failures

    def _apply_in_some_order(
        self, left: list[int], outcomes: dict[int, Mapping[str, Outcome]]
    ) -> dict[int, Exception]:
        """Go on as long as one more succeeds: a natural key may be that of a record behind it."""
        errors: dict[int, Exception] = {}
        while left:
            errors = {}
            for index in left:
                try:
                    outcomes[index] = self.replay(index, lambda other: other not in outcomes)
                except Exception as error:
                    if is_of_no_record(error) or self._target.connection.needs_rollback:
                        raise
                    errors[index] = error
            if len(errors) == len(left):
                break
            left = [*errors]
        return errors

    def _is_deletion(self, index: int) -> bool:
        """Deletions come last: they would take along what others move away."""
        entry = self._entries[index]
        return isinstance(entry, Record) and entry.operation is Operation.DELETE

    @contextmanager
    def _references_unchecked(self) -> Iterator[None]:
        """MySQL and MariaDB cannot wait for the end with it. Afterwards every reference is looked
        at in any case.
        """
        if self._is_unchecked or not self._checks_at_once:
            yield
            return
        self._is_unchecked = True
        try:
            with self._target.connection.constraint_checks_disabled():
                yield
        finally:
            self._is_unchecked = False

    @property
    def _checks_at_once(self) -> bool:
        return self._target.connection.vendor == "mysql"
