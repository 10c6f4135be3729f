"""Which of two rotated files is read first, where names and times do not agree."""

import subprocess
import sys

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of

A, B, C, D, E, F, G, H = (question(number) for number in range(8))

# The handler of Python itself through the end of summer time, on a clock of its own.
WRITER = """
import os, sys, time
path = sys.argv[1]
os.environ["TZ"] = "Europe/Berlin"
time.tzset()
clock = [1792885800.0]  # 2026-10-24 23:50 UTC, 01:50 summer time
time.time = lambda: clock[0]
import logging.handlers
handler = logging.handlers.TimedRotatingFileHandler(
    path, when="M", interval=25, backupCount=50
)
handler.rolloverAt = handler.computeRollover(int(clock[0]))
handler.setFormatter(logging.Formatter("%(created)f %(message)s"))
log = logging.getLogger("source")
log.addHandler(handler)
log.setLevel("INFO")
number = 0
for command in sys.stdin:
    for _ in range(int(command)):
        number += 1
        log.info('SAVE [{"model": "polls.question", "pk": %d, "fields": {}}]', number)
        clock[0] += 300
    print("written", flush=True)
"""


def rotate(files, name, content):
    """Rename the log to what a handler or a person calls it, and begin a new one."""
    files.path.rename(files.path.with_name(name))
    files.write(content)


@pytest.mark.parametrize(
    ("older", "newer", "told"),
    [
        ("oplog.log-30112026", "oplog.log-01122026", 0),
        ("oplog.log.2026-11-26.99", "oplog.log.2026-11-26.100", 0),
        ("oplog.log.2026-10-25_02-50-00", "oplog.log.2026-10-25_02-10-00", 1),  # winter time
        ("oplog.log-20261126", "oplog.log-20261125", 1),
        ("oplog.log-11302026", "oplog.log-12012026", 1),  # which is the twelfth of January, too
    ],
)
def test_names_that_look_as_if_the_newer_was_older(
    files, reader, after_a_while, older, newer, told
):
    files.write(A)
    assert lines_of(reader.read()) == [A]
    files.write(B)
    rotate(files, older, C + D)
    rotate(files, newer, E)
    after_a_while()
    assert lines_of(reader.read()) == [B, C, D, E]
    assert reader.kinds().count("reordered") == told
    assert "gap" not in reader.kinds()


def test_a_first_start_with_such_names(files, reader):
    files.path.with_name("oplog.log.2026-10-25_02-50-00").write_bytes(A)
    files.path.with_name("oplog.log.2026-10-25_02-10-00").write_bytes(b"torn\n" + B)
    files.write(C)
    assert lines_of(reader.read()) == [A, b"torn\n", B, C]
    (told,) = [notice.message for notice in reader.notices if notice.kind == "reordered"]
    assert "oplog.log.2026-10-25_02-10-00 is older than oplog.log.2026-10-25_02-50-00" in told


@pytest.mark.parametrize("stop", [4, 9, 20])
def test_python_own_handler_at_the_end_of_summer_time(files, reader, after_a_while, stop):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(files.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        for count in (stop, 34 - stop):
            print(count, file=writer.stdin, flush=True)
            writer.stdout.readline()
            reader.read()
            after_a_while()
        writer.stdin.close()
    assert [entry.objects[0]["pk"] for entry in reader.entries] == [*range(1, 35)]
    assert "gap" not in reader.kinds()


def test_a_clock_that_is_set_back(files, reader, after_a_while):
    """What was read is not read again, though it is younger than what follows."""
    files.write(E)
    reader.read()
    rotate(files, "oplog.log.2026-11-26_05", F)
    reader.read()
    rotate(files, "oplog.log.2026-11-26_06", A)
    after_a_while()
    assert lines_of(reader.read()) == [A]
    rotate(files, "oplog.log.2026-11-26_01", B)
    after_a_while()
    assert lines_of(reader.read()) == [B]
    rotate(files, "oplog.log.2026-11-26_02", C)
    after_a_while()
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()
    assert any("a clock was set back" in notice.message for notice in reader.notices)


def test_a_clock_that_is_set_back_while_a_reader_lags(files, reader):
    files.write(E)
    reader.read()
    rotate(files, "oplog.log.2026-11-26_05", F)
    rotate(files, "oplog.log.2026-11-26_06", A)
    rotate(files, "oplog.log.2026-11-26_01", B)
    assert sorted(lines_of(reader.read())) == sorted([F, A, B])
    assert any("a clock was set back" in notice.message for notice in reader.notices)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_numbers_are_believed_where_times_are_not_in_order(files, reader, suffix):
    for line in (C, A, B, D):
        files.rotate(line)
    for number in (1, 2, 3):
        if suffix:
            files.compress(number, suffix)
    assert lines_of(reader.read()) == [C, A, B, D]
    assert reader.kinds().count("reordered") == 1


def test_three_numbers_that_rise_are_not_enough(files, reader):
    """Processes that share one handler leave them like that when their rollovers cross."""
    for line in (C, B, A):
        files.rotate(line)
    files.rotate(D)
    assert lines_of(reader.read()) == [C, B, A, D]
    assert reader.kinds().count("reordered") == 1


def test_numbers_that_rise(files, reader):
    for number, line in enumerate((A, B, C, D, E), start=1):
        files.rank(number).write_bytes(line)
    files.write(F)
    assert lines_of(reader.read()) == [A, B, C, D, E, F]
    assert reader.kinds().count("reordered") == 1
    reader.restart()
    assert reader.read() == []


def test_files_that_all_begin_with_the_same_line(files, reader, after_a_while):
    """Their first line says nothing of which is which."""
    header = b"# the operations of a site\n"
    files.write(header + A)
    reader.read()
    for line in (B, C, D, E):
        files.rotate(header + line)
        after_a_while()
        assert lines_of(reader.read()) == [header, line]
    for name, line in (("03", F), ("04", G)):
        rotate(files, f"oplog.log.2026-11-26_{name}", header + line)
        after_a_while()
        assert lines_of(reader.read()) == [header, line]
    assert "gap" not in reader.kinds()


def test_a_late_record_in_what_was_read_before_a_clock_was_set_back(files, reader):
    begin = question(0, at=1_800_000_000)
    files.write(begin)
    reader.read()
    rotate(files, "oplog.log.2026-11-26_23", A)
    for number in range(12):  # more than are looked at for late records
        reader.read()
        rotate(files, f"oplog.log.2026-11-26_{number:02}", question(number))
    reader.read()
    with files.path.with_name("oplog.log.2026-11-26_23").open("ab") as file:
        file.write(B)
    rotate(files, "oplog.log.2026-11-26_12", C)
    assert sorted(lines_of(reader.read())) == sorted([B, C])
