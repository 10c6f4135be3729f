"""The events of a session, kept in the database for those who look later."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

from tui_ingest.ingest import checkpoints
from tui_ingest.ingest.events import Event, Noticed
from tui_ingest.ingest.status import EventKind
from tui_ingest.ingest.target import Target
from tui_ingest.models import ProcessedFile


class Journal:
    """Listens to a session, and writes what it heard when the database can take it."""

    def __init__(self, target: Target, path: str) -> None:
        self._path = path
        self._target = target
        self._unwritten: deque[Noticed] = deque()

    def __call__(self, event: Event) -> None:
        """Remember an event, unless it is kept by the transaction that it tells of."""
        if isinstance(event, Noticed) and not EventKind(event.kind).comes_with_its_change:
            self._unwritten.append(event)

    def write(self) -> None:
        """Write what is remembered, each with the time at which it happened.

        Raises:
            Exception: the database cannot be used; the rest is written next time.
        """
        if not self._unwritten:
            return
        file = self._target.rows(ProcessedFile).filter(file_path=self._path).first()
        while file is not None and self._unwritten:
            event = self._unwritten[0]
            checkpoints.note(
                self._target,
                file,
                event.kind,
                event.message,
                time=datetime.fromtimestamp(event.at, UTC),
            )
            self._unwritten.popleft()
