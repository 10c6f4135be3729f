"""Dead letters that come back by themselves, when the rows that they wait for arrive or change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui_ingest.ingest.deadletters.resolving import Retry
from tui_ingest.ingest.deadletters.superseding import refresh_rows
from tui_ingest.ingest.deadletters.together import retry_complete
from tui_ingest.ingest.deadletters.waiting import judge_again, waiting_for, waiting_letters
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter, ProcessedFile
from tui_ingest.oplog.records import Record


class AutoRetry:
    """Retries what waits for rows, those that need each other in one transaction.

    The retries are made as their results are taken: whoever stops taking leaves the rest to the
    next start.
    """

    def __init__(self, target: Target, file: ProcessedFile) -> None:
        self._file = file
        self._target = target

    def at_start(self) -> Iterator[Retry]:
        """Retry those whose rows have come, or changed, from elsewhere meanwhile."""
        refresh_rows(self._target, self._file)
        letters = waiting_letters(self._target).filter(file=self._file)
        return self.look_again(letters.order_by("pk").values_list("pk", flat=True))

    def waiting(self, *, after: int, most: int) -> list[int]:
        """Return the ids of those that are known to need rows, in log order, from one id on."""
        letters = waiting_letters(self._target).filter(file=self._file, pk__gt=after)
        needy = letters.filter(keys__is_needed=True).order_by("pk").distinct()
        return list(needy.values_list("pk", flat=True)[:most])

    def look_again(self, dead_letter_ids: Iterable[int]) -> Iterator[Retry]:
        """Retry those that need nothing any more, whoever has brought it."""
        ids = sorted(dead_letter_ids)
        judge_again(self._target, ids)
        return retry_complete(self._target, self._file, ids)

    def after(
        self, applied: Sequence[Record], letters: Iterable[DeadLetter] = ()
    ) -> Iterator[Retry]:
        """Retry those that waited for rows which these records changed.

        Args:
            letters: set aside with them; they may be what others wait for.
        """
        touched = waiting_for(self._target, self._file, applied)
        judge_again(self._target, touched)
        new = (letter.pk for letter in letters if letter.waiting_for_model)
        return retry_complete(self._target, self._file, {*touched, *new})
