"""`nats://host:4222,host2:4222/STREAM/subject`, and what is needed to be let in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tui_ingest.oplog.log import LogError

SCHEMES = ("nats", "tls")
DEFAULT_PORT = 4222
EXAMPLE = "nats://host:4222,host2:4222/STREAM/subject"

# What the broker takes as a name; a subject for one log has no wildcards.
_STREAM = re.compile(r"[^\s.*>/\\]+")
_SUBJECT = re.compile(r"[^\s.*>]+(\.[^\s.*>]+)*")
_PATTERN = re.compile(r"([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?|>")
_SECRET = re.compile(r"(?<=://)[^/]*@")


@dataclass(frozen=True, kw_only=True)
class StreamAddress:
    """One log on a broker."""

    text: str  # as it was written
    scheme: str
    hosts: tuple[str, ...]  # `host:port`; none if the environment names them
    stream: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach the broker and be let in: never part of an address, which everybody sees."""

    servers: tuple[str, ...] = ()  # `host:port`, for addresses that name none
    credentials: Path | None = None  # a file: a signed user and its key, or the key's seed alone
    authority: Path | None = None  # certificates that the broker's one is checked against
    monitors: tuple[str, ...] = ()  # URLs of the brokers' monitoring ports

    @classmethod
    def of(cls, settings: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> Self:
        """Return what the settings say and, where they are silent, the environment.

        Args:
            settings: "SERVERS", "CREDENTIALS" and "CA", as in `TUI_INGEST["NATS"]`.
            environment: `NATS_URL`, `NATS_CREDS`, `NATS_CA`, `NATS_MONITOR`.
        """

        def said(name: str, variable: str) -> str:
            return settings.get(name) or environment.get(variable, "")

        credentials, authority = said("CREDENTIALS", "NATS_CREDS"), said("CA", "NATS_CA")
        servers = _parts(said("SERVERS", "NATS_URL"))
        return cls(
            servers=tuple(_with_port(server.rpartition("://")[2]) for server in servers),
            credentials=Path(credentials) if credentials else None,
            authority=Path(authority) if authority else None,
            monitors=tuple(_parts(environment.get("NATS_MONITOR", ""))),
        )


def parse_address(text: str, *, is_pattern: bool = False) -> StreamAddress:
    """Return what an address says.

    Args:
        text: the address.
        is_pattern: its subject may have wildcards, and mean many.

    Raises:
        LogError: it is none, or it has a password in it. The message has no password in it.
    """
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise LogError(
            f"{without_secrets(text)} was given with a user or a password, which everybody sees in"
            " the list of processes. Name a credentials file in NATS_CREDS instead."
        )
    scheme, _, rest = text.partition("://")
    hosts, *names = rest.split("/")
    if scheme not in SCHEMES or len(names) != 2:
        raise LogError(f"{text} is no address of a log on a broker: write {EXAMPLE}.")
    stream, subject = names
    wanted = _PATTERN if is_pattern else _SUBJECT
    if not _STREAM.fullmatch(stream) or not wanted.fullmatch(subject):
        raise LogError(
            f"{text} does not name one stream and one subject in it, without wildcards:"
            f" write {EXAMPLE}."
        )
    return StreamAddress(
        text=text,
        scheme=scheme,
        hosts=tuple(map(_with_port, _parts(hosts))),
        stream=stream,
        subject=subject,
    )


def without_secrets(text: str) -> str:
    """Return a text with what stands before the @ of its addresses left out."""
    return _SECRET.sub("***@", text)


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[,\s]+", text) if part]


def _with_port(host: str) -> str:
    return host if re.search(r":\d+$", host) else f"{host}:{DEFAULT_PORT}"
