"""Bytes that nobody meant to write: no crash, and every one of them accounted for.

FUZZ_LOGS=1000 pytest tests/integration/ingest/session/test_arbitrary_bytes.py
"""

import os
import random

import pytest

from tests.benchmarks import polls_log
from tests.support.engine import ingest
from tui_ingest.ingest.events import BatchApplied, Outcome, State
from tui_ingest.models import DeadLetter

LOGS = int(os.environ.get("FUZZ_LOGS", "12"))  # and not for some time: the same on every machine
LINES = 60  # of each log, before they are damaged

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

SNIPPETS = [
    b"\0",
    b"\n",
    b"\r\n",
    b'"',
    b"[",
    b"]}",
    b"{}",
    b"null",
    b"1698395500.5 SAVE [",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\\u0000",
    b"\\ud800",
    b"\x1b]0;title\x07",
    b"NaN",
    b"-1e999",
    b"9" * 400,
    b"[" * 3_000,
    b'"model": "tui_ingest.processedfile"',
    b'"polls.choice"',
    b'"auth.user"',
    b"DELETE",
    "\u2028\u202e".encode(),
]


def damaged(line, rng):
    """A line with a few things cut out, put in or repeated."""
    content = bytearray(line)
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(4):
            case 0:
                del content[at : at + rng.choice([1, 3, 40])]
            case 1:
                content[at:at] = rng.choice(SNIPPETS)
            case 2:
                content[at:at] = rng.randbytes(rng.choice([1, 4, 60]))
            case _:
                content[at:at] = content[: rng.randrange(len(content) + 1)]
    return bytes(content)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_in_a_log_every_byte_is_accounted_for(tmp_path, database, seed):
    rng = random.Random(seed)
    for number in range(LOGS):
        log = tmp_path / f"oplog-{number}.log"
        lines = polls_log.lines(LINES, poison=True, seed=rng.randrange(10**6))
        log.write_bytes(b"".join(damaged(line, rng) for line in lines))

        result, events = ingest(log, database=database)

        assert result.state is State.FINISHED, result.error
        check(log, [event for event in events if isinstance(event, BatchApplied)], database)


def check(log, batches, database):
    content = log.read_bytes()
    reached = 0
    for batch in batches:
        for index, entry in enumerate(batch.entries):
            location = entry.location
            assert location.start >= reached, "bytes were read twice"
            assert not content[reached : location.start].strip(b"\0\r\n\t \x0b\x0c\xef\xbb\xbf")
            reached = location.end
            if batch.unusual.get(index) is Outcome.FAILED:
                letter = DeadLetter.objects.using(database).get(
                    file__file_path=str(log), position=location.start, length=location.length
                )
                kept = bytes(letter.raw)
                assert content[location.start : location.end].startswith(kept)
                assert kept
    left_unread = content[reached:].strip(b"\0\r\n\t \x0b\x0c")
    assert b"\n" not in left_unread, "complete lines were left"
