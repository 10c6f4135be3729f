"""Sessions of many logs in one process, each in a thread with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tui_ingest.flag import Flag
from tui_ingest.ingest import sharing
from tui_ingest.ingest.events import Event, Progressed, SessionEnded, State, StateChanged
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.leases import Owner
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.target import Target
from tui_ingest.opening import PATTERN_SECONDS, logs_of
from tui_ingest.oplog.addresses import is_pattern, name_of
from tui_ingest.running.exit_status import APPLIED, FATAL, worst_of
from tui_ingest.running.options import IngestOptions
from tui_ingest.running.starting import run_beside_others, session, status_of

LOOK_SECONDS = 0.5  # between two looks whether all have ended
SHARE_SECONDS = 1.0  # between two looks whether others have more logs

Report = Callable[[Event], None]
ReportOf = Callable[[IngestOptions], Report]


class Member:
    """One log, and the thread of its session.

    Attributes:
        log: what the log is called in the database.
        control: orders to its session.
        status: of the process, if this were its only session; known once the thread has ended.

    Args:
        tell: listens to the session, in its thread.
    """

    def __init__(self, options: IngestOptions, tell: Report) -> None:
        self.log = name_of(options.path)
        self.control = Control(stop_on_error=options.stop_on_error)
        self.status = APPLIED
        self._options = options
        self._tell = tell
        self._owner: Owner | None = None
        self._state = State.STARTING
        self._can_read = False
        self.thread = threading.Thread(target=self._work, name=f"session {options.path}")

    @property
    def heir(self) -> Owner | None:
        """The session, while it stands by and could begin at once."""
        is_ready = self._state is State.STANDING_BY and self._can_read
        return self._owner if is_ready and self.thread.is_alive() else None

    def _work(self) -> None:
        self.status = status_of(run_beside_others(self._options.path, self._run, self._tell))

    def _run(self) -> SessionEnded:
        made = session(self._options, self.control, self._listen)
        self._owner = made.owner
        return made.run()

    def _listen(self, event: Event) -> None:
        match event:
            case StateChanged():
                self._state = event.state
            case Progressed():
                self._can_read = event.backlog.exists and event.backlog.readable
        self._tell(event)


class Fleet:
    """Applies every log that is named, also those that appear later.

    Where other processes do so, too, it applies a fair share of them: see `ingest.sharing`.
    """

    def __init__(self, options: IngestOptions) -> None:
        self._options = options
        self._members: dict[str, Member] = {}
        self._naming_none: set[Path | str] = set()  # patterns, as of the last look
        self._stopping = Flag()

    @property
    def stopping(self) -> bool:
        """Whether the end was ordered."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """End all sessions after their running batches. Safe in a signal handler."""
        self._stopping.set()
        for member in list(self._members.values()):
            member.control.stop()

    def run(
        self,
        report_of: ReportOf,
        *,
        between_looks: Callable[[], None],
        complain: Callable[[str], None],
    ) -> int:
        """Work until stopped, or until no session is left; return the process's exit status.

        Args:
            report_of: returns who listens to the session of a log; its calls come from that one's
                thread.
            between_looks: called every half second or so, in this thread.
            complain: is told, in this thread, of each pattern that names no log.
        """
        if not self._options.once and not self._options.dry_run:
            # Its database may hang: signals, patterns and the watchdog do not wait for that.
            threading.Thread(target=self._share, name="sharing", daemon=True).start()
        while not self._stopping.is_set():
            for named in self._options.named:
                self._add_new(named, report_of, complain)
            if self._are_over(between_looks):
                break
        self.stop()
        for member in self._members.values():
            member.thread.join()
        return self._status()

    def _add_new(
        self, named: Path | str, report_of: ReportOf, complain: Callable[[str], None]
    ) -> None:
        found = [*logs_of((named,))]
        for path in found:
            if str(path) not in self._members and not self._stopping.is_set():
                options = replace(self._options, path=path, more=())
                member = Member(options, report_of(options))
                self._members[str(path)] = member
                member.thread.start()
        if found:
            self._naming_none.discard(named)
        elif named not in self._naming_none:
            self._naming_none.add(named)
            complain(f"{named}: no such log was found. Check the pattern.")

    def _share(self) -> None:
        """Ask for logs that other processes apply, while this one has fewer than they."""
        target = Target(self._options.database)
        while not self._stopping.wait(SHARE_SECONDS):
            members = list(self._members.values())
            waiting = {member.log: heir for member in members if (heir := member.heir)}
            with unless_unusable(target.connection):
                sharing.ask(target, waiting)
        target.connection.close()

    def _are_over(self, between_looks: Callable[[], None]) -> bool:
        """Wait; tell early if no session is left, and no pattern may bring another."""
        may_grow = not self._options.once and any(map(is_pattern, self._options.named))
        for _ in range(int(PATTERN_SECONDS / LOOK_SECONDS)):
            between_looks()
            if self._stopping.wait(LOOK_SECONDS):
                return True
            if not may_grow and not any(m.thread.is_alive() for m in self._members.values()):
                return True
        return False

    def _status(self) -> int:
        statuses = {member.status for member in self._members.values()}
        if self._options.once and self._naming_none:
            statuses.add(FATAL)
        return worst_of(statuses)
