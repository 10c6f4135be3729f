"""Against the real writer: a process with a `RotatingFileHandler`, rolling over all the time."""

import itertools
import random
import subprocess
import sys
from collections import Counter

import pytest

from tests.support.rotation import Reader
from tui_ingest.oplog.files.discovery import discover
from tui_ingest.oplog.files.listing import LogFiles
from tui_ingest.oplog.log import LogUnavailableError
from tui_ingest.oplog.parsing import parse_line
from tui_ingest.oplog.records import Record, RecordLocation

# Writes at full speed, but never further ahead of the reader than some of the backups hold: what
# is rotated away while the reader is down is lost by any reader.
WRITER = """
import itertools, logging, logging.handlers, pathlib, sys, time
path, acknowledged, bytes_each, backups, records, ahead = sys.argv[1:]
acknowledged = pathlib.Path(acknowledged)
handler = logging.handlers.RotatingFileHandler(
    path, maxBytes=int(bytes_each), backupCount=int(backups), encoding="utf-8"
)
handler.setFormatter(logging.Formatter("%(created)f %(message)s"))
logger = logging.getLogger("oplogger")
logger.propagate = False
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for number in range(int(records)):
    while number % 50 == 0 and number - int(acknowledged.read_text() or 0) > int(ahead):
        time.sleep(0.001)
    logger.info(f'SAVE [{{"model": "polls.question", "pk": {number}, "fields": {{}}}}]')
"""


@pytest.fixture
def start_writer(tmp_path):
    """A function that starts the writer; it is ended with the test."""
    started = []
    (tmp_path / "acknowledged").write_text("0")

    def start(path, *, bytes_each, backups, records, ahead):
        options = map(str, (path, tmp_path / "acknowledged", bytes_each, backups, records, ahead))
        started.append(subprocess.Popen([sys.executable, "-c", WRITER, *options]))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def acknowledge(tmp_path, number):
    scratch = tmp_path / "acknowledging"
    scratch.write_text(str(number))
    scratch.rename(tmp_path / "acknowledged")


def numbers(entries):
    assert all(isinstance(entry, Record) for entry in entries)
    return [entry.objects[0]["pk"] for entry in entries]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_record_once_and_in_order_while_the_reader_restarts(tmp_path, start_writer, seed):
    chance = random.Random(seed)
    records = 12_000
    path = tmp_path / "log" / "oplog.log"
    path.parent.mkdir()
    # About 80 records to a file, all backups in use within a tenth of the run.
    writer = start_writer(path, bytes_each=6000, backups=30, records=records, ahead=1200)
    reader = Reader(path, poll_seconds=0.01)
    applied = []
    restarts = 0
    while len(applied) < records:
        entries = reader.take(chance.choice([1, 10, 200, 1000]))
        if not entries:
            reader.log.wait(0.5)
        elif chance.random() < 0.3:
            entries = entries[: chance.randint(1, len(entries))]
            reader.restart(reader.position_after(entries[-1]))
            restarts += 1
        elif chance.random() < 0.2:
            reader.log.backlog()
        applied += numbers(entries)
        acknowledge(tmp_path, len(applied))
        assert writer.poll() in (None, 0)
    reader.close()
    assert applied == list(range(records))
    assert not {"gap", "truncated", "late"} & set(reader.kinds())
    assert restarts > 10


def test_a_look_at_the_files_in_the_middle_of_a_rollover(tmp_path, start_writer):
    """Every look sees neighbours side by side, whatever is renamed meanwhile."""
    path = tmp_path / "log" / "oplog.log"
    path.parent.mkdir()
    writer = start_writer(path, bytes_each=150, backups=12, records=4_000, ahead=1_000)
    looks = 0
    while writer.poll() is None:
        try:
            with discover(LogFiles(path)) as snapshot:
                firsts = [
                    int(found.read_at(0, 200).split()[5][:-1]) for found in snapshot.generations
                ]
        except LogUnavailableError:
            continue
        looks += 1
        acknowledge(tmp_path, 100 * looks)  # however fast it is, it does not outrun the looks
        assert firsts == sorted(firsts)
        assert all(later - earlier <= 2 for earlier, later in itertools.pairwise(firsts))
    assert writer.returncode == 0
    assert looks > 20


def test_several_processes_that_share_one_log(tmp_path, start_writer):
    """They destroy records of each other; whatever is on disk is read, once."""
    path = tmp_path / "log" / "oplog.log"
    path.parent.mkdir()
    writers = [
        start_writer(path, bytes_each=30_000, backups=1000, records=2000, ahead=2000)
        for _ in range(4)
    ]
    reader = Reader(path, poll_seconds=0.01)
    while any(writer.poll() is None for writer in writers):
        if not reader.take(100):
            reader.log.wait(0.05)
    reader.read()
    reader.close()
    applied = Counter(entry.raw for entry in reader.entries)
    content = b"\n".join(file.read_bytes() for file in path.parent.iterdir())
    location = RecordLocation("", 0, 0)
    lines = [line for line in content.split(b"\n") if line]
    on_disk = Counter(entry.raw for line in lines for entry in parse_line(line, location))
    assert len(on_disk) > 1000
    assert not on_disk - applied
