"""What of JetStream is needed, in plain calls: look at the stream, read from it, append to it."""

from __future__ import annotations

import contextlib
import json
from base64 import b64decode
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tui_ingest.oplog.log import LogUnavailableError
from tui_ingest.streams.addresses import Access, StreamAddress, parse_address
from tui_ingest.streams.client import Client
from tui_ingest.streams.messages import Headers

if TYPE_CHECKING:
    from nats.aio.msg import Msg

# Errors of JetStream's API, by number.
NO_STREAM = 10059
NO_MESSAGE = 10037
WRONG_LAST_SEQUENCE = (10071, 10164)

_END, _NOTHING = "204", "404"  # statuses after the last message that was asked for


class RefusedError(LogUnavailableError):
    """The broker said no, and why. Somebody may put that right while one waits."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code  # of JetStream's API


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A message of the stream."""

    sequence: int
    time: float  # seconds since the epoch, by the broker's clock
    headers: Headers
    payload: bytes


class Broker:
    """One subject of a stream, through one client. After any trouble make another one.

    Args:
        address: which stream and subject.
        access: how to be let in.

    Raises:
        LogUnavailableError: from every method: no broker answers, or one refuses; why.
        LogError: nats-py is not installed, or there is no broker to ask.
    """

    def __init__(self, address: StreamAddress, access: Access) -> None:
        self.address = address
        self._client = Client(address, access)

    def close(self) -> None:
        """End the client."""
        self._client.close()

    @property
    def version(self) -> tuple[int, ...]:
        """The server's version."""
        version = self._client.server["version"].partition("-")[0]
        return tuple(int(number) for number in version.split(".") if number.isdecimal())

    @property
    def max_payload(self) -> int:
        """Bytes of a message, headers included."""
        return int(self._client.server["max_payload"])

    def api(self, operation: str, content: object = None) -> dict[str, Any]:
        """Ask JetStream's API, which the leader answers.

        Args:
            operation: the end of its subject: "STREAM.INFO.OPLOG".
            content: of the request, as JSON.

        Raises:
            RefusedError: it answered with an error.
        """
        payload = b"" if content is None else json.dumps(content).encode()
        return self._answer(self._client.request(f"$JS.API.{operation}", payload))

    def stream(self) -> dict[str, Any] | None:
        """Return the stream's configuration, state, and when it was made; None without it."""
        return self._found(f"STREAM.INFO.{self.address.stream}", lacking=NO_STREAM)

    def last(self) -> Stored | None:
        """Return the last message of the subject as the leader has it; None if there is none."""
        return self._get({"last_by_subj": self.address.subject})

    def at(self, sequence: int) -> Stored | None:
        """Return a message by its number as the leader has it; None if it is not there."""
        return self._get({"seq": sequence})

    def _get(self, which: dict[str, Any]) -> Stored | None:
        answer = self._found(f"STREAM.MSG.GET.{self.address.stream}", which, lacking=NO_MESSAGE)
        return _stored_of_api(answer["message"]) if answer else None

    def _found(
        self, operation: str, content: object = None, *, lacking: int
    ) -> dict[str, Any] | None:
        try:
            return self.api(operation, content)
        except RefusedError as error:
            if error.code != lacking:
                raise
            return None

    def fetch(self, which: dict[str, Any]) -> Future[list[Msg]]:
        """Ask any replica for messages of the subject; nothing of this is left in the broker.

        Args:
            which: where they begin ("seq" or "start_time"), and how many they are at most
                ("batch", "max_bytes").
        """
        request = {"next_by_subj": self.address.subject, **which}
        return self._client.ask(f"$JS.API.DIRECT.GET.{self.address.stream}", request)

    def fetched(self, coming: Future[list[Msg]]) -> list[Stored]:
        """Wait for the messages that were asked for."""
        *found, end = self._client.result(coming)
        headers = end.headers or {}
        if headers.get("Status") not in {_END, _NOTHING}:
            said = f"{headers.get('Status')} {headers.get('Description', '')}".rstrip()
            raise LogUnavailableError(f"{self._client.name}: the broker answered {said}.")
        return [*map(_stored, found)]

    def publish(self, parts: list[tuple[Headers, bytes]]) -> int:
        """Append messages, all or none; return the number of the last.

        Raises:
            RefusedError: nothing was appended.
            LogUnavailableError: nobody knows whether they were.
        """
        answers = (self._client.request(self.address.subject, part, head) for head, part in parts)
        # But for the last part, only a refusal is answered with something.
        found = next((answer for answer in answers if answer), b"{}")
        return int(self._answer(found)["seq"])

    def _answer(self, content: bytes) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(content)
        if error := answer.get("error"):
            code = error.get("err_code", 0)
            said = f"the broker refused: {error.get('description')} ({code})"
            raise RefusedError(f"{self._client.name}: {said}.", code)
        return answer


def logs_at(pattern: str, access: Access) -> list[str]:
    """Return the addresses of the subjects that a pattern names, as far as they have messages.

    Args:
        pattern: an address with `*` or `>` in its subject, as the broker understands them.
        access: how to be let in.

    Raises:
        LogUnavailableError: no broker answers, or there is no such stream; why.
        LogError: it is no address.
    """
    address = parse_address(pattern, is_pattern=True)
    with contextlib.closing(Broker(address, access)) as broker:
        info = broker.api(f"STREAM.INFO.{address.stream}", {"subjects_filter": address.subject})
    before = pattern.removesuffix(address.subject)
    return sorted(before + subject for subject in info["state"].get("subjects") or ())


def _stored(message: Msg) -> Stored:
    headers: Mapping[str, str] = message.headers or {}
    return Stored(
        sequence=int(headers["Nats-Sequence"]),
        time=_timestamp(headers["Nats-Time-Stamp"]),
        headers=dict(headers),
        payload=message.data,
    )


def _stored_of_api(message: dict[str, Any]) -> Stored:
    lines = b64decode(message.get("hdrs") or "").decode().split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return Stored(
        sequence=message["seq"],
        time=_timestamp(message["time"]),
        headers={name: text.strip() for name, _, text in pairs},
        payload=b64decode(message.get("data") or ""),
    )


def _timestamp(text: str) -> float:
    """Return seconds since the epoch; the broker writes nanoseconds, which nobody else reads."""
    moment, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{moment}+00:00").timestamp() + float(f"0.{fraction or 0}")
