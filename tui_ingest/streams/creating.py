"""A stream as a log needs it, made."""

from __future__ import annotations

from typing import Any

from tui_ingest.streams.broker import Broker
from tui_ingest.streams.requirements import CONFIGURATION


def create(
    broker: Broker, subjects: list[str], *, replicas: int, max_bytes: int | None
) -> dict[str, Any]:
    """Make the stream of a broker's address; return its configuration as the broker has it.

    Args:
        broker: a client of it.
        subjects: patterns: `oplog.>` takes every site's.
        replicas: 1 or 3.
        max_bytes: a stream that has so many takes no more; None: until the disk is full.

    Raises:
        RefusedError: there is a stream of this name or with these subjects, or too few brokers.
    """
    name = broker.address.stream
    wanted = {
        **CONFIGURATION,
        "name": name,
        "subjects": subjects,
        "num_replicas": replicas,
        "max_bytes": -1 if max_bytes is None else max_bytes,
    }
    made: dict[str, Any] = broker.api(f"STREAM.CREATE.{name}", wanted)["config"]
    return made
