"""Many logs in one console: which there are, where each stands, and the sessions that are here."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tui_ingest.ingest import deadletters, orders
from tui_ingest.ingest.attachment import OrderPost
from tui_ingest.ingest.deadletters import DeadLetterError
from tui_ingest.ingest.events import DeadLetterResolved, Event, SessionEnded, State
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.reasons import first_line
from tui_ingest.ingest.status import SessionStatus, overview
from tui_ingest.models import ProcessedFile
from tui_ingest.opening import PATTERN_SECONDS, logs_of
from tui_ingest.oplog.addresses import is_stream, name_of
from tui_ingest.oplog.log import Backlog
from tui_ingest.running.exit_status import FATAL, worst_of
from tui_ingest.running.starting import status_of
from tui_ingest.tui.view.farewell import farewell_of_a_dry_run, farewell_of_many
from tui_ingest.tui.view.feed import Feed
from tui_ingest.tui.view.lines import RecordLine
from tui_ingest.tui.view.log_rows import LogRow, overall
from tui_ingest.tui.view.log_view import LogAccess, LogView
from tui_ingest.tui.view.one_of_many import Address, MakeView, OneOfMany
from tui_ingest.tui.view.wording import Phrase, Tone
from tui_ingest.words.numbers import plural

LOOK_SECONDS = 1.0  # between two looks at the database
STARTED_AT_ONCE = 8  # sessions, before the others: the keys want the interpreter, too
PAUSE_SECONDS = 0.25  # before the next ones

logger = logging.getLogger(__name__)


class AllLogs(LogView):
    """All logs as the console sees them; the view of each is had from `open`.

    `run` is for a thread of its own: it asks the database for all logs at once, every second, and
    begins a session for each log that is named and that nobody applies elsewhere.

    Args:
        access: of no log.
        named: addresses and patterns; none for all logs that the database knows, which are
            only looked at.
        make_view: called in any thread.

    Attributes:
        rows: of the last look, by path.
    """

    def __init__(
        self,
        access: LogAccess,
        named: Sequence[Address],
        make_view: MakeView,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(access, OrderPost(), clock=clock)  # whose orders nobody takes
        self.feed = _SharedFeed(self._feed_of)
        self.named = tuple(named)
        self.rows: list[LogRow] = []
        self._has_looked = False  # at the database
        self._looked_at: float | None = None  # the last time, in seconds since the epoch
        self._trouble = ""  # why the database cannot be asked
        self._make_view = make_view
        self._members: dict[str, OneOfMany] = {}  # by path
        self._lock = threading.Lock()  # of what the thread of `run` and the screen both change
        self._news: tuple[list[LogRow], SessionStatus] | None = None
        self._changed: queue.SimpleQueue[None] = queue.SimpleQueue()

    # The thread of `run`

    def run(self, report: Callable[[Event], None]) -> SessionEnded:
        """Look after all logs until told to stop, and until the sessions here have ended."""
        if self.named:
            threading.Thread(target=self._look_for_logs, name="named logs", daemon=True).start()
        while not self.stopping:
            if self.access.dry_run:
                self._ask_the_sessions()
            else:
                self._ask_the_database()
            self._wait(PAUSE_SECONDS if self._begin_some() else LOOK_SECONDS)
        for member in self._all():
            if member.thread is not None:
                member.thread.join()
        ended = SessionEnded(at=self.clock(), state=State.STOPPED)
        report(ended)
        return ended

    def _look_for_logs(self) -> None:
        """Find out what the patterns name; a broker that does not answer holds up nobody else."""
        while not self.stopping:
            try:
                found = list(logs_of(self.named))
            except Exception:
                logger.exception("Which logs there are could not be found out.")
                found = []
            with self._lock:
                for address in found:
                    self._member(name_of(address), address).is_named = True
            self._changed.put(None)
            time.sleep(PATTERN_SECONDS)

    def _ask_the_database(self) -> None:
        try:
            found = overview(self.access.target)
        except Exception as error:
            if not is_of_the_database(error):
                raise
            self.access.target.connection.close()
            self._trouble = f"database: {first_line(error)}"
            return
        self._trouble = ""
        now = time.monotonic()
        with self._lock:
            for status in found:
                if not self.named or status.path in self._members:
                    member = self._member(status.path)
                    # What is named may be found after the first look.
                    was_looked_for = member.was_looked_for if self.named else self._has_looked
                    member.take(status, now, is_old=not was_looked_for)
            for member in self._members.values():
                member.was_looked_for = True
            self._has_looked = True
            self._looked_at = self.clock()
            self._tell()

    def _ask_the_sessions(self) -> None:
        """Look at dry runs, of which the database knows nothing."""
        now = time.monotonic()
        with self._lock:
            for member in self._members.values():
                member.rehearse(now)
            self._tell()

    def _begin_some(self) -> bool:
        """Begin sessions for logs that nobody applies; tell whether there are more."""
        if self.access.only_look or self._trouble:
            return False
        waiting = [one for one in self._all() if one.is_named and not one.is_settled]
        for member in waiting[:STARTED_AT_ONCE]:
            member.is_settled = True
            if not member.status.runs_on and not member.works:
                view = member.begin(self._make_view, attach=False)
                if self.stopping:  # by now
                    view.stop()
        return len(waiting) > STARTED_AT_ONCE

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(queue.Empty):
            self._changed.get(timeout=seconds)
            while True:
                self._changed.get_nowait()

    # Both threads, with the lock

    def _tell(self) -> None:
        """Have the next look of the screen see what is known now."""
        members, now = list(self._members.values()), self.clock()
        self._news = [one.row(now) for one in members], _sum(members)

    def _member(self, path: str, address: Address | None = None) -> OneOfMany:
        if path not in self._members:
            address = address or (path if is_stream(path) else Path(path))
            self._members[path] = OneOfMany(path, address)
        return self._members[path]

    def _all(self) -> list[OneOfMany]:
        with self._lock:
            return list(self._members.values())

    # The screen

    def look(self) -> None:
        """Take over what was found out since the last look."""
        with self._lock:
            news, self._news = self._news, None
        if news is not None:
            self.rows, self.status = news
        crashed = self.feed.take()[0].ended
        if crashed is not None:
            self.status = replace(self.status, ended=crashed)
        if self.access.dry_run:  # what fails is kept nowhere but in the lines of each
            for view in self._views():
                view.look()

    def failures(self) -> list[tuple[str, RecordLine]]:
        return [failure for view in self._views() for failure in view.failures()]

    def _views(self) -> list[LogView]:
        return [one.view for one in self._all() if one.view is not None]

    @property
    def as_of(self) -> float | None:
        """When the rows were true, in seconds since the epoch; None while they are."""
        return self._looked_at if self._trouble else None

    @property
    def badge(self) -> Phrase:
        if self.status.ended is not None and self.status.ended.error:
            return Phrase("✗ FAILED", Tone.BAD)
        if self.stopping:
            return Phrase("■ STOPPING", Tone.WARNING)
        if self._trouble:
            return Phrase(f"◌ WAITING · {self._trouble}", Tone.WARNING)
        return overall(self.rows)

    def open(self, path: str) -> LogView:
        """Return the view of a log. One that is not applied here is looked at from now on.

        A session here that has ended says why, however often it is asked.
        """
        member = self._members[path]
        if member.view is not None and (member.works or member.ended is not None):
            return member.view
        return member.begin(self._make_view, attach=True)

    def log_at(self, path: str) -> LogView:
        member = self._members.get(path)
        return member.glimpse(self._make_view) if member is not None else self

    def every_access(self) -> list[LogAccess]:
        members = sorted(self._all(), key=lambda member: member.path)
        return [self._make_view(member.address, True)[0].access for member in members]

    def leave(self, view: LogView) -> None:
        """Look no longer at a log that is not applied here."""
        member = self._members[view.access.path]
        if not member.is_applied_here and member.ended is None:
            view.stop()
            member.view = None

    def order(self, kind: OrderKind, paths: Iterable[str]) -> list[str]:
        """Order sessions to pause or to resume; return the paths of those that are elsewhere.

        These get the order by `send`.
        """
        elsewhere = []
        with self._lock:
            for member in map(self._members.__getitem__, paths):
                member.ask(to_pause=kind is OrderKind.PAUSE)
                if member.view is None or not member.is_applied_here:
                    elsewhere.append(member.path)
                elif kind is OrderKind.PAUSE:
                    member.view.pause()
                else:
                    member.view.resume()
            self._tell()
        return elsewhere

    def send(self, kind: OrderKind, paths: Iterable[str]) -> list[str]:
        """Give an order to sessions elsewhere. In a thread that may use the database.

        Returns:
            what is to be said of logs that nobody applies, one sentence for each.
        """
        target, by = self.access.target, orders.operator()
        left = set(paths)
        said = []
        for file in target.rows(ProcessedFile).order_by("pk"):
            if file.file_path in left:
                left.remove(file.file_path)
                said.append(orders.give(target, file, kind, by=by).answer)
        self._changed.put(None)
        said += ["No session has read this log yet: there is nobody to order." for _ in left]
        return [answer for answer in said if answer]

    def _feed_of(self, dead_letter: int) -> Feed | None:
        """Return who wants to know of a dead letter: its log's view, if the log is applied here."""
        with contextlib.suppress(DeadLetterError):
            path = deadletters.get(self.access.target, dead_letter).file.file_path
            member = self._members.get(path)
            if member is not None and member.view is not None and member.is_applied_here:
                return member.view.feed
        return None

    # The end

    def stop(self) -> None:
        """End all sessions here, and looking at the others. Safe in a signal handler."""
        super().stop()
        for member in list(self._members.values()):  # without the lock: in a signal handler
            if member.view is not None:
                member.view.stop()
        self._changed.put(None)

    @property
    def exit_status(self) -> int:
        if self.status.ended is not None and self.status.ended.error:  # looking itself failed
            return FATAL
        return worst_of({status_of(one.ended) for one in self._all() if one.ended})

    def farewell(self) -> list[str]:
        members = self._all()
        ended = [one for one in members if one.ended is not None]
        if not ended:
            return ["Nothing was applied here; whoever applies the logs goes on."]
        views = [one.view for one in ended if one.view is not None]
        for view in views:
            view.look()
        statuses = [view.status for view in views]
        said = farewell_of_a_dry_run if self.access.dry_run else farewell_of_many
        others = plural(len(members) - len(ended), "log")
        return [
            *said(statuses),
            *(f"{one.path}: {one.ended.error}" for one in ended if one.ended and one.ended.error),
            *([f"{others} left to whoever applies them."] if len(members) > len(ended) else []),
        ]


class _SharedFeed(Feed):
    """Hands on what was done about a dead letter, in the thread that did it."""

    def __init__(self, feed_of: Callable[[int], Feed | None]) -> None:
        super().__init__()
        self._feed_of = feed_of

    def report(self, event: Event) -> None:
        if not isinstance(event, DeadLetterResolved):
            super().report(event)
        elif (feed := self._feed_of(event.dead_letter)) is not None:
            feed.report(event)


def _sum(members: Sequence[OneOfMany]) -> SessionStatus:
    """Return what matters of all together: what is to be repaired, and what is left to do here."""
    here = [one.status for one in members if one.status.runs_here]
    unread = sum(status.backlog.applicable_bytes for status in here if status.backlog)
    set_aside = sum(one.set_aside for one in members)
    last = max(members, key=lambda one: one.failed_at, default=None)
    return SessionStatus(
        path=last.path if last is not None and set_aside else "",
        attached=not here,
        dead_letters=sum(one.status.dead_letters for one in members),
        gaps=sum(one.status.gaps for one in members),
        backlog=Backlog(exists=True, remaining_bytes=unread),
        set_aside=set_aside,
        last_error="A record was set aside." if set_aside else "",
    )
