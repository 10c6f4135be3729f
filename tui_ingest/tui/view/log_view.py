"""One log as the console sees it: what every screen is given and looks at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui_ingest.ingest.session.control import Decision, StepTo
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Log, StartPoint
from tui_ingest.oplog.records import RecordLocation
from tui_ingest.running.exit_status import APPLIED
from tui_ingest.running.starting import status_of
from tui_ingest.tui.view.farewell import farewell, farewell_of_a_dry_run
from tui_ingest.tui.view.feed import Feed
from tui_ingest.tui.view.line_buffer import LineBuffer
from tui_ingest.tui.view.lines import ElidedLine, Line, RecordLine
from tui_ingest.tui.view.rates import RateHistory, Trend
from tui_ingest.tui.view.wording import Phrase, badge


class Orders(Protocol):
    """What an operator can order a session to do; whether it obeys is in its status.

    A running session's `Control` is one, and any other way of reaching a session may be.
    """

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def step(self, to: StepTo = StepTo.RECORD) -> None: ...
    def order_stop_on_error(self, on: bool) -> None: ...
    def seek(self, start: StartPoint) -> None: ...
    def decide(self, decision: Decision) -> None: ...
    def take_over(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class LogAccess:
    """The log and what it is applied to, for the screens that look at them by themselves."""

    path: str  # of the log, as its checkpoint knows it; "" for all logs
    target: Target
    only_look: bool = False  # never apply the log here
    dry_run: bool = False  # nothing is changed here, neither by the session nor by the screens
    project: str  # for the operator: "mysite.settings · default postgresql"
    open_log: Callable[[], Log]  # another reader of the same log; the caller closes it
    # The line at a place of the log, without its terminator; None if it is not there any more.
    read_again: Callable[[RecordLocation], bytes | None]


class LogView:
    """A log, the session that applies it, and what of both is kept for the screens.

    Attributes:
        status: where the session stood at the last look.
        lines: the latest lines, and the filter that chooses among them.
        orders: the session's, besides those that are known here before it obeys.
        pausing: a pause was ordered here that the session has not begun.
        stopping: the end was ordered here.
        taken_over: whether the log was ordered to be applied here instead of elsewhere.
        session_over: set by the session's thread when its work is done.
    """

    def __init__(
        self, access: LogAccess, orders: Orders, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.access = access
        self.clock = clock  # seconds since the epoch
        self.feed = Feed()
        self.rates = RateHistory()
        self.trend = Trend()
        self.lines = LineBuffer()
        self.status = SessionStatus(path=access.path)
        self.session_over = threading.Event()
        self.orders = orders
        self._held: list[Line] = []  # lines of a flood that the next look will show
        self.taken_over = False
        self.pausing = False
        self.stopping = False

    # Looking

    def look(self) -> None:
        """Take over what the session has reported since the last look."""
        self.status, lines = self.feed.take()
        if self.status.paused:  # obeyed; somebody else may end it
            self.pausing = False
        now = time.monotonic()
        self.rates.sample(now, self.status.records)
        if self.status.backlog is not None:
            left, last = self.status.backlog.remaining_bytes, self.status.last_record_time
            self.trend.sample(now, left, last)
        self._keep(lines)

    def _keep(self, lines: Sequence[Line]) -> None:
        """Keep lines for the screen; of a flood, at every other look.

        Nobody can read lines that are all replaced at once, and drawing them is most of what the
        screen costs the session.
        """
        is_flood = any(isinstance(line, ElidedLine) for line in lines)
        is_shown = bool(self._held) or not is_flood
        self._held += lines
        if is_shown:
            self.lines.extend(self._held)
            self._held = []

    @property
    def over(self) -> bool:
        """Whether the session's work is done."""
        return self.session_over.is_set()

    @property
    def held(self) -> bool:
        """Whether it is paused, or will be after the running batch: what resuming ends."""
        return self.status.paused or self.pausing

    def log_at(self, path: str) -> LogView:  # noqa: ARG002
        """Return the view of a log among these: of one, there is but this."""
        return self

    def failures(self) -> list[tuple[str, RecordLine]]:
        """Return the lines that are kept of records that failed, each with the path of its log."""
        return [(self.access.path, line) for line in self.lines.failures()]

    def every_access(self) -> list[LogAccess]:
        """Return how to get at each log among these. In any thread."""
        return [self.access]

    @property
    def badge(self) -> Phrase:
        """The state, as one sign and a word or two."""
        return badge(self.status, pausing=self.pausing, stopping=self.stopping)

    @property
    def exit_status(self) -> int:
        """The exit status of a process that had this session alone."""
        ended = self.status.ended
        return APPLIED if ended is None else status_of(ended)

    def farewell(self) -> list[str]:
        """Return what is said in the shell, after the console has gone."""
        dry = self.access.dry_run and not self.status.attached
        return farewell_of_a_dry_run([self.status]) if dry else farewell(self.status)

    # Orders: given at once, obeyed after the running batch, seen in the status

    def pause(self) -> None:
        """Do no work until `resume`."""
        self.pausing = True
        self.orders.pause()

    def resume(self) -> None:
        """Go on."""
        self.pausing = False
        self.orders.resume()

    def take_over(self) -> None:
        """Have the log applied here instead of elsewhere."""
        self.taken_over = True
        self.orders.take_over()

    def stop(self) -> None:
        """End the session. From any thread, and from a signal handler."""
        self.stopping = True
        self.orders.stop()
