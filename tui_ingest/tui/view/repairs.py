"""What is done about dead letters, in threads; the feed learns of it as it does of the session."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.tui.view.feed import Feed

CHUNK_SECONDS = 0.2  # of retries in one go, so that progress is seen and a stop is obeyed


class RetryRun:
    """Retries dead letters, some at a time, each in a transaction of its own.

    Stopping between two chunks loses nothing: what was retried is committed and reported.

    Args:
        careful: first one, then ten, then the rest, up to the first that fails.

    Attributes:
        stopped_at: the one that failed and ended it, if it was careful.
    """

    def __init__(
        self, letters: Iterable[int], target: Target, *, feed: Feed, careful: bool = False
    ) -> None:
        wanted = sorted(letters)
        self.wanted = len(wanted)
        self.finished = False
        self.stopped_at: int | None = None
        self._careful = careful
        self._found: dict[int, deadletters.Retry] = {}  # by dead letter, the last one of each
        self._feed = feed
        retry = deadletters.retry_carefully if careful else deadletters.retry_all
        self._results: Iterator[deadletters.Retry] = retry(target, wanted)

    @property
    def tried(self) -> int:
        return len(self._found)

    @property
    def applied(self) -> int:
        return sum(result.applied for result in self._found.values())

    @property
    def last_error(self) -> str:
        """Why a dead letter failed that has not been applied since."""
        return next((r.error for r in reversed(self._found.values()) if r.failed), "")

    def result_of(self, letter: int) -> deadletters.Retry:
        """Return what became of one that was retried: others may have been tried with it."""
        return self._found[letter]

    def run_chunk(self) -> None:
        """Retry for a moment. In a thread that may use the database.

        Raises:
            Exception: a transient failure of the database, or a dead letter that is gone.
        """
        until = time.monotonic() + CHUNK_SECONDS
        for result in self._results:
            self._count(result)
            if self._careful and result.failed:
                self.stopped_at = result.dead_letter
                break
            if time.monotonic() >= until:
                return
        self.finished = True

    def _count(self, result: deadletters.Retry) -> None:
        self._found.pop(result.dead_letter, None)
        self._found[result.dead_letter] = result
        if not result.failed:
            self._feed.report(result.as_event())


def discard(letters: Iterable[int], target: Target, *, why: str, feed: Feed) -> None:
    """Give dead letters up. In a thread that may use the database.

    Raises:
        DeadLetterError: one of them is not open any more; those before it are discarded.
    """
    for letter in letters:
        deadletters.discard(target, letter, why=why)
        discarded = deadletters.Retry(dead_letter=letter, status=DeadLetter.Status.DISCARDED)
        feed.report(discarded.as_event())
