"""`python -m tests.benchmarks.real_models [--smoke] [KIND…]`: what each kind of model costs.

By the processor time of the process, less that of its start: the machine may be busy. Kinds take
turns; of each, the best try counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import library_log, polls_log
from tests.benchmarks.contenders import SET_RECORDS_ASIDE
from tests.benchmarks.processes import python
from tests.benchmarks.targets import Postgres, Sqlite, Target, postgres_server

SETTINGS = "tests.benchmarks.settings_library"
TOLD = "receivers called"
POLLS = "polls"
POISONED = "polls, one record in a hundred bad"
BESIDE = {POLLS: POLLS, POISONED: POLLS}  # what a kind is compared with, if not with plain models
KINDS = (*library_log.KINDS, TOLD, POLLS, POISONED)


@dataclass(frozen=True, kw_only=True)
class Plan:
    records: int = 40_000
    repeats: int = 3  # the best counts


SMOKE = Plan(records=200, repeats=1)


def main() -> None:
    namespace = _parse()
    plan = SMOKE if namespace.smoke else Plan(records=namespace.records)
    chosen = [kind for kind in KINDS if kind in (namespace.kinds or KINDS)]
    wanted = dict.fromkeys([*(BESIDE.get(kind, "plain") for kind in chosen), *chosen])
    with tempfile.TemporaryDirectory(prefix="tui-ingest-real-models-") as name:
        folder = Path(name)
        logs = {kind: _write(folder, kind, plan.records) for kind in wanted}
        _report("SQLite", lambda: Sqlite(folder), logs, plan)
        if not namespace.smoke:
            with postgres_server(folder) as host:
                _report("PostgreSQL", lambda: Postgres(host), logs, plan)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.real_models", description=__doc__
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--records", type=int, default=Plan.records, help="of each log")
    parser.add_argument("--smoke", action="store_true", help="see that it works, on SQLite")
    return parser.parse_args()


def _write(folder: Path, kind: str, records: int) -> tuple[Path, int]:
    """Write a log; return it, and how many rows it writes."""
    path = folder / f"{kind}.log"
    if kind in (POLLS, POISONED):
        return polls_log.write(path, records, poison=kind == POISONED), records
    rows = 0
    with path.open("wb") as log:
        for line, written in library_log.lines("plain" if kind == TOLD else kind, records):
            log.write(line)
            rows += written
    return path, rows


def _report(
    name: str, new_target: Callable[[], Target], logs: dict[str, tuple[Path, int]], plan: Plan
) -> None:
    costs: dict[str, float] = {}
    for _ in range(plan.repeats):
        for kind, (log, _) in logs.items():
            spent = _processor_seconds(log, kind, new_target)
            costs[kind] = min(spent, costs.get(kind, spent))
    for line in _table(name, {kind: costs[kind] / rows for kind, (_, rows) in logs.items()}):
        sys.stdout.write(f"{line}\n")


def _table(name: str, costs: dict[str, float]) -> Iterator[str]:
    yield f"| {name} | µs per row | of plain models |"
    yield "|---|---:|---:|"
    for kind, cost in costs.items():
        share = costs[BESIDE.get(kind, "plain")] / cost
        yield f"| {kind} | {cost * 1e6:.1f} | {share:.2f} |"
    yield ""


def _processor_seconds(log: Path, kind: str, new_target: Callable[[], Target]) -> float:
    """Return what it takes to apply a log, the start of the process left out."""
    target = new_target()
    env = {**target.env, "DJANGO_SETTINGS_MODULE": SETTINGS}
    if kind == TOLD:
        env["BENCHMARK_RECEIVERS"] = "1"
    try:
        python("-m", "django", "migrate", "--run-syncdb", "--verbosity", "0", env=env)
        nothing = log.with_name("nothing.log")
        nothing.touch()
        start, whole = (
            python(
                *("-m", "tui_ingest", str(path), "--headless", "--once", "--settings", SETTINGS),
                env=env,
                expected=(0, SET_RECORDS_ASIDE),
            ).cpu_seconds
            for path in (nothing, log)
        )
    finally:
        target.drop()
    return whole - start


if __name__ == "__main__":
    main()
