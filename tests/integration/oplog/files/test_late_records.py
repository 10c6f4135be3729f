"""Records that reach a generation after the reader left it."""

import subprocess
import sys

from tests.support.lines import question
from tests.support.rotation import lines_of, reasons
from tui_ingest.oplog.records import Malformed

A, B, C, D, E, F, G, H = (question(number) for number in range(8))


def test_late_records_in_the_generation_that_was_left(files, reader, after_a_while):
    files.write(A)
    files.rotate(B)
    assert lines_of(reader.read()) == [A, B]
    with files.rank(1).open("ab") as late_writer:
        late_writer.write(C)
    after_a_while()
    assert lines_of(reader.read()) == [C]
    assert reader.kinds() == ["rotated", "late"]
    files.write(D)
    assert lines_of(reader.read()) == [D]
    after_a_while()
    assert reader.read() == []


def test_late_records_while_it_is_rotated_on(files, reader):
    files.write(A)
    writer = files.path.open("ab", buffering=0)
    files.rotate(B)
    assert lines_of(reader.read()) == [A, B]
    writer.write(C[:30])
    assert reader.read() == []
    writer.write(C[30:])
    writer.close()
    files.rotate(D)
    assert lines_of(reader.read()) == [C, D]


def test_late_records_in_generations_left_long_ago(files, reader, after_a_while):
    """Four processes write one log: three of them still have older files open."""
    writers = []
    for line in (A, B, C):
        files.write(line)
        writers.append(files.path.open("ab", buffering=0))
        files.rotate(b"")
    files.write(D)
    reader.read()
    for number in range(100, 130, 3):
        late = [question(number + offset) for offset in range(3)]
        for writer, line in zip(writers, late, strict=True):
            writer.write(line)
        after_a_while()
        assert sorted(lines_of(reader.read())) == sorted(late)
    for writer in writers:
        writer.close()
    after_a_while()
    assert reader.read() == []
    assert "gap" not in reader.kinds()
    if after_a_while != reader.restart:
        assert reader.kinds().count("late") == 3  # and not once for each record


def test_late_records_in_a_file_that_was_empty(files, reader, after_a_while):
    files.write(A)
    files.rotate(b"")
    files.rotate(B)
    reader.read()
    files.rank(1).write_bytes(C)
    after_a_while()
    files.rotate(D)
    assert sorted(lines_of(reader.read())) == [C, D]


def test_late_records_before_and_after_a_file_that_was_empty(files, reader):
    for line in (A, b"", B, C):
        files.rotate(line)
    reader.read()
    files.rank(2).write_bytes(D)
    files.rotate(E)
    assert sorted(lines_of(reader.read())) == [D, E]
    for rank, line in ((4, F), (3, G), (2, H)):
        with files.rank(rank).open("ab") as late_writer:
            late_writer.write(line)
        reader.restart()
        assert lines_of(reader.read()) == [line]


def test_a_writer_that_slept_for_many_rollovers(files, reader):
    files.write(A)
    writer = files.path.open("ab", buffering=0)
    for number in range(10, 30):
        files.rotate(question(number))
        reader.read()
    writer.write(B + C)
    files.rotate(D)
    assert sorted(lines_of(reader.read())) == [B, C, D]
    assert reader.kinds().count("late") == 1
    writer.write(E)
    writer.close()
    files.rotate(F)
    assert sorted(lines_of(reader.read())) == [E, F]


def test_a_restart_after_a_writer_that_slept_for_many_rollovers(files, reader):
    files.write(A)
    writer = files.path.open("ab", buffering=0)
    for number in range(10, 30):
        files.rotate(question(number))
        reader.read()
    writer.write(B + C)
    files.rotate(D)
    assert lines_of(reader.take(1)) == [B]
    reader.restart()
    assert lines_of(reader.take(1)) == [C]
    reader.restart()
    writer.write(E)
    writer.close()
    assert sorted(lines_of(reader.read())) == [D, E]


def test_torn_lines_of_several_writers_that_slept(files, reader):
    writers = []
    for line in (A, B, C):
        files.write(line)
        writers.append(files.path.open("ab", buffering=0))
        files.rotate(b"")
    for number in range(10, 30):
        files.rotate(question(number))
        reader.read()
    for number, writer in enumerate(writers):
        writer.write(D + E[: 30 + number])
        writer.close()
    files.rotate(question(30))
    reader.read()
    torn = [entry.raw for entry in reader.entries if isinstance(entry, Malformed)]
    assert sorted(torn) == [E[:30], E[:31], E[:32]]


def test_rollovers_of_two_processes_that_crossed(files, reader, after_a_while):
    """A generation that was never seen comes to lie before the one that is read."""
    files.write(A)
    files.rotate(B)
    reader.read()
    files.rank(1).rename(files.rank(2))
    files.rank(1).write_bytes(C)
    after_a_while()
    files.rotate(D)
    assert sorted(lines_of(reader.read())) == [C, D]
    after_a_while()
    assert reader.read() == []


def test_a_late_line_that_is_torn(files, reader, after_a_while):
    """Somebody may still write its end, as long as the generation is looked at."""
    files.write(A)
    files.rotate(B)
    reader.read()
    with files.rank(1).open("ab") as late_writer:
        late_writer.write(C[:30])
    for number in range(10, 17):
        files.rotate(question(number))
        after_a_while()
        assert reasons(reader.read()) == ["record"]
    files.rotate(D)
    after_a_while()
    entries = reader.read()
    assert reasons(entries) == ["torn", "record"]
    assert entries[0].raw == C[:30]


def test_a_restart_in_the_middle_of_late_records(files, reader):
    files.write(A)
    files.rotate(B)
    reader.read()
    with files.rank(1).open("ab") as late_writer:
        late_writer.write(C + D + E)
    assert lines_of(reader.take(1)) == [C]
    assert lines_of(reader.take(1)) == [D]
    reader.restart()
    with files.rank(1).open("ab") as late_writer:
        late_writer.write(F + G + H)
    entries = reader.take(10)
    assert lines_of(entries) == [E, F, G, H]
    reader.restart(reader.position_after(entries[1]))
    assert lines_of(reader.read()) == [G, H]


MANY_FILES = """
import resource, sys
from tui_ingest.oplog.files.reading import FileLog

_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
log, lines = FileLog(sys.argv[1]), 0
log.resume(None)
while batch := log.read(max_records=100, max_bytes=1 << 20):
    lines += len(batch.entries)
print(lines)
"""


def test_more_files_than_a_process_may_open_by_default(files):
    for number in range(100):
        files.path.with_name(f"oplog.log.2023-10-27_{number:03}").write_bytes(question(number))
    files.write(A)
    found = subprocess.run(
        [sys.executable, "-c", MANY_FILES, files.path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == "101\n", found.stderr
