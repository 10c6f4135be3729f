"""The product in its console, in a pseudo-terminal, with somebody at the keys.

`python -m tests.benchmarks.console [sent] [slow] [speed] [--smoke]`: what a terminal is sent, at
rest and while a backlog is applied, one record in a hundred bad; what comes before the answer to a
key on slow lines; and how fast the same log is applied with and without a console.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pyte

from tests.benchmarks import polls_log
from tests.benchmarks.contenders import headless
from tests.benchmarks.processes import ROOT, Cost
from tests.benchmarks.targets import Sqlite, Target

WIDTH, HEIGHT = 120, 40
LARGE = 200, 50  # the more there is to be drawn, the more is sent
DEADLINE_SECONDS = 120.0
SETTLE_SECONDS = 3.0  # after which a console shows whole what it has to show
LOOK_SECONDS = 0.02  # between two looks at the database
SLOW_BYTES_PER_SECOND = 2_500, 4_000
SLOW_PRESSES = ("d", "space Mark"), ("\x1b", "space Pause")  # the last line of what they bring
ASKED, ANSWER = (
    b"\x1b[6n",
    "\x1b[1;1R",
)  # for the place of the cursor, by which the console sees that we follow


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything."""

    sizes: tuple[tuple[int, int], ...] = ((80, 24), (WIDTH, HEIGHT), LARGE)
    seconds: float = 15.0
    backlog: int = 2_000_000  # records that keep it busy meanwhile
    records: int = 200_000
    repeats: int = 5  # the best counts: the rest is what else the machine was doing


FULL = Scale()
SMOKE = Scale(sizes=((80, 24),), seconds=1.0, backlog=300_000, records=2_000, repeats=1)


class Screen:
    """What the program draws. Reading it is the terminal's work, and is not free."""

    def __init__(self, log: Path, target: Target, width: int, height: int) -> None:
        self._screen = pyte.Screen(width, height)
        self._lines = [""] * height  # as last looked at
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
        self._unasked = b""

    def drain(self, seconds: float) -> bytes:
        """Take what was drawn, waiting this long for something, and answer what is asked there."""
        data = self.read(1 << 20, seconds)
        self.answer(data)
        return data

    def read(self, size: int, seconds: float) -> bytes:
        """Take what was drawn, so many bytes at the most."""
        try:
            found: bytes = self.process.read_nonblocking(size, timeout=seconds)
        except pexpect.TIMEOUT:
            return b""
        return found

    def answer(self, data: bytes) -> None:
        """Answer as a terminal that has drawn this."""
        self._unasked += data
        for _ in range(self._unasked.count(ASKED)):
            self.process.send(ANSWER)
        self._unasked = self._unasked.rpartition(ASKED)[2][-len(ASKED) :]

    def feed(self, data: bytes) -> None:
        """Show this."""
        self._stream.feed(data)

    def shows(self, text: str) -> bool:
        """Whether a text is on the screen."""
        for y in self._screen.dirty:
            row = self._screen.buffer[y]
            self._lines[y] = "".join(row[x].data for x in range(self._screen.columns))
        self._screen.dirty.clear()
        return any(text in line for line in self._lines)

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

    def until(self, text: str, *, shown: bool = True) -> float:
        """Wait until a text is on the screen, or is there no more; return when that was sent.

        Returns:
            of `time.perf_counter`: what this terminal takes to draw is not the program's.
        """
        deadline, sent = time.monotonic() + DEADLINE_SECONDS, time.perf_counter()
        while self.shows(text) is not shown:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waiting for {text!r}:\n" + "\n".join(self._screen.display))
            data, sent = self.drain(0.005), time.perf_counter()
            self._stream.feed(data)
        return sent


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
        return screen.until("tui-ingest") - started


def key_latencies(log: Path, target: Target, presses: int) -> list[float]:
    """Return the seconds from a key to its effect on the screen while a backlog is applied."""
    latencies = []
    with opened(log, target) as screen:
        screen.until(FOLLOWING)
        for _ in range(presses):
            for is_following in (False, True):
                started = time.perf_counter()
                screen.process.send("f")
                latencies.append(screen.until(FOLLOWING, shown=is_following) - started)
        if target.position() >= log.stat().st_size:
            raise RuntimeError("The backlog was applied before the keys were pressed.")
    return latencies


def bytes_per_second(
    log: Path,
    target: Target,
    seconds: float,
    *,
    idle: bool,
    dimensions: tuple[int, int] = LARGE,
) -> float:
    """Return what a terminal is sent for a while: while the log is applied, or after that."""
    width, height = dimensions
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


