"""`python -m tests.benchmarks [--smoke] [--million] [REPORT.md]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.measuring import SMOKE, Bench, Plan
from tests.benchmarks.report import markdown
from tests.benchmarks.targets import postgres_server


def main() -> None:
    namespace = _parse()
    plan = SMOKE if namespace.smoke else Plan()
    if namespace.million:
        plan = replace(plan, growth=(*plan.growth, 1_000_000))
    with tempfile.TemporaryDirectory(prefix="tui-ingest-benchmarks-") as name:
        folder = Path(name)
        with postgres_server(folder) as host:
            findings = Bench(plan, folder, host, _say).run()
    report = markdown(findings, plan)
    print(report)  # noqa: T201
    if namespace.report:
        namespace.report.write_text(report)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("report", nargs="?", type=Path, help="also write the report to this file")
    parser.add_argument("--smoke", action="store_true", help="see in seconds that all of it works")
    parser.add_argument("--million", action="store_true", help="also grow to 1,000,000 records")
    return parser.parse_args()


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")


if __name__ == "__main__":
    main()
