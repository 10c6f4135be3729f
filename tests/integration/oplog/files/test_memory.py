"""Memory is bounded, whatever the log holds: measured in a process of its own."""

import json
import subprocess
import sys

import pytest

from tests.support.lines import question

MIB = 1024 * 1024
MOST = 40 * MIB  # beyond what a small log takes

# Reads a log as a session does. `VmHWM` and not `ru_maxrss`, which an `exec` hands on.
READ = """
import json, re, sys
from tui_ingest.oplog.files.reading import FileLog
log = FileLog(sys.argv[1], poll_seconds=60)
log.resume(None)
found = {}
while (batch := log.read(max_records=1000, max_bytes=4 * 1024 * 1024, final=True)) is not None:
    for entry in batch.entries:
        kind = getattr(entry, "reason", "record")
        found.setdefault(kind, []).append(entry.location.length)
    del batch
log.close()
peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
print(json.dumps({"peak": int(peak) * 1024, "found": found}))
"""


def read(path):
    done = subprocess.run(
        [sys.executable, "-c", READ, path], capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def peak_of_a_small_log(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "oplog.log"
    path.write_bytes(b"".join(question(number) for number in range(1000)))
    return read(path)["peak"]


def test_a_log_of_300_megabytes(tmp_path, peak_of_a_small_log):
    block = b"".join(question(number, "x" * 3000) for number in range(1000))
    path = tmp_path / "oplog.log"
    blocks = 300_000_000 // len(block)
    with path.open("wb") as file:
        for _ in range(blocks):
            file.write(block)
    read_back = read(path)
    assert sum(read_back["found"]["record"]) == len(block) * blocks
    assert read_back["peak"] - peak_of_a_small_log < MOST
    path.unlink()


@pytest.mark.parametrize("end", [b'"]\n', b""], ids=["whole", "unterminated"])
def test_a_line_of_200_megabytes(tmp_path, peak_of_a_small_log, end):
    path = tmp_path / "oplog.log"
    begun = b'1698395500.5 SAVE ["'
    with path.open("wb") as file:  # with a hole in it, so that it costs no disk
        file.write(question(1) + begun)
        file.seek(200 * MIB, 1)
        file.write(b"x" + end)
        if end:
            file.write(question(2))
    read_back = read(path)
    if end:
        assert read_back["found"]["too_long"] == [len(begun) + 200 * MIB + 1 + len(end)]
    assert len(read_back["found"]["record"]) == (2 if end else 1)
    assert read_back["peak"] - peak_of_a_small_log < MOST
