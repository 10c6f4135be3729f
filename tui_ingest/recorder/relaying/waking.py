"""Waiting for the next change, without burning the processor."""

from __future__ import annotations

import time

from django.db import connections

from tui_ingest.flag import Flag
from tui_ingest.recorder.models import Change, stored

# PostgreSQL could call (NOTIFY), but then takes one lock for the commits of all writers: a look at
# an empty index every so often costs nobody anything.
_LOOK_SECONDS = {"sqlite": 0.01}
_OTHER_LOOK_SECONDS = 0.03


class Waker:
    """Tells when there may be something to do."""

    def __init__(self, database: str, stop: Flag) -> None:
        self._connection = connections[database]
        self._stop = stop
        self._seen: object = None

    def wait(self, seconds: float) -> None:
        """Return when something was committed, at the latest after some seconds, or to stop.

        Raises:
            DatabaseError: the database cannot be asked.
        """
        ends = time.monotonic() + seconds
        pause = _LOOK_SECONDS.get(self._connection.vendor, _OTHER_LOOK_SECONDS)
        while not self._stop.wait(pause) and time.monotonic() < ends:
            if self._has_news():
                return

    def _has_news(self) -> bool:
        """On SQLite any commit of another connection counts."""
        if self._connection.vendor == "sqlite":
            with self._connection.cursor() as cursor:
                cursor.execute("PRAGMA data_version")
                before, self._seen = self._seen, cursor.fetchone()
            return before != self._seen
        return stored(Change, self._connection.alias).filter(held=None).order_by("id").exists()
