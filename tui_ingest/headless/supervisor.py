"""Signs of life to who started the service: systemd's protocol, a datagram on a Unix socket.

See sd_notify(3). Without a supervisor nothing is said.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

from tui_ingest.ingest.events import Event, SessionEnded, SessionStarted, State, StateChanged

_MICROSECONDS = 1_000_000
_PINGS = 4  # in the time after which the supervisor would end the service


class Supervisor:
    """Told when the session is ready, what it does, that it is alive, and that it ends."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        limit = os.environ.get("WATCHDOG_USEC", "")
        for_this = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = int(limit) / _MICROSECONDS / _PINGS if limit.isdecimal() and for_this else None
        self._ping_seconds = seconds  # None: nobody watches
        self._pinged_at = 0.0  # monotonic seconds

    def take(self, event: Event) -> None:
        """Tell what an event means to whoever supervises."""
        if not self._address:
            return
        match event:
            case SessionStarted(again=False):
                self._tell("READY=1")
            case StateChanged() if event.state is not State.RUNNING:
                reason = event.reason.replace("\n", " ")
                self._tell(f"STATUS={event.state.replace('_', ' ')} {reason}".rstrip())
            case SessionEnded():
                self._tell("STOPPING=1")
        now = time.monotonic()
        if self._ping_seconds is not None and now - self._pinged_at >= self._ping_seconds:
            self._pinged_at = now
            self._tell("WATCHDOG=1")

    def _tell(self, text: str) -> None:
        address = self._address
        if address.startswith("@"):  # of the abstract name space
            address = "\0" + address[1:]
        with (
            contextlib.suppress(OSError),  # it is never worth a record
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
        ):
            channel.setblocking(False)
            channel.sendto(text.encode(errors="replace"), address)
