"""Which logs an operator means: those that are named, and those that patterns name now."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tui_ingest.conf import get_settings
from tui_ingest.oplog.log import LogError
from tui_ingest.oplog.opening import logs_at
from tui_ingest.running.options import is_pattern

PATTERN_SECONDS = 10.0  # between two looks which logs a pattern names

logger = logging.getLogger(__name__)


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
        yield from logs_at(pattern, access=get_settings().nats)
    except LogError as error:
        logger.warning("%s It is asked again in %.0f s.", error, PATTERN_SECONDS)


def _is_log(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113  # never raises
