"""One of many logs: where it stands, how fast it goes, and what works on it here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tui_ingest.ingest.events import Event, SessionEnded, State
from tui_ingest.ingest.status import SessionStatus
from tui_ingest.running.starting import run_beside_others
from tui_ingest.tui.view.log_rows import LogRow, row_of
from tui_ingest.tui.view.log_view import LogView
from tui_ingest.tui.view.rates import Pace, Trend

ASKED_SECONDS = 5.0  # for which an order is believed to be obeyed soon

Address = Path | str
RunSession = Callable[[Callable[[Event], None]], SessionEnded]
# From an address, and whether to attach to it only, to its view and what runs behind that.
MakeView = Callable[[Address, bool], tuple[LogView, RunSession]]


class OneOfMany:
    """A log, and the thread that works for it if there is one.

    Attributes:
        status: as the database knew it last.
        view: what the screens see of it, while something works for it here.
        attaches: what works here only looks at a session elsewhere.
        is_named: by the operator, or by one of his patterns.
        was_looked_for: the database was asked for it before, whether it knew it or not.
        is_settled: it was decided who applies it.
        ended: how the session here has ended.
        set_aside: how many records became dead letters while this was looked at, at least.
        failed_at: when the last of these did, in monotonic seconds.
    """

    def __init__(self, path: str, address: Address) -> None:
        self.path = path
        self.address = address
        self.status = SessionStatus(
            path=path, state=State.NOT_RUNNING, reason="No session has read this log yet."
        )
        self.view: LogView | None = None
        self.attaches = False
        self.is_named = False
        self.was_looked_for = False
        self.is_settled = False
        self.ended: SessionEnded | None = None
        self.thread: threading.Thread | None = None
        self.set_aside = 0
        self.failed_at = float("-inf")
        self._pace = Pace()
        self._trend = Trend()
        self._asked: tuple[bool, float] | None = None  # to pause or not; when, in monotonic seconds

    @property
    def works(self) -> bool:
        """Whether there is a session here, or somebody who looks at one elsewhere."""
        return self.view is not None and not self.view.over

    @property
    def is_applied_here(self) -> bool:
        """Whether orders are for a session of this process."""
        return self.works and (
            not self.attaches or (self.view is not None and self.view.taken_over)
        )

    def glimpse(self, make_view: MakeView) -> LogView:
        """Return its view, without having anything work for it: what is known now stays."""
        if self.view is not None and self.works:
            return self.view
        view, _ = make_view(self.address, True)
        view.feed.begin_with(replace(self.status, attached=True))
        view.look()
        return view

    def begin(self, make_view: MakeView, *, attach: bool) -> LogView:
        """Have a session here, or look at one that is elsewhere."""
        view, run_session = make_view(self.address, attach)
        self.view, self.attaches, self.ended = view, attach, None
        if not attach:
            self.status = replace(self.status, state=State.STARTING, reason="")
        work = threading.Thread(
            target=self._work, args=(view, run_session), name=f"session {self.path}"
        )
        self.thread = work
        work.start()
        return view

    def _work(self, view: LogView, run_session: RunSession) -> None:
        ended = run_beside_others(
            self.path, partial(run_session, view.feed.report), view.feed.report
        )
        if not self.attaches or view.taken_over:
            self.ended = ended
        view.session_over.set()

    def take(self, status: SessionStatus, now: float, *, is_old: bool = False) -> None:
        """Take note of what the database knows.

        Args:
            now: monotonic seconds.
            is_old: it is what was there before anybody looked.
        """
        new = status.dead_letters - self.status.dead_letters
        if new > 0 and not is_old:
            self.set_aside += new
            self.failed_at = now
        self.status = status
        if status.backlog is not None:
            left = status.backlog.applicable_bytes
            self._trend.sample(now, left, status.last_record_time)
        self._pace.sample(now, sum(counts.records for counts in status.totals.values()))

    def rehearse(self, now: float) -> None:
        """Take note of how far a dry run here is, of which the database knows nothing.

        Args:
            now: monotonic seconds.
        """
        if self.view is None:
            return
        status = self.view.feed.status
        if status.set_aside > self.set_aside:
            self.failed_at = now
        self.set_aside = status.set_aside
        self.take(replace(status, path=self.path, runs_here=self.works), now, is_old=True)

    def ask(self, *, to_pause: bool) -> None:
        """Take note of an order, to be shown until it is obeyed."""
        self._asked = to_pause, time.monotonic()

    def row(self, now: float) -> LogRow:
        """Return what the list shows of it.

        Args:
            now: seconds since the epoch.
        """
        if self._asked is not None:
            to_pause, at = self._asked
            if to_pause is self.status.paused or time.monotonic() - at > ASKED_SECONDS:
                self._asked = None
        return row_of(
            self.status,
            self._pace,
            now,
            falls_behind=self._trend.falls_behind,
            error=self.ended.error if self.ended else "",
            asked=self._asked[0] if self._asked else None,
        )
