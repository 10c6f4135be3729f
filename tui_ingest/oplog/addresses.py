"""What an operator calls a log: a path, or the address of a stream."""

from __future__ import annotations

import glob
import os
from pathlib import Path

STREAMS = ("nats://", "tls://")


def is_stream(address: str | os.PathLike[str]) -> bool:
    """Tell whether an address names a stream, not a file."""
    return str(address).startswith(STREAMS)


def is_pattern(log: Path | str) -> bool:
    """Tell whether what is given as a log is a pattern of several.

    Of paths: one with `*` or the like, unless there is a file of that very name. Of streams: all
    subjects of a form, `nats://host:4222/OPLOG/oplog.>`.
    """
    if isinstance(log, str):
        return is_stream(log) and not {"*", ">"}.isdisjoint(log.rpartition("/")[2].split("."))
    return not os.path.lexists(log) and glob.has_magic(str(log))


def name_of(address: str | os.PathLike[str]) -> str:
    """Return what the log at an address calls itself: the key of its checkpoint.

    A path is made absolute, but not resolved: a link is followed anew whenever it is opened.
    """
    return str(address) if is_stream(address) else os.path.abspath(address)  # noqa: PTH100
