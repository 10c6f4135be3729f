"""What is measured, in which order, and how often."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.benchmarks import console, contenders, following, polls_log, tree_moves
from tests.benchmarks.contenders import Contender
from tests.benchmarks.processes import Cost, python
from tests.benchmarks.targets import Postgres, Sqlite, Target

STOCK_SETTINGS = "tests.benchmarks.settings_stock"
T = TypeVar("T")
NewTarget = Callable[[], Target]

HEADLESS = "tui-ingest --headless"
CONSOLE = "tui-ingest in its console"
LIMIT = "written by hand for these two tables"
ROW_SAVES = "save() per row, 1,000 in a transaction"
ARTICLE = "the article's loop"
ARTICLE_STOCK = "the article's loop, Django's stock SQLite settings"
TOLD = "tui-ingest --headless, receivers called for every row"
POISONED = "tui-ingest --headless, one record in a hundred bad"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much of everything."""

    records: int = 200_000
    # The slow ones take as long for each record whatever the length of the log.
    slow_records: int = 10_000
    growth: tuple[int, ...] = (20_000, 200_000)
    repeats: int = 3  # the best counts: the rest is what else the machine was doing
    follow_seconds: float = 20.0
    traffic_seconds: float = 5.0
    key_presses: int = 30
    key_records: int = 600_000  # that keep it busy meanwhile
    pages: int = 1_000  # of a tree that is moved
    runs: tuple[int, ...] = (1, 10)  # that its move is read in


SMOKE = Plan(
    records=2_000,
    slow_records=200,
    growth=(500, 1_000),
    repeats=1,
    follow_seconds=2.0,
    traffic_seconds=0.5,
    key_presses=1,
    key_records=30_000,
    pages=100,
    runs=(1, 2),
)


@dataclass(kw_only=True)
class Findings:
    """What came out."""

    speeds: dict[str, dict[str, float]] = field(default_factory=dict)  # records/s by database
    growth: dict[int, Cost] = field(default_factory=dict)  # by number of records
    follow_latencies: list[float] = field(default_factory=list)  # seconds
    key_latencies: list[float] = field(default_factory=list)  # seconds
    help_seconds: float = 0.0
    first_screen_seconds: float = 0.0
    bytes_per_second: dict[str, float] = field(default_factory=dict)  # by what the console does
    # Seconds, by database, and by the runs that the move of a tree was read in.
    tree_moves: dict[str, dict[str, float]] = field(default_factory=dict)


class Bench:
    """Runs a plan in a scratch folder."""

    def __init__(
        self, plan: Plan, folder: Path, postgres_host: str, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._host = postgres_host
        self._say = say
        self._contents: dict[tuple[str, str], str] = {}  # digests by database and log
        self.findings = Findings()

    def run(self) -> Findings:
        """Measure everything."""
        self._speeds("SQLite", self._sqlite)
        self._speeds("PostgreSQL", lambda: Postgres(self._host))
        self._move_trees(self._sqlite)
        self._move_trees(lambda: Postgres(self._host))
        self._growth()
        self._latencies()
        self._traffic()
        self._starts()
        return self.findings

    def _sqlite(self) -> Target:
        return Sqlite(self._folder)

    def _speeds(self, kind: str, new_target: NewTarget) -> None:
        """Let everybody write the same log into the same kind of database, in turns."""
        speeds = self.findings.speeds[kind] = {}
        short, long = self._plan.slow_records, self._plan.records
        for _ in range(self._plan.repeats):
            for name, contender, poison in (
                (LIMIT, contenders.limit, False),
                (HEADLESS, contenders.headless, False),
                (CONSOLE, console.throughput, False),
                (TOLD, contenders.told, False),
                (POISONED, contenders.headless, True),
            ):
                cost = self._cost(name, contender, new_target, long, poison=poison)
                speeds[name] = max(long / cost.seconds, speeds.get(name, 0.0))
        for name, contender in ((ROW_SAVES, contenders.row_saves), (ARTICLE, contenders.article)):
            speeds[name] = short / self._cost(name, contender, new_target, short).seconds
        if kind == "SQLite":
            stock = self._cost(
                ARTICLE_STOCK,
                contenders.article,
                lambda: Sqlite(self._folder, STOCK_SETTINGS),
                short,
            )
            speeds[ARTICLE_STOCK] = short / stock.seconds

    def _cost(
        self,
        name: str,
        contender: Contender,
        new_target: NewTarget,
        records: int,
        *,
        poison: bool = False,
    ) -> Cost:
        log = self._log(records, poison=poison)
        target = new_target()
        try:
            cost = contender(log, target)
            self._compare(name, target, records)
        finally:
            target.drop()
        self._say(f"{target.kind}: {name}: {records / cost.seconds:,.0f} records/s")
        return cost

    def _log(self, records: int, *, poison: bool = False) -> Path:
        path = self._folder / f"{records}{'-poisoned' if poison else ''}.log"
        if not path.exists():
            _elsewhere(partial(polls_log.write, path, records, poison=poison))
        return path

    def _compare(self, name: str, target: Target, records: int) -> None:
        """Make sure that everybody did the same."""
        found = _elsewhere(partial(_digest, target))
        expected = self._contents.setdefault((target.kind, str(records)), found)
        if found != expected:
            raise RuntimeError(f"{name} left other rows than the one before it.")

    def _move_trees(self, new_target: NewTarget) -> None:
        for runs in self._plan.runs:
            name = "one run" if runs == 1 else f"{runs} runs"
            target = new_target()
            spent = tree_moves.seconds(self._folder, target, self._plan.pages, runs=runs)
            target.drop()
            self._say(f"{target.kind}: a tree of {self._plan.pages:,} pages, {name}: {spent:.1f} s")
            self.findings.tree_moves.setdefault(target.kind, {})[name] = spent

    def _growth(self) -> None:
        for records in self._plan.growth:
            costs = [
                self._cost(HEADLESS, contenders.headless, self._sqlite, records)
                for _ in range(self._plan.repeats)
            ]
            self.findings.growth[records] = min(costs, key=lambda cost: cost.seconds)

    def _latencies(self) -> None:
        self._say("appending lines, and looking when they are applied")
        self.findings.follow_latencies = following.latencies(
            self._folder, self._plan.follow_seconds
        )
        self._say("pressing keys while a backlog is applied")
        target = self._sqlite()
        self.findings.key_latencies = console.key_latencies(
            self._log(self._plan.key_records), target, self._plan.key_presses
        )
        target.drop()

    def _traffic(self) -> None:
        self._say("counting what a terminal is sent")
        for name, records in (("busy", self._plan.key_records), ("idle", self._plan.growth[0])):
            target = self._sqlite()
            self.findings.bytes_per_second[name] = console.bytes_per_second(
                self._log(records, poison=name == "busy"),
                target,
                self._plan.traffic_seconds,
                idle=name == "idle",
            )
            target.drop()

    def _starts(self) -> None:
        target = self._sqlite()
        log = self._log(self._plan.growth[0])
        repeats = range(self._plan.repeats)
        self.findings.first_screen_seconds = min(console.first_screen(log, target) for _ in repeats)
        self.findings.help_seconds = min(
            python("-m", "tui_ingest", "--help", env={}).seconds for _ in repeats
        )
        target.drop()


def _digest(target: Target) -> str:
    return hashlib.sha256(repr(target.contents()).encode()).hexdigest()


def _elsewhere(work: Callable[[], T]) -> T:
    """Do what takes much memory in another process.

    A process that is measured begins as a copy of this one, whose memory would count as its own.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work).result()
