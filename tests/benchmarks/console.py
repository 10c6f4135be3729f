"""The product in its console, in a pseudo-terminal, with somebody at the keys."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from tests.benchmarks.processes import ROOT, Cost
from tests.benchmarks.targets import Target

WIDTH, HEIGHT = 120, 40
LARGE = 200, 50  # the more there is to be drawn, the more is sent
DEADLINE_SECONDS = 120.0
SETTLE_SECONDS = 3.0  # after which a console shows whole what it has to show
LOOK_SECONDS = 0.02  # between two looks at the database


class Screen:
    """What the program draws. Reading it is the terminal's work, and is not free."""

    def __init__(self, log: Path, target: Target, width: int, height: int) -> None:
        self._screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self._screen)
        # What it remembers of how somebody arranged it, it is not to remember for the user of this.
        own = {"TERM": "xterm-256color", "XDG_STATE_HOME": str(log.parent / "state")}
        env = {**os.environ, **target.env, **own}
        for name in ("COLUMNS", "LINES", *(() if target.options else ("DJANGO_SETTINGS_MODULE",))):
            env.pop(name, None)
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "tui_ingest", str(log), *target.options],
            cwd=str(ROOT),
            env=env,
            dimensions=(height, width),
        )
        self.process.delaybeforesend = None

    def drain(self, seconds: float) -> bytes:
        """Take what was drawn, waiting this long for something."""
        try:
            return self.process.read_nonblocking(1 << 20, timeout=seconds)
        except pexpect.TIMEOUT:
            return b""

    def settle(self) -> None:
        """Take what is drawn in the first seconds: all of the screen."""
        until = time.perf_counter() + SETTLE_SECONDS
        while time.perf_counter() < until:
            self.drain(LOOK_SECONDS)

    def rest(self, seconds: float) -> None:
        """Show what is drawn meanwhile."""
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            self._stream.feed(self.drain(LOOK_SECONDS))

    def until(self, text: str, *, shown: bool = True) -> None:
        """Wait until a text is on the screen, or is there no more."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while any(text in line for line in self._screen.display) is not shown:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waiting for {text!r}:\n" + "\n".join(self._screen.display))
            self._stream.feed(self.drain(0.005))


@contextmanager
def opened(
    log: Path, target: Target, *, width: int = WIDTH, height: int = HEIGHT
) -> Iterator[Screen]:
    """Run the console until the block ends."""
    screen = Screen(log, target, width, height)
    try:
        yield screen
    finally:
        screen.process.kill(signal.SIGKILL)
        screen.process.wait()
        screen.process.close()


def throughput(log: Path, target: Target) -> Cost:
    """Contender: from the start of the program to the last record in the database."""
    started = time.perf_counter()
    size = log.stat().st_size
    with opened(log, target) as screen:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while target.position() < size:
            if time.monotonic() > deadline:
                raise TimeoutError("the log is not applied")
            screen.drain(LOOK_SECONDS)
        seconds = time.perf_counter() - started
        peak = _peak_kib(screen.process.pid)
    return Cost(seconds=seconds, cpu_seconds=0.0, peak_kib=peak)


def first_screen(log: Path, target: Target) -> float:
    """Return the seconds from the start of the program to a screen with its title."""
    started = time.perf_counter()
    with opened(log, target) as screen:
        screen.until("tui-ingest")
        return time.perf_counter() - started


def key_latencies(log: Path, target: Target, presses: int) -> list[float]:
    """Return the seconds from a key to its effect on the screen while a backlog is applied."""
    latencies = []
    with opened(log, target) as screen:
        screen.until(FOLLOWING)
        for _ in range(presses):
            for is_following in (False, True):
                started = time.perf_counter()
                screen.process.send("f")
                screen.until(FOLLOWING, shown=is_following)
                latencies.append(time.perf_counter() - started)
        if target.position() >= log.stat().st_size:
            raise RuntimeError("The backlog was applied before the keys were pressed.")
    return latencies


def bytes_per_second(log: Path, target: Target, seconds: float, *, idle: bool) -> float:
    """Return what a large terminal is sent for a while: while the log is applied, or after that."""
    width, height = LARGE
    size = log.stat().st_size
    with opened(log, target, width=width, height=height) as screen:
        screen.until("CAUGHT UP" if idle else "tui-ingest")
        screen.settle()
        sent, started, elapsed, applies = 0, time.perf_counter(), 0.0, True
        while elapsed < seconds and applies:
            sent += len(screen.drain(LOOK_SECONDS))
            elapsed = time.perf_counter() - started
            applies = idle or target.position() < size
    return sent / elapsed


FOLLOWING = "following"  # in the title of the log's pane, unless f has frozen it


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line))
