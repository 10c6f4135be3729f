"""The orders that last: paused or not, standing before failures or not."""

from __future__ import annotations

import time
from datetime import datetime

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest.events import OrdersTaken
from tui_ingest.ingest.session.control import Control, Lasting
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.status import EventKind
from tui_ingest.models import ProcessedFile


class LastingOrders:
    """What a session obeys until it is told otherwise."""

    def __init__(self, control: Control, cursor: LogCursor, publisher: Publisher) -> None:
        self._control = control
        self._cursor = cursor
        self._publisher = publisher
        self._paused = Lasting(on=False)
        self._stop_on_error = Lasting(on=False)

    @property
    def paused(self) -> bool:
        """Apply nothing."""
        return self._paused.on

    @property
    def stop_on_error(self) -> bool:
        """Stand before the next record that fails."""
        return self._stop_on_error.on

    @property
    def why_paused(self) -> str:
        """Who ordered the pause, unless that was done here and now."""
        by, since = self._paused.by, self._paused.since
        if by in {"", self._control.operator} and since is None:
            return ""
        return f"by order of {by}{_since(since)}"

    def adopt(self, file: ProcessedFile) -> None:
        """Obey what an earlier session was told to."""
        pause, stop = self._control.lasting
        if file.paused_by and not _is_news(pause, self._paused):
            self._control.pause(by=file.paused_by, since=as_timestamp(file.paused_since))
        elif self._paused.by and pause == self._paused:
            self._control.resume(by="")  # that was ordered while another session had the log
        if file.stop_on_error_by and not _is_news(stop, self._stop_on_error):
            self._control.order_stop_on_error(True, by=file.stop_on_error_by)
        elif self._stop_on_error.by and stop == self._stop_on_error:
            self._control.order_stop_on_error(False, by="")

    def take(self) -> None:
        """Say which orders are obeyed from here on, and keep pauses among the events.

        Somebody will ask why nothing happened that night.
        """
        before = self._paused
        paused, stop_on_error = self._control.lasting
        if (paused, stop_on_error) == (before, self._stop_on_error):
            return
        self._paused, self._stop_on_error = paused, stop_on_error
        self._publisher.tell(
            OrdersTaken(
                at=time.time(),
                paused=paused.on,
                stop_on_error=stop_on_error.on,
                paused_by=paused.by,
                paused_since=paused.since,
                stop_on_error_by=stop_on_error.by,
            )
        )
        if paused.on is not before.on:
            kind = EventKind.PAUSED if paused.on else EventKind.RESUMED
            who = f", by order of {paused.by}{_since(paused.since)}" if paused.by else ""
            self._publisher.notice(kind, f"{kind.capitalize()} at {self._cursor.place}{who}.")


def _is_news(order: Lasting, obeyed: Lasting) -> bool:
    """Tell whether somebody gave an order that the session has not obeyed yet."""
    return order != obeyed and order.by != ""


def _since(timestamp: float | None) -> str:
    if timestamp is None:
        return ""
    return f" of {datetime.fromtimestamp(timestamp).astimezone():%Y-%m-%d %H:%M:%S %Z}"
