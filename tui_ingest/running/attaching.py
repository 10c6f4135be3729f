"""What runs behind a console: a session here, or a look at one that runs elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from tui_ingest.ingest import leases, orders
from tui_ingest.ingest.attachment import Observer, OrderPost, recall
from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.orders import OrderKind
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control, Decision, StepTo
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile
from tui_ingest.oplog.addresses import name_of
from tui_ingest.oplog.log import StartPoint
from tui_ingest.running.options import IngestOptions
from tui_ingest.running.starting import open_log, session


class ConsoleSession:
    """Attaches to the session that applies a log; without one, or by order, is that session.

    Its methods that give orders are safe from any thread and from a signal handler; `run` is for
    a thread of its own.
    """

    def __init__(self, options: IngestOptions) -> None:
        self._options = options
        self._path = name_of(options.path)
        self._control = Control(
            paused=options.paused,
            stop_on_error=options.stop_on_error,
            operator=orders.operator(),
        )
        self._post = OrderPost()
        self._is_attached = False

    @property
    def _reins(self) -> Control | OrderPost:
        return self._post if self._is_attached else self._control

    def run(self, report: Callable[[Event], None]) -> SessionEnded:
        """Report until told to stop, or as a session does."""
        target = Target(self._options.database)
        self._is_attached = self._options.attach or self._runs_elsewhere(target)
        if self._is_attached:
            with contextlib.closing(open_log(self._options)) as log:
                Observer(log, target, self._post, report, by=self._control.operator).run()
            if self._control.stopping or self._post.stopping:
                ended = SessionEnded(at=time.time(), state=State.STOPPED)
                report(ended)
                return ended
            self._is_attached = False
        return self._session(target, report).run()

    def _runs_elsewhere(self, target: Target) -> bool:
        options = self._options
        if options.dry_run or options.once or options.start is not None:
            return False  # for these there must be a session here
        holder = None
        with unless_unusable(target.connection):  # else the session will wait for it, and say so
            holder = leases.holder(target, self._path)
        return holder is not None and holder.is_alive

    def _session(self, target: Target, report: Callable[[Event], None]) -> Session:
        made = session(self._options, self._control, report, interactive=True)
        with contextlib.closing(open_log(self._options)) as log, contextlib.suppress(Exception):
            # What cannot be recalled is missed by nobody: the session says what is wrong.
            if not self._post.taking_over and (recalled := recall(target, log)):
                report(recalled)
        if self._post.taking_over and made.owner is not None:
            file = target.rows(ProcessedFile).filter(file_path=self._path).first()
            if file is not None:
                heir = orders.owner_argument(made.owner)
                orders.give(target, file, OrderKind.HAND_OVER, heir, by=self._control.operator)
        return made

    # Orders

    def pause(self) -> None:
        """See `Control`, as for the next ones."""
        self._reins.pause()

    def resume(self) -> None:
        self._reins.resume()

    def step(self, to: StepTo = StepTo.RECORD) -> None:
        self._reins.step(to)

    def order_stop_on_error(self, on: bool) -> None:
        self._reins.order_stop_on_error(on)

    def seek(self, start: StartPoint) -> None:
        self._reins.seek(start)

    def decide(self, decision: Decision) -> None:
        self._reins.decide(decision)

    def take_over(self) -> None:
        """Have the log applied here, once the session elsewhere has handed it over."""
        self._post.take_over()

    def stop(self) -> None:
        """End the session here, or leave the one elsewhere alone."""
        self._control.stop()
        self._post.stop()
