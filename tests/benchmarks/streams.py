"""`python -m tests.benchmarks.streams [--smoke]`: a stream and a file, two ingesters and one.

Three brokers on this machine, three replicas, written to the disk before they acknowledge.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks import polls_log
from tests.benchmarks.processes import Cost, python
from tests.benchmarks.targets import Postgres, postgres_server
from tests.support.brokers import Cluster

RECORDS = 100_000
SMOKE_RECORDS = 2_000
REPEATS = 3  # the best counts
SITES = ("site-a", "site-b")


def main() -> None:
    namespace = _parse()
    records = SMOKE_RECORDS if namespace.smoke else RECORDS
    with tempfile.TemporaryDirectory(prefix="tui-ingest-benchmarks-") as name:
        folder = Path(name)
        with postgres_server(folder) as host, Cluster(folder / "brokers") as cluster:
            repeats = 1 if namespace.smoke else REPEATS
            for line in _report(folder, host, cluster, records, repeats):
                print(line, flush=True)  # noqa: T201


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="see in seconds that all of it works")
    return parser.parse_args()


def _report(folder: Path, host: str, cluster: Cluster, records: int, repeats: int) -> Iterator[str]:
    logs = {
        site: _log(folder / f"{site}.log", records, number) for number, site in enumerate(SITES)
    }
    urls = {site: cluster.url(f"oplog.{site}") for site in SITES}
    _stream("create", urls[SITES[0]])
    sent = [_stream("forward", "--once", logs[site], urls[site]) for site in SITES]
    yield f"forwarded: {records / min(sent):,.0f} records/s"
    first = SITES[0]
    file, stream = _best(host, ([logs[first]], [urls[first]]), repeats)
    for name, cost in (("file", file), ("stream", stream)):
        micro = 1e6 * cost.cpu_seconds / records
        yield (
            f"applied from a {name}: {records / cost.seconds:,.0f} records/s,"
            f" {micro:.1f} µs of processor time each"
        )
    yield (
        f"a stream has at least 0.7 of a file's speed: {file.seconds / stream.seconds:.2f}"
        f" (by processor time {file.cpu_seconds / stream.cpu_seconds:.2f})"
    )
    both = list(urls.values())
    [one] = _best(host, (both,), repeats)
    [two] = _best(host, (both,), repeats, together=True)
    yield f"two sites, one ingester after the other: {2 * records / one.seconds:,.0f} records/s"
    yield f"two sites, two ingesters: {2 * records / two.seconds:,.0f} records/s"
    yield f"two ingesters have at least 1.6 of one's speed: {one.seconds / two.seconds:.2f}"


def _log(path: Path, records: int, number: int) -> Path:
    with path.open("wb") as log:
        # Numbers of their own: otherwise each site waits for rows of the other.
        first_pk = 1 + number * records
        log.writelines(polls_log.lines(records, seed=polls_log.SEED + number, first_pk=first_pk))
    return path


def _stream(action: str, *arguments: object) -> float:
    """Run `tui-ingest-stream` to its end; how long that took, in seconds."""
    module = ("-m", "tui_ingest.streams.cli")
    return python(*module, action, *map(str, arguments), env={}).seconds


def _best(
    host: str, contenders: Sequence[Sequence[object]], repeats: int, *, together: bool = False
) -> list[Cost]:
    """Let every contender apply its logs, in turns; each one's best."""
    costs = [[_apply(host, logs, together=together) for logs in contenders] for _ in range(repeats)]
    return [min(found, key=lambda cost: cost.seconds) for found in zip(*costs, strict=True)]


def _apply(host: str, logs: Sequence[object], *, together: bool) -> Cost:
    """Apply logs to an empty database, a process each; what all of them took."""
    target = Postgres(host)

    def ingest(log: object) -> Cost:
        program = ("-m", "tui_ingest", str(log), "--headless", "--once", *target.options)
        return python(*program, env=target.env)

    try:
        with ThreadPoolExecutor(len(logs) if together else 1) as pool:
            started = time.perf_counter()
            costs = list(pool.map(ingest, logs))
            seconds = time.perf_counter() - started
    finally:
        target.drop()
    return Cost(
        seconds=seconds,
        cpu_seconds=sum(cost.cpu_seconds for cost in costs),
        peak_kib=max(cost.peak_kib for cost in costs),
    )


if __name__ == "__main__":
    main()
