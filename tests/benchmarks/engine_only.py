"""Contender: the engine, with batches of a size.

Run as a program with the log's path and the number of records in a transaction, in a Django project
that has its tables; with `exact` behind them, every record takes the exact path. Rows, totals, dead
letters and checkpoint are written as ever; what is left out is the session around it, whose batches
are the shorter the busier the machine is.
"""

import itertools
import sys

import django

django.setup()

from tui_ingest.ingest import checkpoints  # noqa: E402
from tui_ingest.ingest.batches.attempts import Limits  # noqa: E402
from tui_ingest.ingest.batches.writer import BatchWriter  # noqa: E402
from tui_ingest.ingest.fast.applying import FastPath  # noqa: E402
from tui_ingest.ingest.target import Target  # noqa: E402
from tui_ingest.oplog.log import Batch, Position  # noqa: E402
from tui_ingest.oplog.parsing import parse_line  # noqa: E402
from tui_ingest.oplog.records import RecordLocation  # noqa: E402

NO_LIMITS = Limits(seconds=float("inf"), failures=10**9)


def ingest(path: str, size: int) -> None:
    target = Target()
    writer = BatchWriter(target, checkpoints.load(target, path))
    start = 0
    with open(path, "rb") as log:  # noqa: PTH123
        while lines := list(itertools.islice(log, size)):
            entries = []
            for line in lines:
                location = RecordLocation("generation", start, len(line))
                entries += parse_line(line.removesuffix(b"\n"), location)
                start += len(line)
            while entries:
                batch = Batch(entries=entries, position=_after(entries[-1]), after=_after)
                entries = entries[len(writer.write(batch, NO_LIMITS).entries) :]


def _after(entry):
    return Position(generation="generation", offset=entry.location.end)


if "exact" in sys.argv:
    FastPath.to = lambda *_: None
ingest(sys.argv[1], int(sys.argv[2]))
