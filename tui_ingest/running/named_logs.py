"""Which logs an operator means: those that are named, and those that patterns name now."""

from __future__ import annotations

import glob
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_ingest.opening import logs_at
from tui_ingest.oplog.log import LogError
from tui_ingest.running.options import is_pattern
from tui_ingest.troubles import Troubles

PATTERN_SECONDS = 10.0  # between two looks which logs a pattern names

logger = logging.getLogger(__name__)
_troubles: dict[str, Troubles] = defaultdict(Troubles)  # by pattern


def logs_of(named: Iterable[Path | str]) -> Iterator[Path | str]:
    """Yield logs by what they are called, and those that patterns name now."""
    for one in named:
        if isinstance(one, str):
            yield from _streams(one) if is_pattern(one) else (one,)
        elif is_pattern(one):
            found = sorted(glob.glob(str(one)))  # noqa: PTH207  # Path's own takes no absolute one
            yield from (Path(path) for path in found if _is_log(path))
        else:
            yield one


def _streams(pattern: str) -> Iterator[str]:
    try:
        yield from logs_at(pattern)
        _troubles[pattern].over()
    except LogError as error:
        count = _troubles[pattern].again(str(error))
        if count is not None:
            how_often = f" ({count})" if count else ""
            logger.warning("%s It is asked every %.0f s%s.", error, PATTERN_SECONDS, how_often)


def _is_log(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  # never raises
