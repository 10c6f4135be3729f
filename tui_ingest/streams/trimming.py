"""Removing from a stream what every target has applied, but for a reserve."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tui_ingest.oplog.log import LogError
from tui_ingest.streams.addresses import StreamAddress, parse_address
from tui_ingest.streams.broker import Broker

RESERVE = 10_000  # messages that stay although they were applied


def applied_by_all(address: StreamAddress, statuses: Iterable[str]) -> int:
    """Return the last message that every target has applied.

    Args:
        address: of the log.
        statuses: of every target one: what `manage.py ingest_status --json` prints there.

    Raises:
        LogError: a target does not know the log, or what it printed is no status.
    """
    return min((_applied(address, text) for text in statuses), default=0)


def _applied(address: StreamAddress, text: str) -> int:
    try:
        found = json.loads(text)
        logs = found if isinstance(found, list) else [found]
        positions = [log["position"] for log in logs if _is_of(log["path"], address)]
    except (ValueError, TypeError, KeyError) as error:
        raise LogError(
            "A status is not what `manage.py ingest_status --json` prints"
            f" ({type(error).__name__}: {error})."
        ) from error
    if not positions:
        raise LogError(
            f"A target has never read {address.stream}/{address.subject}: nothing is removed before"
            " it has. Leave its status away if it never will."
        )
    return min(int(position) for position in positions)


def _is_of(path: str, address: StreamAddress) -> bool:
    try:
        found = parse_address(path)
    except LogError:
        return False  # a file
    return (found.stream, found.subject) == (address.stream, address.subject)


def trim(broker: Broker, applied: int, *, reserve: int) -> int:
    """Remove messages of the subject up to one of them; return how many went.

    Args:
        broker: a client whose user may do that.
        applied: the last message that nobody needs any more.
        reserve: how many messages up to it stay. One does in any case: forwarders and relays read
            in the last message where they stand.
    """
    keep_from = applied - max(1, reserve) + 1
    if keep_from <= 1:
        return 0
    wanted: dict[str, Any] = {"filter": broker.address.subject, "seq": keep_from}
    answer = broker.api(f"STREAM.PURGE.{broker.address.stream}", wanted)
    return int(answer["purged"])
