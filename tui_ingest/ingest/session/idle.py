"""What a session does when it has nothing else to do: what others did, and what is old."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from django.db.models import QuerySet

from tui_ingest.ingest import deadletters, retention
from tui_ingest.ingest.deadletters import AutoRetry, Retry
from tui_ingest.ingest.events import DeadLetterResolved, Event, RecordSetAside
from tui_ingest.ingest.exact.database_errors import unless_unusable
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile

REST_SECONDS = 10.0  # between two rounds over all dead letters that wait
PART = 50  # of them, looked at together: a record that comes never waits for longer
MOST_TOLD = 500  # dead letters, one by one, of each look; SQLite takes no thousands of keys at once
DAY_SECONDS = 24 * 3600.0  # between two rounds over what is old


class WaitingLetters:
    """Dead letters that wait for rows which others may bring: another log, an admin, a view.

    Nobody tells a session what others write, so it asks, part by part. What was applied to no
    effect is left to those who are told why, until the next start: it would fail every time.
    """

    def __init__(self) -> None:
        self._after = 0  # the last dead letter that was looked at in this round
        self._rests_until = 0.0  # monotonic seconds
        self._in_vain: set[int] = set()

    @property
    def is_due(self) -> bool:
        """Whether it is time to look at the next part."""
        return time.monotonic() >= self._rests_until

    def next_part(self, letters: AutoRetry) -> Iterator[Retry]:
        """Retry those of the next part whose rows have come."""
        part = letters.waiting(after=self._after, most=PART)
        self._after = part[-1] if len(part) == PART else 0
        if not self._after:
            self._rests_until = time.monotonic() + REST_SECONDS
        for result in letters.look_again(set(part) - self._in_vain):
            if not result.applied:
                self._in_vain.add(result.dead_letter)
            yield result


class OutsideRepairs:
    """Listens to a session, and finds out what others did about its dead letters.

    Commands, the admin and other sessions put them right, and nobody tells this one: what it has
    said of them would be told for as long as it runs.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._open: set[int] = set()  # dead letters, as told
        self._rests_until = 0.0  # monotonic seconds

    def __call__(self, event: Event) -> None:
        """Take note of what the session tells itself."""
        match event:
            case RecordSetAside(dead_letter=int(letter)):
                self._open.add(letter)
            case DeadLetterResolved():
                self._open.discard(event.dead_letter)

    def begin(self, file: ProcessedFile) -> None:
        """Take note of those that are open."""
        self._open = set(self._still_open(file).values_list("pk", flat=True))

    def look_if_due(self, file: ProcessedFile) -> list[DeadLetterResolved]:
        """Return what has become of those that are not open any more, though nobody said so."""
        # Dead letters of a dry run are in no table.
        if self._target.dry_run or time.monotonic() < self._rests_until:
            return []
        self._rests_until = time.monotonic() + REST_SECONDS
        with unless_unusable(self._target.connection):
            if self._still_open(file).count() != len(self._open):
                return self._found(file)
        return []

    def _found(self, file: ProcessedFile) -> list[DeadLetterResolved]:
        before = self._open
        self.begin(file)
        gone = newest(self._target, before - self._open).values_list("pk", "status")
        return [Retry(dead_letter=letter, status=status).as_event() for letter, status in gone]

    def _still_open(self, file: ProcessedFile) -> QuerySet[DeadLetter]:
        return deadletters.search(self._target, file, status=DeadLetter.Status.OPEN).order_by()


def newest(target: Target, letters: set[int]) -> QuerySet[DeadLetter]:
    """Return dead letters by their keys, oldest first; of too many the newest."""
    return target.rows(DeadLetter).filter(pk__in=sorted(letters)[-MOST_TOLD:]).order_by("pk")


class Housekeeping:
    """Removes old rows of a log, a chunk at a time: a record that comes never waits for it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._days = None if target.dry_run else target.settings.prune_after_days
        self._round: Iterator[Counter[str]] | None = None
        self._begun_at: float | None = None  # monotonic seconds

    def work_if_due(self, file: ProcessedFile) -> None:
        """Remove the next chunk of a round, or begin one once a day."""
        if self._days is None:
            return
        now = time.monotonic()
        if self._round is None and (self._begun_at is None or now - self._begun_at > DAY_SECONDS):
            self._begun_at = now
            self._round = retention.prune(self._target, self._days, file)
        if self._round is None:
            return
        running, self._round = self._round, None  # what the database refuses is for tomorrow
        with unless_unusable(self._target.connection):
            if next(running, None) is not None:
                self._round = running
