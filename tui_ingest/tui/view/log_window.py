"""A piece of the log for somebody who only looks, read by a reader of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from tui_ingest.ingest.target import Target
from tui_ingest.oplog.log import Entry, Log, Position, StartPoint
from tui_ingest.tui.view.fates import letters_of, line_of
from tui_ingest.tui.view.lines import RecordLine

PAGE_RECORDS = 500  # read in one go; more is read as somebody moves on
SCREENFUL_RECORDS = 100  # that are read at least, if there are so many
PAGE_BYTES = 8 * 1024 * 1024


class LogWindow:
    """Lines of a log from a place on, and those before it.

    Every method reads, and is called in a thread; who comes meanwhile waits.

    Args:
        log: closed by whoever made it.
        target: where its dead letters are.
    """

    def __init__(self, log: Log, target: Target) -> None:
        self._log = log
        self._target = target
        self._begin = Position()
        self._lock = threading.Lock()

    def go_to(self, place: StartPoint, applied: Position) -> list[RecordLine]:
        """Return the lines from a place on.

        Args:
            applied: how far the session is; what lies behind that is not applied yet.

        Raises:
            LogError: there is no such place, or it cannot be read.
        """
        with self._lock:
            self._begin = self._log.locate(place)
            self._log.resume(self._begin)
            lines = self._read_on(applied)
            # A file may end soon after the place.
            while len(lines) < SCREENFUL_RECORDS and (more := self._read_on(applied)):
                lines += more
            return lines

    def later(self, applied: Position) -> list[RecordLine]:
        """Return the next lines; none at the end of the log."""
        with self._lock:
            return self._read_on(applied)

    def _read_on(self, applied: Position) -> list[RecordLine]:
        while batch := self._log.read(max_records=PAGE_RECORDS, max_bytes=PAGE_BYTES):
            if batch.entries:  # else there is but news of the log
                return self._lines(batch.entries, applied)
        return []

    def earlier(self, applied: Position) -> list[RecordLine]:
        """Return the lines before; none at the beginning of the log."""
        with self._lock:
            entries = self._log.recent(self._begin, PAGE_RECORDS)
            if entries:
                first = entries[0].location
                self._begin = Position(generation=first.generation, offset=first.start)
            return self._lines(entries, applied)

    def _lines(self, entries: Sequence[Entry], applied: Position) -> list[RecordLine]:
        is_ahead = self._log.ahead_of(applied)
        letters = letters_of(self._target, self._log.path, entries)
        return [line_of(entry, letters, is_ahead=is_ahead(entry)) for entry in entries]
