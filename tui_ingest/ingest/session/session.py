"""A session: everything it takes to apply one log to one database.

from tui_ingest.ingest.session import Session
from tui_ingest.opening import open_log

ended = Session(open_log("oplog.log"), report=print, once=True).run()
print(ended.state, ended.error, ended.counts)
"""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_ingest.conf import Settings
from tui_ingest.ingest.connecting import GuardedConnection
from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.leases import LEASE_SECONDS, new_owner
from tui_ingest.ingest.session.alarm import Alarm
from tui_ingest.ingest.session.applier import Applier
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.heartbeat import Heartbeat
from tui_ingest.ingest.session.idle import OutsideRepairs
from tui_ingest.ingest.session.lease import Lease, Standby
from tui_ingest.ingest.session.loop import Loop
from tui_ingest.ingest.session.obeying import LastingOrders, OrderDesk
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.session.retrier import Ended, Retrier
from tui_ingest.ingest.session.stop_policy import StopPolicy
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Log, LogError, StartPoint


def _why_it_is_kept(*, once: bool, interactive: bool) -> str:
    """Return why a session shares its log with no other process; "" if it does."""
    if once:
        return "It works once, to the end of the log."
    return "A console applies it." if interactive else ""


def _ignore(event: Event) -> None:
    """Report to nobody."""


class Session:
    """Applies one log to one database until it is told to stop.

    Attributes:
        owner: as whom it holds the log's lease; None for a dry run, which needs none.

    Args:
        log: what to read; closed when the session ends.
        database: alias of the database of rows, totals, dead letters and checkpoint.
        control: orders, from any thread.
        report: called with every event, in the thread of `run`. It must return quickly.
        start: where to begin instead of at the checkpoint.
        once: end when everything present was applied.
        dry_run: undo every batch; nothing moves.
        interactive: somebody is there to decide about errors; otherwise they end the session.
        settings: `TUI_INGEST`, if not the project's.
        lease_seconds: of silence, after which another session may take the log.
    """

    def __init__(
        self,
        log: Log,
        *,
        database: str = "default",
        control: Control | None = None,
        report: Callable[[Event], None] = _ignore,
        start: StartPoint | None = None,
        once: bool = False,
        dry_run: bool = False,
        interactive: bool = False,
        settings: Settings | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.owner = owner = None if dry_run else new_owner()
        target = Target(database, settings, owner=owner.id if owner else "", dry_run=dry_run)
        self._log = log
        self._target = target
        self._control = control = control or Control()
        lease = Lease(target, log.path, owner, seconds=lease_seconds)
        self._heartbeat = Heartbeat(target, log.path, lease)
        self._alarm = Alarm(None if dry_run else target.settings.on_event, log.path)
        repairs = OutsideRepairs(target)
        self._publisher = publisher = Publisher(
            target, report, self._alarm, self._heartbeat, repairs
        )
        self._cursor = cursor = LogCursor(target, log, final=once)
        keeps = _why_it_is_kept(once=once, interactive=interactive)
        self._desk = OrderDesk(target, control, cursor, publisher, lease, keeps=keeps)
        retrier = Retrier(target, control, publisher, self._keep_contact, path=log.path)
        self._applier = Applier(target, cursor, publisher, retrier)
        self._loop = Loop(
            log=log,
            target=target,
            control=control,
            cursor=cursor,
            applier=self._applier,
            publisher=publisher,
            retrier=retrier,
            lease=lease,
            contact=self._keep_contact,
            standby=Standby(lease, self._applier, cursor, control, publisher, retrier, once=once),
            orders=LastingOrders(control, cursor, publisher),
            stop_policy=StopPolicy(target, control, publisher, interactive=interactive),
            repairs=repairs,
            start=start,
            once=once,
            interactive=interactive,
        )

    def run(self) -> SessionEnded:
        """Work until stopped, finished, or unable to go on; the result says which."""
        connection = GuardedConnection(self._target.connection)
        stoppable = connection.interrupted(lambda: self._control.stopping)
        with connection.guarded(), stoppable, self._heartbeat.beating():
            return self._run()

    def _run(self) -> SessionEnded:
        self._control.attach(self._log.wake)
        try:
            self._loop.run()
        except Ended as ended:
            return self._end(ended.state, ended.error)
        except LogError as error:
            return self._end(State.STOPPED, str(error))
        finally:
            self._control.attach(None)
            self._log.close()

    def _end(self, state: State, error: str) -> SessionEnded:
        backlog = self._publisher.progress(self._cursor, now=True)  # what is left unread
        self._publisher.change_state(state, error)
        self._heartbeat.end(is_there=backlog.is_there or not backlog.readable)
        ended = SessionEnded(
            at=time.time(),
            state=state,
            error=error,
            set_aside=self._applier.set_aside,
            counts=dict(self._applier.counts),
        )
        self._publisher.tell(ended)
        self._alarm.end()
        return ended

    def _keep_contact(self) -> None:
        """Tell those who look from elsewhere that it is alive, and hear what they order."""
        self._heartbeat.beat_if_due()
        self._desk.look_if_due()
