"""The orders that last: paused or not, standing before failures or not."""

from __future__ import annotations

import time
from datetime import datetime

from tui_ingest.fields import as_timestamp
from tui_ingest.ingest.events import OrdersTaken
from tui_ingest.ingest.session.control import Control, InForce, Lasting
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
        self._obeyed = InForce(pause=Lasting(on=False), stop_on_error=Lasting(on=False))

    @property
    def paused(self) -> bool:
        """Apply nothing."""
        return self._obeyed.pause.on

    @property
    def stop_on_error(self) -> bool:
        """Stand before the next record that fails."""
        return self._obeyed.stop_on_error.on

    @property
    def why_paused(self) -> str:
        """Who ordered the pause, unless that was done here and now."""
        by, since = self._obeyed.pause.by, self._obeyed.pause.since
        if by in {"", self._control.operator} and since is None:
            return ""
        return f"by order of {by}{_since(since)}"

    def adopt(self, file: ProcessedFile) -> None:
        """Obey what an earlier session was told to."""
        (pause, stop), obeyed = self._control.lasting, self._obeyed
        if file.paused_by and not _is_news(pause, obeyed.pause):
            self._control.pause(by=file.paused_by, since=as_timestamp(file.paused_since))
        elif obeyed.pause.by and pause == obeyed.pause:
            self._control.resume(by="")  # that was ordered while another session had the log
        if file.stop_on_error_by and not _is_news(stop, obeyed.stop_on_error):
            self._control.order_stop_on_error(True, by=file.stop_on_error_by)
        elif obeyed.stop_on_error.by and stop == obeyed.stop_on_error:
            self._control.order_stop_on_error(False, by="")

    def take(self) -> None:
        """Say which orders are obeyed from here on, and keep pauses among the events.

        Somebody will ask why nothing happened that night.
        """
        before, ordered = self._obeyed, self._control.lasting
        if ordered == before:
            return
        self._obeyed = ordered
        pause, stop = ordered
        self._publisher.tell(
            OrdersTaken(
                at=time.time(),
                paused=pause.on,
                stop_on_error=stop.on,
                paused_by=pause.by,
                paused_since=pause.since,
                stop_on_error_by=stop.by,
            )
        )
        if pause.on is not before.pause.on:
            kind = EventKind.PAUSED if pause.on else EventKind.RESUMED
            who = f", by order of {pause.by}{_since(pause.since)}" if pause.by else ""
            self._publisher.notice(kind, f"{kind.capitalize()} at {self._cursor.place}{who}.")


def _is_news(order: Lasting, obeyed: Lasting) -> bool:
    """Tell whether somebody gave an order that the session has not obeyed yet."""
    return order != obeyed and order.by != ""


def _since(timestamp: float | None) -> str:
    if timestamp is None:
        return ""
    return f" of {datetime.fromtimestamp(timestamp).astimezone():%Y-%m-%d %H:%M:%S %Z}"
