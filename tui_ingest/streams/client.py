"""One client of the broker, used until its first trouble.

nats-py is asyncio: it lives in a thread of its own here, and everybody else calls plain methods.
It does not reconnect, because there is trouble after which it never would: the next try is a new
client.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import ssl
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from tui_ingest.oplog.log import LogError, LogUnavailableError
from tui_ingest.streams.addresses import Access, StreamAddress, without_secrets
from tui_ingest.streams.messages import Headers

if TYPE_CHECKING:
    from nats.aio.client import Client as NatsClient
    from nats.aio.msg import Msg

CONNECT_SECONDS = 3.0
CLOSE_SECONDS = 1.0
ANSWER_SECONDS = 5.0  # for one request; a broker without a majority does not answer at all
_THREAD_SECONDS = 10.0  # for the client's thread, beyond what it waits for the broker

T = TypeVar("T")


class Client:
    """A client of one broker of an address, and its thread.

    Args:
        address: which brokers.
        access: how to be let in.

    Attributes:
        name: of the address, without secrets, for messages.

    Raises:
        LogUnavailableError: from every method: no broker answers, or one refuses; why.
        LogError: nats-py is not installed, or there is no broker to ask.
    """

    def __init__(self, address: StreamAddress, access: Access) -> None:
        self.name = without_secrets(address.text)
        self._address = address
        self._access = access
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="nats", daemon=True)
        self._thread.start()
        self._client: NatsClient | None = None
        self._trouble: asyncio.Future[str] = self._loop.create_future()
        try:
            self._client = self._do(self._connect())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the client and its thread."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(LogUnavailableError):
            self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_THREAD_SECONDS)
        self._loop.close()

    @property
    def server(self) -> dict[str, Any]:
        """What the server says of itself: "version", "max_payload" and more."""
        found: dict[str, Any] = self._connected._server_info  # not public in nats-py
        return found

    def request(self, subject: str, payload: bytes, headers: Headers | None = None) -> bytes:
        """Send a message and return what is answered."""
        limit = ANSWER_SECONDS + 1
        work = self._connected.request(subject, payload, timeout=limit, headers=headers)
        return self._do(self._wait(work)).data

    def ask(self, subject: str, content: object) -> Future[list[Msg]]:
        """Send a question with many answers, up to the one with a status that says it is all.

        Args:
            subject: whom to ask.
            content: of the question, as JSON.
        """
        work = self._ask(subject, json.dumps(content).encode())
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def result(self, coming: Future[T]) -> T:
        """Wait for what was asked for."""
        try:
            return coming.result(ANSWER_SECONDS + _THREAD_SECONDS)
        except TimeoutError as error:
            coming.cancel()
            raise LogUnavailableError(f"{self.name} did not answer.") from error

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.result(asyncio.run_coroutine_threadsafe(work, self._loop))

    @property
    def _connected(self) -> NatsClient:
        assert self._client is not None  # noqa: S101  # or there would be no object
        return self._client

    # In the client's thread

    async def _connect(self) -> NatsClient:
        try:
            from nats.aio.client import Client as NatsClient
        except ImportError:
            raise LogError(
                f"{self.name}: a stream is read and written with nats-py."
                " Run: pip install 'tui-ingest[nats]'"
            ) from None
        servers = list(self._address.hosts or self._access.servers)
        if not servers:
            raise LogError(
                f"{self.name} names no broker. Write nats://host:4222/STREAM/subject, or name the"
                " brokers in NATS_URL."
            )
        random.shuffle(servers)
        said = ""
        for server in servers:
            client = NatsClient()
            work = client.connect(f"{self._address.scheme}://{server}", **self._options())
            try:
                await self._first_of(work, CONNECT_SECONDS)
            except LogUnavailableError as error:
                said = f"{server}: {error}"
                await _close(client)
                self._trouble = self._loop.create_future()
            else:
                return client
        raise LogUnavailableError(
            f"No broker of {self.name} lets this process in ({said}).{self._next_step(said)}"
        )

    def _next_step(self, said: str) -> str:
        if "Authorization" not in said:
            return ""
        credentials = self._access.credentials
        if credentials is None:
            return " It came without credentials: name a file with them in NATS_CREDS."
        return f" The brokers do not know the user of {credentials}, or not any more."

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "name": "tui-ingest",
            "allow_reconnect": False,
            "connect_timeout": CONNECT_SECONDS,
            "ping_interval": 20,
            # Who may only hear answers under his own subject overhears nobody's.
            "inbox_prefix": ".".join(["_INBOX", *_names(self._address.subject)]),
            "error_cb": self._on_error,
            "closed_cb": self._on_closed,
        }
        credentials, authority = self._access.credentials, self._access.authority
        try:
            if credentials is not None:
                is_signed = b"USER JWT" in credentials.read_bytes()
                options["user_credentials" if is_signed else "nkeys_seed"] = str(credentials)
            if authority is not None:
                options["tls"] = ssl.create_default_context(cafile=authority)
        except OSError as error:  # also of certificates that are none
            raise LogError(
                f"{self.name}: {error.filename or authority} cannot be used:"
                f" {error.strerror or error}."
            ) from error
        return options

    async def _on_error(self, error: Exception) -> None:
        self._fail(_words(error))

    async def _on_closed(self) -> None:
        self._fail("the connection was closed")

    def _fail(self, reason: str) -> None:
        if not self._trouble.done():
            self._trouble.set_result(reason)

    async def _end(self) -> None:
        self._fail("closed")
        if self._client is not None:
            await _close(self._client)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer, for trouble that makes one impossible, or for so long."""
        try:
            return await self._first_of(work, ANSWER_SECONDS)
        except LogUnavailableError as error:
            raise LogUnavailableError(f"{self.name}: {error}.") from error

    async def _first_of(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        task = asyncio.ensure_future(work)
        first: list[asyncio.Future[Any]] = [task, self._trouble]
        await asyncio.wait(first, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            if error := task.exception():
                raise LogUnavailableError(_words(error)) from error
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._trouble.done():
            raise LogUnavailableError(self._trouble.result())
        raise LogUnavailableError(
            f"no answer within {seconds:.0f} s, as where no majority of the brokers is there"
        )

    async def _ask(self, subject: str, payload: bytes) -> list[Msg]:
        client, inbox = self._connected, self._connected.new_inbox()
        subscription = await self._wait(client.subscribe(inbox))
        found: list[Msg] = []
        try:
            await self._wait(client.publish(subject, payload, reply=inbox))
            while True:
                work = subscription.next_msg(timeout=ANSWER_SECONDS + 1)
                found.append(message := await self._wait(work))
                if (message.headers or {}).get("Status"):
                    return found
        finally:
            with contextlib.suppress(Exception):
                await subscription.unsubscribe()


def _names(subject: str) -> Iterator[str]:
    """Yield the parts of a subject up to its first wildcard, or one that no answer finds back to:
    nats-py takes subjects of answers for ASCII.
    """
    return itertools.takewhile(
        lambda part: part not in {"*", ">"} and part.isascii(), subject.split(".")
    )


async def _close(client: NatsClient) -> None:
    """Let go of a client, which may wait for a broker that answers nothing any more."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.close(), CLOSE_SECONDS)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return getattr(error, "verify_message", "") or error.reason
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    said = without_secrets(str(error)).removeprefix("nats: ").rstrip(".")
    return said or type(error).__name__
