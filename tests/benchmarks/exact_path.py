"""`python -m tests.benchmarks.exact_path [--smoke]`: the exact path beside rows that are saved.

By the clock and by the processor time of the process, less those of its start. All write the same
log of the polls mix and take turns; of each, the best try counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import contenders, polls_log
from tests.benchmarks.contenders import Contender
from tests.benchmarks.processes import Cost, python
from tests.benchmarks.targets import Postgres, Sqlite, Target, postgres_server

ARTICLE = "the article's loop"
ROW_SAVES = "save() per row, 1,000 in a transaction"
EXACT = "the exact path, 1,000 in a transaction"
POISONED = "the same, one record in a hundred bad"
REPEATS = 3


def exact(log: Path, target: Target) -> Cost:
    """The engine, one record after the other."""
    program = ("-m", "tests.benchmarks.engine_only", str(log), "1000", "exact")
    return python(*program, env=target.env)


CONTENDERS: dict[str, Contender] = {
    ARTICLE: contenders.article,
    ROW_SAVES: contenders.row_saves,
    EXACT: exact,
    POISONED: exact,
}


def main() -> None:
    namespace = _parse()
    records, repeats = (100, 1) if namespace.smoke else (namespace.records, REPEATS)
    with tempfile.TemporaryDirectory(prefix="tui-ingest-exact-") as name:
        folder = Path(name)
        _report("SQLite", lambda: Sqlite(folder), folder, records, repeats)
        with postgres_server(folder) as host:
            _report("PostgreSQL", lambda: Postgres(host), folder, records, repeats)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.exact_path", description=__doc__
    )
    parser.add_argument("--records", type=int, default=10_000, help="of the log")
    parser.add_argument("--smoke", action="store_true", help="see in seconds that it works")
    return parser.parse_args()


def _report(
    kind: str, new_target: Callable[[], Target], folder: Path, records: int, repeats: int
) -> None:
    log = polls_log.write(folder / "good.log", records)
    bad = polls_log.write(folder / "bad.log", records, poison=True)
    nothing = folder / "nothing.log"
    nothing.touch()
    wholes: dict[str, list[Cost]] = defaultdict(list)
    starts: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(repeats):
        for name, contender in CONTENDERS.items():
            wholes[name].append(_cost(contender, bad if name == POISONED else log, new_target))
            starts[name].append(_cost(contender, nothing, new_target))
    spent = {name: _least(wholes[name], starts[name]) for name in CONTENDERS}
    sys.stdout.write(f"| {kind} | per second | × | µs of processor time | × |\n")
    sys.stdout.write("|---|---:|---:|---:|---:|\n")
    clock, processor = spent[ROW_SAVES]
    for name, (seconds, cpu_seconds) in spent.items():
        sys.stdout.write(
            f"| {name} | {records / seconds:,.0f} | {clock / seconds:.1f}"
            f" | {cpu_seconds / records * 1e6:.0f} | {processor / cpu_seconds:.1f} |\n"
        )
    sys.stdout.write("\n")


def _least(wholes: list[Cost], starts: list[Cost]) -> tuple[float, float]:
    """Return seconds by the clock and of the processor, the best of each, less the start."""
    return (
        min(cost.seconds for cost in wholes) - min(cost.seconds for cost in starts),
        min(cost.cpu_seconds for cost in wholes) - min(cost.cpu_seconds for cost in starts),
    )


def _cost(contender: Contender, log: Path, new_target: Callable[[], Target]) -> Cost:
    target = new_target()
    try:
        return contender(log, target)
    finally:
        target.drop()


if __name__ == "__main__":
    main()
