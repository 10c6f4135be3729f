"""The relay: round after round, from the table of changes to the log, for as long as it takes."""

from __future__ import annotations

import enum
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import Error, connections, transaction
from django.db.models import F, QuerySet

from tui_ingest.flag import Flag
from tui_ingest.oplog.log import LogError
from tui_ingest.oplog.records import line_of
from tui_ingest.recorder.conf import RecorderSettings
from tui_ingest.recorder.errors import MigrationRunningError
from tui_ingest.recorder.models import Change, RelayStatus, stored
from tui_ingest.recorder.records import verifying
from tui_ingest.recorder.records.resending import settle
from tui_ingest.recorder.records.rounds import Round, RoundReader
from tui_ingest.recorder.relaying.locking import RelayLock
from tui_ingest.recorder.relaying.waking import Waker
from tui_ingest.recorder.relaying.writing import line_times, open_log
from tui_ingest.troubles import Troubles

logger = logging.getLogger(__name__)

FIRST_LIMIT = 500  # entries of the first round: nobody knows yet how large rows are
MOST_ENTRIES = 5_000  # of a round
ROUND_SECONDS = 0.2  # a round is made shorter if it took longer, down to FIRST_LIMIT
ROUND_BYTES = 8 * 1024 * 1024  # and if it wrote more, however few entries that leaves
IDLE_SECONDS = 5.0  # between two looks when nothing seems to happen
STANDBY_SECONDS = 0.5  # between two tries to take over
RETRY_SECONDS = (0.1, 10.0)  # the first pause after a failure, and the longest
_DELETED_AT_ONCE = 5_000  # entries in one statement


