"""In which order the rotated files of a log were written: by their names, and by what they hold.

Names are made of a clock that is set for summer time, or by a format that puts the day first. The
records carry times of their own, and where the two contradict each other somebody has to be told.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from tui_ingest.oplog.files.generations import Generation
from tui_ingest.oplog.files.naming import RotatedName, age_order

# Files. A clock that was set back would explain two, and processes whose rollovers cross leave
# three like that every now and then.
_FEWEST_TO_OVERRULE = 5

_RISING_NUMBERS = (
    "The records of the log's numbered files are the younger the higher the number: they are read"
    " from the lowest number to the highest."
)
_NUMBERS_BELIEVED = (
    "The records of the log's numbered files are not in the order of the numbers: a clock was set"
    " back, or several processes write. The numbers are believed:"
    " the highest is read first."
)

Rotated = tuple[Generation, RotatedName]


class Order(NamedTuple):
    """Files, oldest first, and what an operator should know about how that was found out."""

    generations: list[Generation]
    contradictions: tuple[str, ...] = ()  # sentences


def in_order(rotated: Sequence[Rotated], active: Generation | None) -> Order:
    """Return the rotated files by age.

    Where there are numbers and dates side by side, only the records' own times relate them.
    """
    by_name = [found for found, _ in sorted(rotated, key=lambda item: age_order(item[1]))]
    names = {id(found): name for found, name in rotated}
    numbered = _numbered([found for found in by_name if names[id(found)].rank is not None])
    dated = _dated([found for found in by_name if names[id(found)].rank is None], active)
    return Order(
        _merged(numbered.generations, dated.generations),
        (*numbered.contradictions, *dated.contradictions),
    )


def _numbered(by_name: list[Generation]) -> Order:
    """Believe numbers: rotation gives them by renaming. Unless all say that they rise instead."""
    times = [found.first_time for found in by_name if found.first_time is not None]
    pairs = [*itertools.pairwise(times)]
    if all(before <= after for before, after in pairs):
        return Order(by_name)
    if len(times) >= _FEWEST_TO_OVERRULE and all(before > after for before, after in pairs):
        return Order(by_name[::-1], (_RISING_NUMBERS,))
    return Order(by_name, (_NUMBERS_BELIEVED,))


def _dated(by_name: list[Generation], active: Generation | None) -> Order:
    """Believe the records' times; a file without any stays behind the one before it by name."""
    times = [*itertools.accumulate(by_name, _time_after, initial=-math.inf)][1:]
    last = max(times, default=-math.inf)
    contradictions: list[str] = []
    if active is not None and active.first_time is not None and active.first_time < last:
        youngest = by_name[times.index(last)].path.name
        contradictions.append(
            f"The records of {youngest} are younger than those that the log begins with: a clock"
            " was set back. Which file came first is not known, the times are believed: look"
            " whether something is missing, or was applied in the wrong order."
        )
    for at, (before, after) in enumerate(itertools.pairwise(times)):
        if before > after:
            contradictions.append(
                f"{by_name[at].path.name} is older than {by_name[at + 1].path.name} by its name,"
                " and younger by its records: the times of the records are believed."
            )
            break
    sequence = sorted(zip(times, itertools.count(), by_name, strict=False))
    return Order([found for _, _, found in sequence], tuple(contradictions))


def _time_after(before: float, generation: Generation) -> float:
    return before if generation.first_time is None else generation.first_time


def _merged(numbered: list[Generation], dated: list[Generation]) -> list[Generation]:
    if not numbered or not dated:
        return numbered + dated
    merged = heapq.merge(_rising(numbered), _rising(dated), key=lambda item: item[0])
    return [found for _, found in merged]


def _rising(generations: list[Generation]) -> list[tuple[float, Generation]]:
    """Return files with a time each, that is not before the one of the file before."""
    times = itertools.accumulate((found.first_time or found.mtime for found in generations), max)
    return [*zip(times, generations, strict=True)]
