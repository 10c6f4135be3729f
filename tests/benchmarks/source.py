"""What recording costs, and how fast the log is written: `python -m tests.benchmarks.source`.

`--smoke`: see in seconds that all of it works.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import ROOT, Cost, python
from tests.benchmarks.targets import Postgres, Sqlite, Target, postgres_server

SETTINGS = "tests.benchmarks.settings_source"
WORK = "tests.benchmarks.source_work"
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything."""

    saves: int = 2_000
    repeats: int = 5  # in turns; the best counts
    pending: tuple[int, ...] = (200_000, 1_000_000)
    steady: int = 2_000  # changes, at 100 per second


SMOKE = Plan(saves=100, repeats=1, pending=(1_000,), steady=100)


class Source:
    """A source's project on a database of its own."""

    def __init__(self, folder: Path, host: str | None, *, recorded: bool) -> None:
        self.log = folder / "source.log"
        database: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / f"source-{recorded}.sqlite3"),
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                "timeout": 20,
            },
        }
        if host:
            name = f"source_{'recorded' if recorded else 'plain'}"
            self._administer(f"CREATE DATABASE {name}", host)
            database = {"ENGINE": "django.db.backends.postgresql", "HOST": host}
            database |= {"NAME": name, "USER": "postgres"}
        self._database = database
        self.env = {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "BENCHMARK_LOG": str(self.log) if recorded else "",
            "BENCHMARK_DATABASE": json.dumps(database),
        }
        python("-m", "django", "migrate", "--verbosity", "0", env=self.env)

    def work(self, *arguments: object) -> list[float]:
        """Do some of `source_work`; what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", WORK, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return [float(line) for line in done.stdout.split()]

    def drain(self) -> Cost:
        """Write what is pending."""
        return python("-m", "django", "record_changes", "--once", env=self.env)

    @contextlib.contextmanager
    def relay(self) -> Iterator[None]:
        """Have a relay at work."""
        command = [sys.executable, "-m", "django", "record_changes"]
        with _process(command, self.env):
            yield

    def drop(self) -> None:
        self.log.unlink(missing_ok=True)
        if "HOST" in self._database:
            self._administer(f"DROP DATABASE {self._database['NAME']}", self._database["HOST"])
        else:
            for path in self.log.parent.glob(f"{Path(self._database['NAME']).name}*"):
                path.unlink()

    def _administer(self, sql: str, host: str) -> None:
        import psycopg

        conninfo = f"host={host} dbname=postgres user=postgres"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(sql)


def kept(folder: Path, host: str | None, plan: Plan, at_once: int) -> tuple[float, float]:
    """Return how many saves a second there are without and with the recorder."""
    sources = [Source(folder, host, recorded=recorded) for recorded in (False, True)]
    best = [0.0, 0.0]
    for _ in range(plan.repeats):
        for index, source in enumerate(sources):
            [seconds] = source.work("saves", plan.saves, at_once)
            best[index] = max(best[index], plan.saves / seconds)
    for source in sources:
        source.drop()
    return best[0], best[1]


def drained(folder: Path, host: str | None, pending: int) -> Cost:
    """Return what it costs to write so many pending changes, each of another row."""
    source = Source(folder, host, recorded=True)
    source.work("fill", pending, 0)
    cost = source.drain()
    lines = sum(1 for _ in source.log.open("rb"))
    if lines != pending + 1:  # and the question
        raise RuntimeError(f"{lines} records were written for {pending + 1} changes.")
    source.drop()
    return cost


def latencies(folder: Path, host: str | None, changes: int) -> list[float]:
    """Return the seconds from the commit of each change to its row at the target."""
    source = Source(folder, host, recorded=True)
    source.log.touch()
    target: Target = Postgres(host) if host else Sqlite(folder)
    command = [sys.executable, "-m", "tui_ingest", str(source.log), "--headless", *target.options]
    try:
        with source.relay(), _process(command, target.env), _looking(target) as look:
            source.work("saves", 1, 1)
            _until(lambda: look() >= 1, "the first row is at the target")
            return _followed(source, look, changes)
    finally:
        source.drop()
        target.drop()


def _followed(source: Source, look: Callable[[], int], changes: int) -> list[float]:
    command = [sys.executable, "-m", WORK, "steady", str(changes), "100"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | source.env, stdout=subprocess.PIPE, text=True
    ) as process:
        seen: list[float] = []  # when each row was first there
        ends = time.monotonic() + changes / 100 + DEADLINE_SECONDS
        while len(seen) < changes and time.monotonic() < ends:
            there = look() - 1  # without the first
            seen += [time.time()] * (there - len(seen))
            time.sleep(0.001)
        assert process.stdout is not None
        committed = [float(line) for line in process.stdout]
    if len(seen) < changes:
        raise TimeoutError(f"Only {len(seen)} of {changes} rows are at the target.")
    return [at - start for at, start in zip(seen, committed, strict=True)]


@contextlib.contextmanager
def _looking(target: Target) -> Iterator[Callable[[], int]]:
    """Yield what tells how many choices there are at the target."""
    count = "SELECT count(*) FROM polls_choice"
    if isinstance(target, Sqlite):
        import sqlite3

        with contextlib.closing(sqlite3.connect(target.path, timeout=20)) as lite:
            yield lambda: int(lite.execute(count).fetchone()[0])
    else:
        import psycopg

        with psycopg.connect(target.conninfo, autocommit=True) as connection:
            yield lambda: int(connection.execute(count).fetchone()[0])  # type: ignore[index]


def _until(condition: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        time.sleep(0.01)


@contextlib.contextmanager
def _process(command: list[str], env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def report(folder: Path, host: str, plan: Plan) -> Iterator[str]:
    """Yield the table, line by line."""
    yield "| | SQLite | PostgreSQL |"
    yield "|---|---:|---:|"
    kinds = (None, host)
    for at_once in (1, 100):
        pairs = [kept(folder, kind, plan, at_once) for kind in kinds]
        plain, recorded, share = zip(
            *((f"{a:,.0f}", f"{b:,.0f}", f"{b / a:.2f}") for a, b in pairs), strict=True
        )
        name = "saves per second, " + ("each a transaction" if at_once == 1 else "100 in each")
        yield f"| {name}: without the recorder | {' | '.join(plain)} |"
        yield f"| with it | {' | '.join(recorded)} |"
        yield f"| keeps | **{'** | **'.join(share)}** |"
    for pending in plan.pending:
        costs = [drained(folder, kind, pending) for kind in kinds]
        speeds = " | ".join(f"**{pending / cost.seconds:,.0f}**" for cost in costs)
        yield f"| rows per second that the relay writes, of {pending:,} pending | {speeds} |"
        peaks = " | ".join(f"{cost.peak_kib / 1024:.0f} MiB" for cost in costs)
        yield f"| its memory meanwhile | {peaks} |"
    found = [sorted(latencies(folder, kind, plan.steady)) for kind in kinds]
    for name, place in (("median", 0.5), ("p99", 0.99)):
        cells = [f"**{_at(some, place) * 1000:.0f} ms**" for some in found]
        yield f"| commit to applied row, 100 changes a second: {name} | {' | '.join(cells)} |"


def _at(ordered: list[float], place: float) -> float:
    if place == 0.5:
        return statistics.median(ordered)
    return ordered[min(len(ordered) - 1, round(place * len(ordered)))]


def main() -> None:
    plan = SMOKE if "--smoke" in sys.argv[1:] else Plan()
    with tempfile.TemporaryDirectory(prefix="tui-ingest-benchmarks-") as name:
        folder = Path(name)
        with postgres_server(folder) as host:
            for line in report(folder, host, plan):
                print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
