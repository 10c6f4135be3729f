"""Dead letters that wait for nothing but each other: a department and its head, exchanged values.

Each letter needs rows; others bring or change those. Whatever is left when all are taken away that
need a row which nobody brings can be applied now, provided that it is applied together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set

from tui_ingest.ingest.deadletters.waiting import matching, open_keys
from tui_ingest.ingest.reasons import RowKey
from tui_ingest.ingest.target import Target, chunks
from tui_ingest.models import ProcessedFile

CHUNK = 500  # letters, from which on a transaction is ended where no cycle is cut


def complete_groups(
    target: Target, file: ProcessedFile, dead_letter_ids: Iterable[int]
) -> list[list[int]]:
    """Return groups of open dead letters that can be applied now, those of each together.

    Args:
        dead_letter_ids: what the groups have to do with: those of others were looked for before.

    Returns:
        Ids; a group may need the rows of those before it.
    """
    seeds = _hopeful(target, file, set(dead_letter_ids))
    if not seeds:
        return []
    graph = _Graph(target, file)
    return [*graph.groups(graph.connected(seeds))]


def _hopeful(target: Target, file: ProcessedFile, seeds: set[int]) -> set[int]:
    """Leave out letters that need a row which nobody brings: nearly all that wait for long.

    That takes two questions, where the whole graph may have a hundred thousand letters.
    """
    keys = open_keys(target, file)
    needs: dict[int, set[RowKey]] = {}
    for part in chunks(seeds):
        for letter, is_needed, *key in keys.filter(dead_letter__in=part).values_list(*_COLUMNS):
            found = needs.setdefault(letter, set())
            if is_needed:
                found.add(RowKey(*key))
    wanted = {key for found in needs.values() for key in found}
    brought = matching(keys.filter(is_needed=False), wanted)
    return {letter for letter, found in needs.items() if found <= brought.keys()}


class _Graph:
    """What the open dead letters of a log need and bring."""

    def __init__(self, target: Target, file: ProcessedFile) -> None:
        self._needs: dict[int, set[RowKey]] = {}
        self._brings: dict[int, set[RowKey]] = {}
        for letter, is_needed, *key in open_keys(target, file).values_list(*_COLUMNS):
            keys = self._needs if is_needed else self._brings
            keys.setdefault(letter, set()).add(RowKey(*key))
        self._bringers = _inverted(self._brings)
        self._waiters = _inverted(self._needs)
        self._leave_out_incomplete()

    def _leave_out_incomplete(self) -> None:
        bringers = {key: len(letters) for key, letters in self._bringers.items()}
        self._alive = {*self._needs, *self._brings}
        doomed = [
            letter for letter, keys in self._needs.items() if not keys <= self._bringers.keys()
        ]
        while doomed:
            letter = doomed.pop()
            if letter not in self._alive:
                continue
            self._alive.discard(letter)
            for key in self._brings.get(letter, ()):
                bringers[key] -= 1
                if not bringers[key]:
                    doomed += self._waiters.get(key, ())

    def connected(self, seeds: Iterable[int]) -> set[int]:
        """Return the letters that can be applied and have to do with some, however far away."""
        return self._reached(seeds, by_waiters=True)

    def groups(self, letters: set[int]) -> Iterator[list[int]]:
        """Divide letters, each time with all that they need."""
        done: set[int] = set()
        group: set[int] = set()
        for letter in sorted(letters):
            group |= self._reached([letter], but=done | group)
            if len(group) >= CHUNK:
                yield sorted(group)
                done |= group
                group = set()
        if group:
            yield sorted(group)

    def _reached(
        self, letters: Iterable[int], *, but: Set[int] = frozenset(), by_waiters: bool = False
    ) -> set[int]:
        """Return letters with all that they need, and perhaps with all that need them."""
        found: set[int] = set()
        todo = [*letters]
        while todo:
            letter = todo.pop()
            if letter in self._alive and letter not in but and letter not in found:
                found.add(letter)
                for key in self._needs.get(letter, ()):
                    todo += self._bringers[key]
                for key in self._brings.get(letter, ()) if by_waiters else ():
                    todo += self._waiters.get(key, ())
        return found


_COLUMNS = ("dead_letter_id", "is_needed", "model", "key")


def _inverted(keys: dict[int, set[RowKey]]) -> dict[RowKey, list[int]]:
    letters: dict[RowKey, list[int]] = defaultdict(list)
    for letter, found in keys.items():
        for key in found:
            letters[key].append(letter)
    return dict(letters)
