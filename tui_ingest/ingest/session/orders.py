"""The orders that last: paused or not, standing before failures or not."""

from __future__ import annotations

import time

from tui_ingest.ingest.events import OrdersTaken
from tui_ingest.ingest.session.control import Control
from tui_ingest.ingest.session.cursor import LogCursor
from tui_ingest.ingest.session.publisher import Publisher
from tui_ingest.ingest.status import EventKind


class LastingOrders:
    """What a session obeys until it is told otherwise."""

    def __init__(self, control: Control, cursor: LogCursor, publisher: Publisher) -> None:
        self._control = control
        self._cursor = cursor
        self._publisher = publisher
        self._told = OrdersTaken(at=0.0, paused=False, stop_on_error=False)

    @property
    def paused(self) -> bool:
        """Apply nothing."""
        return self._told.paused

    @property
    def stop_on_error(self) -> bool:
        """Stand before the next record that fails."""
        return self._told.stop_on_error

    def take(self) -> None:
        """Say which orders are obeyed from here on, and keep pauses among the events.

        Somebody will ask why nothing happened that night.
        """
        told = self._told
        paused, stop_on_error = self._control.paused, self._control.stop_on_error
        if (paused, stop_on_error) == (told.paused, told.stop_on_error):
            return
        self._told = OrdersTaken(at=time.time(), paused=paused, stop_on_error=stop_on_error)
        self._publisher.tell(self._told)
        if paused is not told.paused:
            kind = EventKind.PAUSED if paused else EventKind.RESUMED
            self._publisher.notice(kind, f"{kind.capitalize()} at {self._cursor.place}.")
