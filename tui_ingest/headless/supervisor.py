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
_MORE_SECONDS = 90  # to start in, from each try on: these are at most 30 seconds apart
_WORTH_SECONDS = 1.0  # of running without a pause, after which that is told


class Supervisor:
    """Told when a session is ready, what it does, that it is alive, and that it ends.

    Several sessions of one process are expected by the names of their logs. It is alive while each
    of them is: one that hangs is a reason to start the process again, however well others work.
    """

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        limit = os.environ.get("WATCHDOG_USEC", "")
        for_this = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        seconds = int(limit) / _MICROSECONDS / _PINGS if limit.isdecimal() and for_this else None
        self._ping_seconds = seconds  # None: nobody watches
        self._pinged_at = 0.0  # monotonic seconds
        self._expected: set[str] = set()  # logs whose sessions must give signs of life
        self._silent: set[str] = set()  # those that gave none since the last ping
        self._is_ready = False
        self._state = State.STARTING
        self._doing = self._told = ""  # as a status
        self._doing_since = 0.0  # as events have it

    def expect(self, log: str) -> None:
        """Wait for signs of life of one more session, until it ends."""
        self._expected.add(log)
        self._silent.add(log)

    def take(self, event: Event, *, log: str = "") -> None:
        """Tell what an event means to whoever supervises.

        Args:
            log: whose session it is, of several that were expected; "" of the only one.
        """
        if not self._address:
            return
        match event:
            case SessionStarted(again=False):
                self._be_ready()
            case StateChanged():
                self._note(event, is_alone=not log)
            case SessionEnded() if log:  # which is not the end of the service
                self._expected.discard(log)
            case SessionEnded():
                self._tell("STOPPING=1")
        self._tell_what_it_does(event.at)
        self._silent.discard(log)
        self._ping_if_due()

    def _note(self, event: StateChanged, *, is_alone: bool) -> None:
        if event.state is State.WAITING and not self._is_ready:
            self._tell(f"EXTEND_TIMEOUT_USEC={_MORE_SECONDS * _MICROSECONDS}")
        if is_alone:
            reason = event.reason.replace("\n", " ")
            self._state = event.state
            self._doing = f"STATUS={event.state.replace('_', ' ')} {reason}".rstrip()
            self._doing_since = event.at

    def _tell_what_it_does(self, now: float) -> None:
        """Tell the state; of a log that is followed not each of the many short times of work."""
        is_short = self._state is State.RUNNING and now - self._doing_since < _WORTH_SECONDS
        if self._doing != self._told and not is_short:
            self._tell(self._doing)
            self._told = self._doing

    def stay(self) -> None:
        """Tell that the process is there even if no log is: one may come later."""
        if self._address:
            if not self._expected and not self._is_ready:
                self._be_ready()
            self._ping_if_due()

    def _be_ready(self) -> None:
        self._is_ready = True
        self._tell("READY=1")

    def _ping_if_due(self) -> None:
        now = time.monotonic()
        if self._ping_seconds is None or now - self._pinged_at < self._ping_seconds:
            return
        if not self._silent:
            self._pinged_at = now
            self._silent = set(self._expected)
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