class State(enum.StrEnum):
    """What a relay is doing. The values are stored and shown."""

    STANDING_BY = "standing by"  # another one is at work
    RUNNING = "running"
    CAUGHT_UP = "caught up"
    WAITING = "waiting"  # for something to be put right; the reason says what
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a relay tells whoever listens."""

    state: State
    reason: str = ""  # while WAITING
    records: int = 0  # written by this process
    held: int = 0  # changes set aside since the last one, because their rows cannot be read
    unverified: str = ""  # the model that could not be summed up since the last one, and why


class Relay:
    """Takes the changes of one database and writes them to one log.

    Args:
        log: where the records go; its path is what the lock is for.
        report: is told of every change of state, and of every round.
        stop: once set, the relay ends after the running round.
    """

    def __init__(
        self,
        settings: RecorderSettings,
        database: str,
        *,
        report: Callable[[Progress], None] = lambda _: None,
        stop: Flag | None = None,
    ) -> None:
        self._database = database
        self._path = settings.log_of(database)
        self._log = open_log(self._path, settings)
        self._times = line_times()
        self._lock = RelayLock(database, self._path)
        self._reader = RoundReader(settings, database)
        self._report = report
        self._stop = stop or Flag()
        self._waker = Waker(database, self._stop)
        self._limit = FIRST_LIMIT
        self._written: Round | None = None  # it is in the log, but its entries are still there
        self._records = 0
        self._failures = 0  # in a row
        self._troubles = Troubles()
        self._held = 0  # changes not told of yet whose rows cannot be read
        self._unverified = ""  # a model not told of yet that could not be summed up, and why
        self._retries_held = True  # this process may have the code that can read them
        self._has_held = False
        self._is_sure = False  # that the last round was settled, by this process or another
        self._error: dict[str, object] = {}  # the last one, to be kept
        self._told: tuple[State, str] | None = None
        self._kept: tuple[State, str] | None = None

    def drain(self) -> None:
        """Write all that is pending, and return.

        Raises:
            Error, OSError, TuiIngestError: it cannot be done now; nothing is lost.
        """
        try:
            while not self.catch_up() and self._pending().exists() and not self._stop.is_set():
                self._tell(State.STANDING_BY)
                self._stop.wait(STANDBY_SECONDS)
            self._tell(State.CAUGHT_UP)
        finally:
            self.close()

    def catch_up(self) -> bool:
        """Write all that is pending; tell whether it could: another relay may be at work.

        Raises:
            Error, OSError, TuiIngestError: it cannot be done now; call it again.
        """
        if not self._lock.acquire():
            return False
        while not self._stop.is_set() and self.step():
            self._tell(State.RUNNING, force=True)
        return True

    def follow(self) -> None:
        """Write changes as they come, until it is told to stop; whatever fails is tried again.

        Raises:
            ModelsChangedError: this process must be started again, with the code of the database.
        """
        try:
            while not self._stop.is_set():
                try:
                    self._follow_once()
                    self._failures = 0
                except (Error, OSError, LogError, MigrationRunningError) as error:
                    self._wait_after(error)
        finally:
            self.close()

    def _follow_once(self) -> None:
        if not self._lock.acquire():
            self._tell(State.STANDING_BY)
            self._stop.wait(STANDBY_SECONDS)
        elif self.step():
            self._tell(State.RUNNING, force=True)
        else:
            self._tell(State.CAUGHT_UP)
            self._waker.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Do one round; tell whether there was anything to do.

        Raises:
            Error, OSError, LogError, ModelsChangedError: it cannot be done now; call it again.
        """
        if not self._log.resume():
            # Another relay was at work: its rows are newer than these.
            self._written, self._is_sure = None, False
        self._remove_written()
        self._retry_held()
        if not self._is_sure:
            verifying.begin_anew(self._database)
            self._is_sure = True
        started = time.monotonic()
        found = self._reader.read(self._limit)
        if not found:
            return False
        self._written = found
        lines = [line_of(next(self._times), *record) for record in found.records]
        self._log.append(lines)
        self._remove_written()
        written = sum(map(len, lines))
        self._adapt(time.monotonic() - started, written)
        return True

    def _remove_written(self) -> None:
        """Forget the changes that are in the log now, and no others."""
        found = self._written
        if found is None:
            return
        table = connections[self._database].ops.quote_name(Change._meta.db_table)
        changes = self._pending()
        with transaction.atomic(using=self._database):
            with connections[self._database].cursor() as cursor:
                for start in range(0, len(found.ids), _DELETED_AT_ONCE):
                    some = ",".join(map(str, found.ids[start : start + _DELETED_AT_ONCE]))
                    cursor.execute(f"DELETE FROM {table} WHERE id IN ({some})")  # noqa: S608
            unreadable = len(found.held) + len(found.resent.unreadable if found.resent else ())
            for entry, why in found.held.items():
                changes.filter(pk=entry).update(held=why)
            self._release_held(found, any_held=unreadable > 0)
            if found.resent is not None:
                settle(found.resent, self._database)
            if found.verified is not None:
                verifying.settle(found.verified, self._database)
            self._status().update(
                log=str(self._path),
                state=State.RUNNING,
                reason="",
                last_written=time.time(),
                records=F("records") + len(found.records),
                **self._error,
            )
        self._error = {}
        self._held += unreadable
        if found.verified is not None and found.verified.error:
            self._unverified = f"{found.verified.verification.model}: {found.verified.error}"
        self._records += len(found.records)
        self._written = None

    def _retry_held(self) -> None:
        """Try once more what could not be read by the process before this one."""
        if self._retries_held:
            if self._all_held().exists():  # an update waits for a writer, even of no row
                self._all_held().update(held=None)
            self._retries_held = False

    def _release_held(self, found: Round, *, any_held: bool) -> None:
        """Forget earlier changes of rows that could be read now."""
        if self._has_held:
            held = self._all_held().values_list("pk", "model", "key")
            done = [pk for pk, model, key in held if (model, key) in found.rows]
            stored(Change, self._database).filter(pk__in=done).delete()
        self._has_held = any_held or (self._has_held and self._all_held().exists())

    def _adapt(self, seconds: float, written: int) -> None:
        """Make rounds as long as they may be."""
        if written > ROUND_BYTES:
            self._limit = max(1, self._limit // 2)
        elif seconds > ROUND_SECONDS:
            self._limit = max(min(FIRST_LIMIT, self._limit), self._limit // 2)
        elif seconds < ROUND_SECONDS / 2 and written < ROUND_BYTES / 2:
            self._limit = min(2 * self._limit, MOST_ENTRIES)

    def _wait_after(self, error: Exception) -> None:
        """Say what is wrong, and pause: longer each time."""
        where = "log" if isinstance(error, OSError | LogError) else "database"
        self._failures += 1
        reason = f"{where}: {error}"
        how_often = self._troubles.again(reason)
        self._tell(State.WAITING, reason)
        if how_often:  # the first time was news
            self._report(self._progress(State.WAITING, f"{reason} ({how_often})"))
        if isinstance(error, Error):
            self._reconnect()
        shortest, longest = RETRY_SECONDS
        pause = min(longest, shortest * 2 ** min(self._failures, 10))
        self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret

    def _reconnect(self) -> None:
        connection = connections[self._database]
        connection.close()
        if connection.vendor != "sqlite":
            # The lock went with the connection. Another relay may have been at work meanwhile, and
            # what was read before is not the last state any more: it is read again.
            self._log.abandon()
            self._written, self._is_sure = None, False
            self._lock.release()

    def _tell(self, state: State, reason: str = "", *, force: bool = False) -> None:
        """Report, and keep in the database what a person would ask for."""
        is_news = (state, reason) != self._told
        self._told = (state, reason)
        if is_news:
            self._keep(State.RUNNING if state is State.CAUGHT_UP else state, reason)
        if is_news or force:
            self._report(self._progress(state, reason))
            self._held, self._unverified = 0, ""

    def _progress(self, state: State, reason: str) -> Progress:
        return Progress(
            state=state,
            reason=reason,
            records=self._records,
            held=self._held,
            unverified=self._unverified,
        )

    def _keep(self, state: State, reason: str) -> None:
        if state is State.STANDING_BY or (state, reason) == self._kept:
            return  # of the two relays, the one that is at work tells how it does
        self._kept = (state, reason)
        if reason:
            self._error = {"last_error": reason, "last_error_at": time.time()}
        try:
            log = str(self._path)
            self._status().update(state=state, reason=reason, log=log, **self._error)
            self._error = {}
        except Error:
            logger.debug("The status could not be kept.", exc_info=True)

    def _all_held(self) -> QuerySet[Change]:
        return stored(Change, self._database).exclude(held=None)

    def _pending(self) -> QuerySet[Change]:
        return stored(Change, self._database).filter(held=None)

    def _status(self) -> QuerySet[RelayStatus]:
        return stored(RelayStatus, self._database).filter(pk=1)

    def close(self) -> None:
        """Let another relay take over."""
        if self._told is not None and self._told[0] is not State.STANDING_BY:
            self._tell(State.STOPPED)
        self._log.close()
        self._lock.release()
