"""What a stream must be so that nothing that was acknowledged is lost; made so, and trimmed.

By default a broker acknowledges what it would lose with the power, and a stream forgets its oldest
messages when it is full.
"""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tui_ingest.oplog.log import LogError, LogUnavailableError
from tui_ingest.streams.addresses import StreamAddress, parse_address
from tui_ingest.streams.broker import Broker, RefusedError

LOWEST_VERSION = (2, 12, 3)
_NO_CLUSTER = 10074  # of JetStream's API: copies were asked for, and there is one broker
MONITOR_SECONDS = 3.0  # for one broker's monitoring port to answer
RESERVE = 10_000  # messages that stay although every target has applied them
CONFIGURATION = {
    "retention": "limits",
    "storage": "file",
    "discard": "new",  # a full stream stops those who write, and loses nothing
    "max_msgs": -1,
    "max_age": 0,
    "max_msgs_per_subject": -1,
    "deny_delete": True,
    "allow_direct": True,
    "allow_atomic": True,
}


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
    try:
        made: dict[str, Any] = broker.api(f"STREAM.CREATE.{name}", wanted)["config"]
    except RefusedError as error:
        if error.code != _NO_CLUSTER:
            raise
        raise RefusedError(
            f"{error} A single broker has one copy: --replicas 1.", _NO_CLUSTER
        ) from error
    return made


def info_of(broker: Broker) -> dict[str, Any]:
    """Return what the broker says of its address's stream.

    Raises:
        LogUnavailableError: there is none yet.
    """
    info, address = broker.stream(), broker.address
    if info is None:
        raise LogUnavailableError(
            f"There is no stream {address.stream}. Make it: tui-ingest-stream create {address.text}"
        )
    return info


def problems(broker: Broker, info: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a stream, and with the server that has it.

    Args:
        info: the broker's answer about it.
    """
    if broker.version < LOWEST_VERSION:
        said, lowest = (".".join(map(str, v)) for v in (broker.version, LOWEST_VERSION))
        yield f"the server is version {said} and has to be {lowest} or newer"
    found, subject = info["config"], broker.address.subject
    for name, wanted in CONFIGURATION.items():
        if found.get(name) != wanted:
            yield f"{name} is {json.dumps(found.get(name))} and has to be {json.dumps(wanted)}"
    if found["num_replicas"] == 2:
        yield "it has 2 replicas: one that is away stops both; 1 or 3 are needed"
    if not any(_takes(pattern, subject) for pattern in found.get("subjects", ())):
        yield f"it does not take the subject {subject}"


def verify(broker: Broker, info: dict[str, Any]) -> None:
    """Refuse a stream that may lose what it acknowledged.

    Raises:
        LogError: what is wrong, and which command says how to put it right.
    """
    address = broker.address
    if found := "; ".join(problems(broker, info)):
        raise LogError(
            f"The stream {address.stream} is not fit for a log: {found}."
            f" See: tui-ingest-stream check {address.text}"
        )


def verify_durability(monitors: Sequence[str]) -> list[str]:
    """Refuse brokers that do not write to the disk before they acknowledge.

    Args:
        monitors: URLs of their monitoring ports, of every broker one.

    Returns:
        What could not be verified: a broker may be down, which three of them are there for.

    Raises:
        LogError: one says that it does not, and what its configuration needs.
    """
    if not monitors:
        return ["durability not verified: NATS_MONITOR names no monitoring port"]
    unknown: list[str] = []
    for monitor in monitors:
        try:
            always = _jetstream(monitor).get("sync_always", False)
        except (OSError, ValueError, KeyError) as error:
            unknown.append(f"durability of {monitor} not verified: {error}")
            continue
        if not always:
            raise LogError(
                f"{monitor} acknowledges what is lost with the power: its configuration needs"
                " `jetstream { sync_interval: always }`."
            )
    return unknown


def _jetstream(monitor: str) -> dict[str, Any]:
    if not monitor.startswith(("http://", "https://")):
        raise ValueError("not an http:// URL")
    url = f"{monitor.rstrip('/')}/varz"
    with contextlib.closing(urllib.request.urlopen(url, timeout=MONITOR_SECONDS)) as answer:  # noqa: S310  # checked above
        found: dict[str, Any] = json.load(answer)["jetstream"]["config"]
    return found


def _takes(pattern: str, subject: str) -> bool:
    """Tell whether a subject of a stream, with its wildcards, takes another one."""
    wanted, names = pattern.split("."), subject.split(".")
    for at, part in enumerate(wanted):
        if part == ">":
            return len(names) > at
        if at >= len(names) or part not in {"*", names[at]}:
            return False
    return len(wanted) == len(names)


# What every target has applied


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
    wanted = {"filter": broker.address.subject, "seq": keep_from}
    answer = broker.api(f"STREAM.PURGE.{broker.address.stream}", wanted)
    return int(answer["purged"])
