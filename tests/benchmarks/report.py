"""The findings as Markdown: ratios first, because absolute figures are the machine's."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Iterator

import django

from tests.benchmarks.measuring import (
    ARTICLE,
    ARTICLE_STOCK,
    CONSOLE,
    HEADLESS,
    LIMIT,
    POISONED,
    TOLD,
    Findings,
    Plan,
)


def markdown(findings: Findings, plan: Plan) -> str:
    """Return the whole report."""
    return "\n".join(_lines(findings, plan)) + "\n"


def _lines(findings: Findings, plan: Plan) -> Iterator[str]:
    yield f"Measured on {_machine()}."
    yield (
        f"{plan.records:,} records of the polls mix, whole processes, the best of"
        f" {plan.repeats}; the slow contenders with {plan.slow_records:,} records. × is how"
        " many times as fast as the slowest of the table."
    )
    for kind, speeds in findings.speeds.items():
        yield ""
        yield from _speed_table(kind, speeds)
    yield ""
    yield from _targets(findings)


def _speed_table(kind: str, speeds: dict[str, float]) -> Iterator[str]:
    slowest = ARTICLE_STOCK if ARTICLE_STOCK in speeds else ARTICLE
    yield f"| {kind} | per second | × | of limit |"
    yield "|---|---:|---:|---:|"
    for name, speed in sorted(speeds.items(), key=lambda item: item[1]):
        times, share = speed / speeds[slowest], speed / speeds[LIMIT]
        yield f"| {name} | {speed:,.0f} | {times:.1f} | {share:.2f} |"


def _targets(findings: Findings) -> Iterator[str]:
    for target, measured in _measured(findings):
        yield f"- {target}: **{measured}**"


def _measured(findings: Findings) -> Iterator[tuple[str, str]]:
    sqlite, postgres = findings.speeds["SQLite"], findings.speeds["PostgreSQL"]
    article = sqlite[HEADLESS] / sqlite[ARTICLE_STOCK]
    yield "SQLite: at least 50 × the article's loop", f"{article:.0f} ×"
    for kind, speeds in findings.speeds.items():
        yield f"{kind}: at least 0.75 of the hand-written limit", _ratio(speeds, HEADLESS, LIMIT)
    for kind, speeds in findings.speeds.items():
        poisoned = _ratio(speeds, POISONED, HEADLESS)
        yield f"{kind}: one bad record in a hundred leaves at least 0.6 of the speed", poisoned
    for kind, speeds in findings.speeds.items():
        told = _ratio(speeds, TOLD, HEADLESS)
        yield f"{kind}: called receivers leave at least half of the speed", told
    for kind, speeds in (("SQLite", sqlite), ("PostgreSQL", postgres)):
        share = _ratio(speeds, CONSOLE, HEADLESS)
        yield f"{kind}: the console leaves at least 0.95 of the speed", share
    yield "a key is answered within 100 ms during a backlog", _spread(findings.key_latencies)
    for name, most in (("busy", 20), ("idle", 1)):
        sent = findings.bytes_per_second[name] / 1000
        yield f"a {name} console at 200x50 sends at most {most} kB/s", f"{sent:.1f} kB/s"
    yield (
        "append to committed row, at 100 records/s, p99 under 100 ms",
        _spread(findings.follow_latencies),
    )
    for kind, moves in findings.tree_moves.items():
        told = ", ".join(f"{spent:.1f} s in {name}" for name, spent in moves.items())
        yield f"{kind}: a tree whose pages have exchanged their paths takes seconds", told
    (few, small), *_, (many, large) = findings.growth.items()
    peaks = [
        f"{cost.peak_kib / 1024:.0f} MiB at {records:,}"
        for records, cost in findings.growth.items()
    ]
    yield (
        f"{many // few} × the log takes at most {1.1 * many / few:.0f} × as long",
        f"{large.seconds / small.seconds:.1f} × ({small.seconds:.1f} s and {large.seconds:.1f} s)",
    )
    yield "memory does not grow with the log", ", ".join(peaks)
    yield "first screen within 1 s", f"{findings.first_screen_seconds:.2f} s"
    yield "--help within 0.25 s", f"{findings.help_seconds:.2f} s"


def _ratio(speeds: dict[str, float], name: str, beside: str) -> str:
    return f"{speeds[name] / speeds[beside]:.2f}"


def _spread(seconds: Iterable[float]) -> str:
    ordered = sorted(value * 1000 for value in seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    median, longest = statistics.median(ordered), ordered[-1]
    return f"median {median:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms"


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GiB, {platform.system()},"
        f" Python {platform.python_version()}, Django {django.get_version()},"
        f" SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as info:  # noqa: PTH123
            names = (line.partition(":")[2].strip() for line in info if line.startswith("model n"))
            return next(names)
    except (OSError, StopIteration):
        return platform.machine()
