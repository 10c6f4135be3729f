"""How long after its line was written a record is in the database, at a steady pace."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from tests.benchmarks import polls_log
from tests.benchmarks.processes import ROOT
from tests.benchmarks.targets import POSITION, Sqlite

RECORDS_PER_SECOND = 100
LOOK_SECONDS = 0.001  # between two looks at the checkpoint: the resolution of the result
DEADLINE_SECONDS = 60.0


def latencies(folder: Path, seconds: float) -> list[float]:
    """Return the seconds from append to commit of every record of a steady stream."""
    target = Sqlite(folder)
    log = folder / "following.log"
    log.touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "tui_ingest", str(log), "--headless"],
        cwd=ROOT,
        env={**os.environ, **target.env},
        stdout=subprocess.DEVNULL,
    )
    try:
        return _measure(log, target, round(seconds * RECORDS_PER_SECOND))
    finally:
        process.terminate()
        process.wait()
        target.drop()


def _measure(log: Path, target: Sqlite, records: int) -> list[float]:
    written: list[tuple[int, float]] = []  # end of each line, when it was written
    with closing(sqlite3.connect(target.path, timeout=20)) as connection:
        writer = threading.Thread(target=_append, args=(log, records, written))
        writer.start()
        committed = [_wait_for(connection, written, number) for number in range(records)]
        writer.join()
    # The first second is the program's own start.
    late = RECORDS_PER_SECOND
    return [at - start for (_, start), at in zip(written, committed, strict=True)][late:]


def _append(log: Path, records: int, written: list[tuple[int, float]]) -> None:
    begin, end = time.perf_counter() + 1.0, 0
    with log.open("ab", buffering=0) as file:
        for number, line in enumerate(polls_log.lines(records)):
            time.sleep(max(0.0, begin + number / RECORDS_PER_SECOND - time.perf_counter()))
            file.write(line)
            end += len(line)
            written.append((end, time.perf_counter()))


def _wait_for(
    connection: sqlite3.Connection, written: list[tuple[int, float]], number: int
) -> float:
    """Return when the checkpoint was seen to be behind a record."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        row = connection.execute(POSITION).fetchone()
        if number < len(written) and row and row[0] >= written[number][0]:
            return time.perf_counter()
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"Record {number} is not applied.")
