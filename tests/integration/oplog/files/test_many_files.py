"""More unread files than the process may open."""

import json
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

from tests.support.lines import question
from tests.support.rotation import RotatedLog, packed

# Reads in steps, as it is told: all, so many records, or from where it was after a restart.
READER = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from tests.support.rotation import Reader
reader = Reader(sys.argv[1], poll_seconds=60)
for command in sys.stdin:
    if command == "restart\\n":
        reader.restart()
        entries = []
    else:
        entries = reader.take(int(command)) if command != "all\\n" else reader.read()
    log = reader.log.backlog()
    said = {
        "read": [entry.objects[0]["pk"] for entry in entries],
        "notices": [[n.kind, n.message, n.missing_bytes] for n in reader.notices],
        "older": log.older_generations,
        "unread": log.remaining_bytes,
    }
    reader.notices.clear()
    print(json.dumps(said), flush=True)
reader.close()
"""


class LimitedReader:
    """A reader in a process that may open 64 files."""

    def __init__(self, path):
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait() == 0

    def do(self, command):
        print(command, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


def hourly(folder, count, suffix=""):
    """A log of `count` files, one an hour, with a record each; the last one is the active one."""
    files = RotatedLog(folder)
    begin = datetime(2026, 10, 1)  # noqa: DTZ001  # as names have it
    for number in range(1, count):
        hour = begin + timedelta(hours=number)
        name = f"oplog.log.{hour:%Y-%m-%d_%H}{suffix}"
        files.path.with_name(name).write_bytes(packed(name, question(number)))
    files.write(question(count))
    return files


def test_six_weeks_of_hourly_files(tmp_path):
    files = hourly(tmp_path, 1199)
    with LimitedReader(files.path) as reader:
        said = reader.do(100)
        assert said["read"] == [1]
        assert said["older"] == 1198
        assert said["unread"] == 1198 * len(question(1)) + sum(
            len(str(number)) - 1 for number in range(2, 1200)
        )
        reader.do("restart")
        said = reader.do("all")
        assert said["read"] == [*range(2, 1200)]
        assert {kind for kind, _, _ in said["notices"]} == {"rotated"}


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_files_that_go_while_others_are_read(tmp_path, suffix):
    files = hourly(tmp_path, 80, suffix)
    with LimitedReader(files.path) as reader:
        assert reader.do(1)["read"] == [1]
        gone = sorted(tmp_path.glob("oplog.log.*"))[40]
        size = len(question(41))
        gone.unlink()
        said = reader.do("all")
        assert said["read"] == [*range(2, 41), *range(42, 81)]
        (gap,) = [notice for notice in said["notices"] if notice[0] == "gap"]
        assert f"{gone.name} was removed before it was read" in gap[1]
        assert gap[2] == size


def test_files_that_are_renamed_and_packed_while_others_are_read(tmp_path):
    files = RotatedLog(tmp_path, backups=200)
    for number in range(1, 81):
        files.rotate(question(number))
    with LimitedReader(files.path) as reader:
        assert reader.do(1)["read"] == [1]
        for number in range(20, 60):
            files.compress(number)
        assert reader.do(1)["read"] == [2]
        for number in range(81, 84):
            files.rotate(question(number))
        files.compress(66)
        said = reader.do("all")
        assert said["read"] == [*range(3, 84)]
        assert {kind for kind, _, _ in said["notices"]} == {"rotated"}


def test_the_oldest_unread_and_the_newest_files_stay_open(tmp_path):
    """No rotation takes them away."""
    files = hourly(tmp_path, 80)
    with LimitedReader(files.path) as reader:
        assert reader.do(1)["read"] == [1]
        for file in sorted(tmp_path.glob("oplog.log.*"))[:4]:
            file.unlink()
        files.path.unlink()
        files.write(question(81))
        said = reader.do("all")
        assert said["read"] == [*range(2, 82)]
