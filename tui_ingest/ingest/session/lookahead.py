"""The entries that were read but not yet applied, because a batch was cut short."""

from __future__ import annotations

from dataclasses import replace

from tui_ingest.oplog.log import Backlog, Batch, Log

BATCH_BYTES = 16 * 1024 * 1024  # of log, read at once


class Lookahead:
    """Hands out batches of any size, first what is left of the last one, then from the log."""

    def __init__(self, log: Log, *, final: bool) -> None:
        self._log = log
        self._final = final
        self._rest: Batch | None = None

    def next(self, most: int) -> Batch | None:
        """Return up to `most` entries; None when nothing complete is there yet."""
        batch, self._rest = self._rest, None
        if batch is None:
            batch = self._log.read(max_records=most, max_bytes=BATCH_BYTES, final=self._final)
        if batch is not None and len(batch.entries) > most:
            first = batch.entries[:most]
            self._rest = replace(batch, entries=batch.entries[most:], notices=())
            batch = replace(batch, entries=first, position=self._log.position_after(first[-1]))
        return batch

    def give_back(self, batch: Batch, *, taken: int, noticed: bool) -> None:
        """Take back what was not applied of a batch from `next`.

        Args:
            taken: entries that were.
            noticed: the batch's notices were kept; otherwise they come again.
        """
        if taken == len(batch.entries) and noticed:
            return
        later = self._rest
        self._rest = Batch(
            entries=[*batch.entries[taken:], *(later.entries if later else ())],
            position=(later or batch).position,
            notices=() if noticed else batch.notices,
        )

    def backlog(self) -> Backlog:
        """Return how far behind the session is: what is kept here is unread to it."""
        kept = sum(entry.location.length for entry in self._rest.entries) if self._rest else 0
        backlog = self._log.backlog()
        return replace(backlog, remaining_bytes=backlog.remaining_bytes + kept)

    def forget(self) -> None:
        """Drop everything: the reader was moved."""
        self._rest = None
