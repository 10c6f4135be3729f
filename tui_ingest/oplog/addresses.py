"""What an operator calls a log: a path, or the address of a stream."""

from __future__ import annotations

import os

STREAMS = ("nats://", "tls://")


def is_stream(address: str | os.PathLike[str]) -> bool:
    """Tell whether an address names a stream, not a file."""
    return str(address).startswith(STREAMS)


def is_stream_pattern(address: str | os.PathLike[str]) -> bool:
    """Tell whether an address names all subjects of a form: `nats://host:4222/OPLOG/oplog.>`."""
    return is_stream(address) and not {"*", ">"}.isdisjoint(
        str(address).rpartition("/")[2].split(".")
    )


def name_of(address: str | os.PathLike[str]) -> str:
    """Return what the log at an address calls itself: the key of its checkpoint.

    A path is made absolute, but not resolved: a link is followed anew whenever it is opened.
    """
    return str(address) if is_stream(address) else os.path.abspath(address)  # noqa: PTH100
