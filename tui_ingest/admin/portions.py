"""Retrying many dead letters: first one, then ten, then the rest; until one fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tui_ingest.ingest import deadletters
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter

PORTIONS = (1, 10, None)  # how many are tried in turn; None: all that are left
MOST_SECONDS = 15.0  # of one request; servers end those that take half a minute


@dataclass
class Portion:
    """What became of a portion."""

    statuses: Counter[str] = field(default_factory=Counter)  # DeadLetter.Status
    failed: int | None = None  # the dead letter that ended it
    error: str = ""
    out_of_time: bool = False


def retry_portion(target: Target, letters: Iterable[int]) -> Portion:
    """Retry dead letters in log order until one fails, or time is up.

    Each is committed by itself, or with edited ones that it needs; then those that waited for it.
    """
    portion, until = Portion(), time.monotonic() + MOST_SECONDS
    for result in deadletters.retry_carefully(target, letters):
        if result.status != DeadLetter.Status.OPEN:
            portion.statuses[result.status] += 1
        else:
            portion.failed, portion.error = result.dead_letter, result.error
        if time.monotonic() >= until:
            portion.out_of_time = True
            break
    return portion
