"""`python -m tests.benchmarks.batches [--smoke] [SIZE…]`: records in batches of some sizes.

What a live log has are short ones, of which each is settled by itself; bad records are the dearer
the more others share their batch. By the processor time of the process, less that of its start.
Logs of the polls mix take turns; of each, the best try counts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import polls_log
from tests.benchmarks.processes import python
from tests.benchmarks.targets import Postgres, Sqlite, Target, postgres_server

SIZES = (100, 300, 5_000)
RECORDS = 20_000
REPEATS = 3


def main() -> None:
    namespace = _parse()
    records, repeats = (100, 1) if namespace.smoke else (namespace.records, REPEATS)
    sizes = namespace.sizes or SIZES
    with tempfile.TemporaryDirectory(prefix="tui-ingest-batches-") as name:
        folder = Path(name)
        _report("SQLite", lambda: Sqlite(folder), folder, sizes, records, repeats)
        if not namespace.smoke:
            with postgres_server(folder) as host:
                _report("PostgreSQL", lambda: Postgres(host), folder, sizes, records, repeats)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.batches", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, metavar="SIZE", help="records in a batch")
    parser.add_argument("--records", type=int, default=RECORDS, help="of each log")
    parser.add_argument("--smoke", action="store_true", help="see that it works, on SQLite")
    return parser.parse_args()


def _report(
    kind: str,
    new_target: Callable[[], Target],
    folder: Path,
    sizes: tuple[int, ...],
    records: int,
    repeats: int,
) -> None:
    nothing = folder / "nothing.log"
    nothing.touch()
    good = polls_log.write(folder / "good.log", records)
    bad = polls_log.write(folder / "bad.log", records, poison=True)
    tries: dict[tuple[Path, int], list[float]] = defaultdict(list)
    for _ in range(repeats):
        for size in sizes:
            for log in (nothing, good, bad):
                tries[log, size].append(_processor_seconds(log, size, new_target))
    sys.stdout.write(f"| {kind}, records in a batch | µs | one in a hundred bad | leaves |\n")
    sys.stdout.write("|---|---:|---:|---:|\n")
    for size in sizes:
        least = {log: min(tries[log, size]) for log in (nothing, good, bad)}
        plain, poisoned = (least[log] - least[nothing] for log in (good, bad))
        sys.stdout.write(
            f"| {size:,} | {plain / records * 1e6:.1f} | {poisoned / records * 1e6:.1f}"
            f" | {plain / poisoned:.2f} |\n"
        )
    sys.stdout.write("\n")


def _processor_seconds(log: Path, size: int, new_target: Callable[[], Target]) -> float:
    target = new_target()
    try:
        program = ("-m", "tests.benchmarks.engine_only", str(log), str(size))
        return python(*program, env=target.env).cpu_seconds
    finally:
        target.drop()


if __name__ == "__main__":
    main()
