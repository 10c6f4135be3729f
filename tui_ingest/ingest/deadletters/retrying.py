"""Dead letters applied after all: one after the other, or those that need each other in one
transaction; on demand, or by themselves, when the rows that they wait for arrive or change.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from django.db.models import QuerySet

from tui_ingest.ingest import totals
from tui_ingest.ingest.checkpoints import CheckpointMovedError
from tui_ingest.ingest.deadletters.cascades import Cascades
from tui_ingest.ingest.deadletters.groups import complete_groups
from tui_ingest.ingest.deadletters.reading import effective_entry, get, search, without_superseded
from tui_ingest.ingest.deadletters.resolving import (
    Retry,
    close_applied,
    locked_log,
    retry,
    stay_open,
)
from tui_ingest.ingest.deadletters.superseding import refresh_rows, supersede_older
from tui_ingest.ingest.deadletters.waiting import judge_again, waiting_for, waiting_letters
from tui_ingest.ingest.events import Outcome
from tui_ingest.ingest.exact.database_errors import is_of_the_database
from tui_ingest.ingest.exact.finding import row_keys
from tui_ingest.ingest.exact.needs import changed_by
from tui_ingest.ingest.exact.replaying import Replayer
from tui_ingest.ingest.fast.applying import write_together
from tui_ingest.ingest.reasons import Failure, RowKey
from tui_ingest.ingest.target import Target, chunks
from tui_ingest.models import DeadLetter, DeadLetterKey, ProcessedFile
from tui_ingest.oplog.records import Operation, Record


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


def retry_all(target: Target, dead_letter_ids: Iterable[int]) -> Iterator[Retry]:
    """Retry dead letters in log order, after each what was waiting for the rows it brought, and at
    the end those together that need each other.

    Also yields a `Retry` for each older dead letter that one of these superseded; and a second one
    for a letter that failed, once another has brought what it waited for.
    """
    return _retry_in_log_order(target, dead_letter_ids, with_edited=False)


def retry_carefully(target: Target, dead_letter_ids: Iterable[int]) -> Iterator[Retry]:
    """Retry dead letters in log order, up to the first that fails.

    One that waits for a row which edited ones bring is applied together with those: nobody can
    have tried them before. As with `retry_all`, others that are resolved are yielded, too.
    """
    resolved: set[int] = set()
    for letter in sorted(set(dead_letter_ids)):
        if letter in resolved:
            continue
        failed = None
        for result in _retry_in_log_order(target, [letter], with_edited=True):
            if not result.failed:
                resolved.add(result.dead_letter)
                yield result
            elif result.dead_letter == letter:
                failed = result
        if failed and letter not in resolved:
            yield failed
            return


def _retry_in_log_order(
    target: Target, dead_letter_ids: Iterable[int], *, with_edited: bool
) -> Iterator[Retry]:
    queue = sorted(set(dead_letter_ids))
    failed: list[int] = []
    seen = set(queue)
    while queue:
        result = retry(target, heapq.heappop(queue))
        yield from _with_superseded(result)
        more = set(result.unblocked)
        if result.failed:
            failed.append(result.dead_letter)
            if with_edited:
                more = _edited_that_bring(target, result.dead_letter) - seen
        seen |= more
        for letter in more.difference(queue):
            heapq.heappush(queue, letter)
    # By now it is known of each what it waits for: it may be one of the others.
    for part in chunks(failed):
        for file, letters in _by_log(target, part):
            yield from retry_complete(target, file, letters)


def _edited_that_bring(target: Target, dead_letter_id: int) -> set[int]:
    """Return the edited dead letters of its log that bring a row which one waits for.

    They are read: what an edited one brings is not put down before it is tried.
    """
    needed = target.rows(DeadLetterKey).filter(dead_letter=dead_letter_id, is_needed=True)
    needs = {RowKey(model, key) for model, key in needed.values_list("model", "key")}
    if not needs:
        return set()
    models = frozenset(key.model for key in needs)
    letters = search(target, get(target, dead_letter_id).file, status=DeadLetter.Status.OPEN)
    edited = letters.filter(edited__isnull=False)
    records = ((letter.pk, effective_entry(letter)) for letter in edited)
    return {
        letter
        for letter, record in records
        if isinstance(record, Record) and needs & changed_by(target, record, models)
    }


def _by_log(
    target: Target, dead_letter_ids: list[int]
) -> Iterator[tuple[ProcessedFile, list[int]]]:
    """Divide the dead letters that wait for rows by the log that they come from."""
    letters = waiting_letters(target).filter(pk__in=dead_letter_ids)
    logs: dict[int, list[int]] = {}
    for letter, log in letters.order_by("pk").values_list("pk", "file_id"):
        logs.setdefault(log, []).append(letter)
    for file in target.rows(ProcessedFile).filter(pk__in=logs):
        yield file, logs[file.pk]


def _with_superseded(result: Retry) -> Iterator[Retry]:
    yield result
    for superseded in result.superseded:
        yield Retry(dead_letter=superseded, status=DeadLetter.Status.SUPERSEDED)


def retry_complete(
    target: Target, file: ProcessedFile, dead_letter_ids: Iterable[int]
) -> Iterator[Retry]:
    """Apply the dead letters that wait for nothing but each other, and then who waited for these.

    Also yields a `Retry` for each older dead letter that one of these superseded.

    Args:
        dead_letter_ids: what such groups have to do with.
    """
    seeds = {*dead_letter_ids}
    while seeds:
        touched: set[int] = set()
        for group in complete_groups(target, file, seeds):
            for result in _retry_group(target, file, group):
                touched.update(result.unblocked)
                yield from _with_superseded(result)
        judge_again(target, sorted(touched))
        seeds = touched


def _retry_group(target: Target, file: ProcessedFile, group: Sequence[int]) -> Iterator[Retry]:
    """Apply a group, without those that keep the others from it."""
    while group:
        try:
            with locked_log(target, file):
                results = _apply(target, file, _letters(target, group))
        except _UndoneError as undone:
            failures = undone.failures
        except CheckpointMovedError:
            raise
        except Exception as error:
            if is_of_the_database(error):
                raise
            # Nobody is known to be to blame: whoever can do without the others need not suffer.
            for letter in group:
                yield retry(target, letter)
            return
        else:
            yield from results
            return
        yield from _keep_open(target, file, failures)
        left = set(group) - failures.keys()
        groups = complete_groups(target, file, left)
        group = sorted(left.intersection(letter for found in groups for letter in found))


class _UndoneError(Exception):
    """A group was rolled back because some of its records failed."""

    def __init__(self, failures: dict[int, Failure]) -> None:
        super().__init__(str(failures))
        self.failures = failures


def _letters(target: Target, group: Iterable[int]) -> list[tuple[DeadLetter, Record]]:
    """Return those that are still open, and of each what nothing newer has overtaken."""
    found = []
    for letter in _open_letters(target, group):
        entry = effective_entry(letter)
        if isinstance(entry, Record):
            found.append((letter, without_superseded(target, letter, entry)))
    return found


def _apply(
    target: Target, file: ProcessedFile, letters: list[tuple[DeadLetter, Record]]
) -> list[Retry]:
    if not letters:
        return []
    replayer = Replayer(target)
    last = _last_of_each_row(target, letters)
    _look_at_deletions(target, file, last)
    outcomes, failures = write_together(target, replayer, [*last.values()])
    if failures:
        ids = [*last]
        raise _UndoneError({ids[index]: why for index, why in failures.items()})
    replayer.counters.move()
    of_letter = {letter: outcomes[index] for index, letter in enumerate(last)}
    # A row that a later one of them wrote was written by this one, too, a moment before.
    applied = [
        (letter, record, {**_written(record), **of_letter.get(letter.pk, {})})
        for letter, record in letters
    ]
    results = close_applied(target, file, applied)
    older = supersede_older(target, file, {letter.pk: record for letter, record in letters})
    unblocked = waiting_for(target, file, [record for _, record in letters])
    results[-1] = replace(
        results[-1], superseded=tuple(one.pk for one in older), unblocked=tuple(unblocked)
    )
    return results


def _look_at_deletions(target: Target, file: ProcessedFile, records: Mapping[int, Record]) -> None:
    cascades = Cascades(target, file)
    own = {key for record in records.values() for key in row_keys(target, record.objects).values()}
    taken = {
        letter: failure
        for letter, record in records.items()
        if (failure := cascades.failure(record, but=own))
    }
    if taken:
        raise _UndoneError(taken)


def _written(record: Record) -> Mapping[str, Outcome]:
    is_save = record.operation is Operation.SAVE
    return dict.fromkeys(totals.labels_of(record), Outcome.SAVED if is_save else Outcome.DELETED)


def _last_of_each_row(
    target: Target, letters: list[tuple[DeadLetter, Record]]
) -> dict[int, Record]:
    """Return what each of them leaves, by its id: nothing, if later ones write all of its rows."""
    keys = {letter.pk: row_keys(target, record.objects) for letter, record in letters}
    last = {key: letter for letter, found in keys.items() for key in found.values()}
    left = {}
    for letter, record in letters:
        own = keys[letter.pk]
        objects = [
            serialized
            for index, serialized in enumerate(record.objects)
            if index not in own or last[own[index]] == letter.pk
        ]
        if objects:
            left[letter.pk] = record._replace(objects=objects)
    return left


def _keep_open(target: Target, file: ProcessedFile, failures: dict[int, Failure]) -> list[Retry]:
    with locked_log(target, file):
        letters = _open_letters(target, failures)
        return [stay_open(target, letter, failures[letter.pk]) for letter in letters]


def _open_letters(target: Target, ids: Iterable[int]) -> QuerySet[DeadLetter]:
    return search(target, status=DeadLetter.Status.OPEN).filter(pk__in=[*ids])