class SlowLine:
    """A line that hands on so many bytes a second, to a terminal that answers.

    Args:
        holds: takes in all at once, as the buffers of a connection do; else it is the terminal
            that is slow, and the system that holds what it can.
    """

    def __init__(self, screen: Screen, bytes_per_second: int, *, holds: bool) -> None:
        self._screen = screen
        self._rate = bytes_per_second
        self._held = b""
        self._holds = holds
        self._read_at = time.perf_counter()
        self.handed_on = 0  # bytes

    def look(self) -> None:
        """Hand on what it is time for."""
        time.sleep(LOOK_SECONDS)
        now = time.perf_counter()
        due = max(1, int((now - self._read_at) * self._rate))
        self._read_at = now
        if self._holds or len(self._held) < due:
            self._held += self._screen.read(1 << 20 if self._holds else due, 0)
        data, self._held = self._held[:due], self._held[due:]
        self.handed_on += len(data)
        self._screen.feed(data)
        self._screen.answer(data)

    def until(self, text: str) -> None:
        """Wait until a text is on the screen."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self._screen.shows(text):
            self.look()
            if time.monotonic() > deadline:
                raise TimeoutError(f"waiting for {text!r} over a slow line")


def answered_over(line: SlowLine, screen: Screen, key: str, text: str) -> tuple[float, int]:
    """Return the seconds and bytes from a key to what it brings."""
    started, before = time.perf_counter(), line.handed_on
    screen.process.send(key)
    line.until(text)
    return time.perf_counter() - started, line.handed_on - before


FOLLOWING = "following"  # in the title of the log's pane, unless f has frozen it


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if "VmHWM" in line))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.console", description=__doc__)
    parser.add_argument("what", nargs="*", help="sent, slow, speed; all if none is named")
    parser.add_argument("--smoke", action="store_true", help="see that it works")
    namespace = parser.parse_args()
    scale = SMOKE if namespace.smoke else FULL
    parts = {"sent": _sent, "slow": _slow, "speed": _speed}
    with tempfile.TemporaryDirectory(prefix="tui-ingest-console-") as name:
        for what in namespace.what or parts:
            for line in parts[what](Path(name), scale):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()


def _sent(folder: Path, scale: Scale) -> Iterator[str]:
    few, many = _log(folder, 2_000), _log(folder, scale.backlog)
    yield "| kB/s | at rest | under load |"
    yield "|---|---:|---:|"
    for dimensions in scale.sizes:
        rest, load = (
            bytes_per_second(
                log, Sqlite(folder), scale.seconds, idle=log == few, dimensions=dimensions
            )
            for log in (few, many)
        )
        yield f"| {dimensions[0]}x{dimensions[1]} | {rest / 1e3:.1f} | {load / 1e3:.1f} |"
    yield ""


def _slow(folder: Path, scale: Scale) -> Iterator[str]:
    many = _log(folder, scale.backlog)
    yield "| under load, held by | kB/s | `d`: s | kB | `esc`: s | kB |"
    yield "|---|---:|---:|---:|---:|---:|"
    for (width, height), holds, rate in itertools.product(
        scale.sizes[::2], (False, True), SLOW_BYTES_PER_SECOND
    ):
        with opened(many, Sqlite(folder), width=width, height=height) as screen:
            line = SlowLine(screen, rate, holds=holds)
            line.until(FOLLOWING)
            until = time.perf_counter() + scale.seconds
            while time.perf_counter() < until:
                line.look()
            answers = [answered_over(line, screen, *press) for press in SLOW_PRESSES]
        figures = " | ".join(f"{taken:.1f} | {sent / 1e3:.1f}" for taken, sent in answers)
        where = "the line" if holds else "the system"
        yield f"| {width}x{height}, {where} | {rate / 1e3} | {figures} |"
    yield ""


def _speed(folder: Path, scale: Scale) -> Iterator[str]:
    log = polls_log.write(folder / f"{scale.records}-good.log", scale.records)
    best = {headless: 0.0, throughput: 0.0}
    for _ in range(scale.repeats):
        for contender, speed in best.items():
            target = Sqlite(folder)
            best[contender] = max(scale.records / contender(log, target).seconds, speed)
            target.drop()
    without, within = best.values()
    yield f"| {scale.records:,} records, SQLite | records/s | of headless |"
    yield "|---|---:|---:|"
    yield f"| headless | {without:,.0f} | 1.00 |"
    yield f"| in the console | {within:,.0f} | {within / without:.2f} |"


def _log(folder: Path, records: int) -> Path:
    path = folder / f"{records}.log"
    return path if path.exists() else polls_log.write(path, records, poison=True)


if __name__ == "__main__":
    main()
