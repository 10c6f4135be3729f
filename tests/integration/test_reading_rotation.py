"""Reading through rotation, truncation, replacement and loss, while running and while down."""

import gzip
import itertools
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lines import question
from tests.support.rotation import Reader, RotatedLog, lines_of
from tui_ingest.oplog.log import LogUnavailableError
from tui_ingest.oplog.records import Malformed

A, B, C, D, E, F, G, H = (question(number) for number in range(8))


@pytest.fixture
def files(tmp_path):
    return RotatedLog(tmp_path)


@pytest.fixture
def reader(files):
    reader = Reader(files.path, poll_seconds=60)
    yield reader
    reader.close()


@pytest.fixture(params=["running", "down"])
def after_a_while(request, reader):
    """What lies between two looks at the log: nothing, or a restart of the process."""
    return reader.restart if request.param == "down" else lambda: None


def reasons(entries):
    return [entry.reason.value if isinstance(entry, Malformed) else "record" for entry in entries]


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


# Rotation


def test_rotated_after_everything_was_read(files, reader, after_a_while):
    files.write(A + B)
    reader.read()
    files.rotate(C)
    after_a_while()
    assert lines_of(reader.read()) == [C]
    assert reader.kinds() == ["rotated"]
    files.write(D)
    assert lines_of(reader.read()) == [D]


def test_rotated_with_unread_records(files, reader, after_a_while):
    files.write(A)
    reader.read()
    files.write(B + C)
    files.rotate(D)
    after_a_while()
    assert lines_of(reader.read()) == [B, C, D]
    assert reader.kinds() == ["rotated"]


def test_rotated_several_times(files, reader, after_a_while):
    files.write(A)
    reader.read()
    files.write(B)
    for line in (C, D, E):
        files.rotate(line)
    after_a_while()
    assert lines_of(reader.read()) == [B, C, D, E]
    assert reader.kinds() == ["rotated"] * 3


def test_rotated_in_the_middle_of_a_batch(files, reader, after_a_while):
    files.write(A + B + C)
    reader.take(1)
    files.rotate(D)
    after_a_while()
    reader.take(1)
    files.rotate(E)
    after_a_while()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E]


def test_a_first_start_begins_with_the_oldest(files, reader):
    for line in (A, B, C, D):
        files.rotate(line)
    assert lines_of(reader.read()) == [A, B, C, D]
    assert reader.kinds() == ["rotated"] * 3


def test_ranks_are_numbers(files, reader):
    lines = [question(number) for number in range(14)]
    for line in lines:
        files.rotate(line)
    assert lines_of(reader.read()) == lines


def test_the_new_file_took_the_inode_of_the_removed_one_and_outgrew_the_position(
    files, reader, after_a_while
):
    """What happens in 30 of 30 rollovers as soon as all backups are in use."""
    files.backups = 1
    files.write(A)
    files.rotate(B)
    reader.read()
    for line in (C, D, E):
        files.rotate(line + F + G)
        after_a_while()
        assert lines_of(reader.read()) == [line, F, G]
    assert lines_of(reader.entries) == [A, B, C, F, G, D, F, G, E, F, G]
    assert "gap" not in reader.kinds()


def test_an_inode_that_now_belongs_to_another_generation_proves_nothing(files, reader):
    files.write(A + B)
    reader.read()
    status = files.path.stat()
    reader.restart()
    files.path.unlink()
    taken = []  # until the file system gives the inode away again
    for number in range(50):
        scratch = files.path.with_name(f"scratch{number}")
        scratch.touch()
        taken.append(scratch)
        if scratch.stat().st_ino == status.st_ino:
            scratch.rename(files.path)
            break
    files.write(C + D + E)
    assert lines_of(reader.read()) == [C, D, E]
    assert set(reader.kinds()) <= {"gap", "truncated"}
    assert len(reader.kinds()) == 1


def test_records_over_the_size_of_a_file_leave_empty_backups(files, reader, after_a_while):
    files.write(A)
    reader.read()
    files.rotate(b"")
    files.rotate(B)
    files.rotate(b"")
    files.rotate(b"")
    after_a_while()
    assert lines_of(reader.read()) == [B]
    files.rotate(C)
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()


def test_the_new_file_is_not_there_yet(files, reader, after_a_while):
    """`delay=True`, or a look in the middle of a rollover."""
    files.write(A)
    reader.read()
    files.write(B)
    files.path.rename(files.rank(1))
    after_a_while()
    assert lines_of(reader.read()) == [B]
    after_a_while()
    assert reader.read() == []
    files.write(C)
    assert lines_of(reader.read()) == [C]
    assert reader.kinds() == ["rotated"]


def test_the_new_file_is_empty_or_has_half_a_line(files, reader, after_a_while):
    files.write(A)
    reader.read()
    files.rotate(b"")
    after_a_while()
    assert reader.read() == []
    files.write(B[:30])
    after_a_while()
    assert reader.read() == []
    files.write(B[30:])
    assert lines_of(reader.read()) == [B]


def test_ranks_with_gaps(files, reader):
    files.rank(30).write_bytes(A)
    files.rank(7).write_bytes(B)
    files.write(C)
    assert lines_of(reader.read()) == [A, B, C]


# The last line of a finished generation


def test_a_torn_line(files, reader, after_a_while):
    files.write(A + B[:50])
    reader.read()
    files.rotate(C)
    after_a_while()
    entries = reader.read()
    assert reasons(entries) == ["torn", "record"]
    assert entries[0].raw == B[:50]
    assert (entries[0].location.start, entries[0].location.length) == (len(A), 50)
    assert entries[1].raw == C[:-1]
    after_a_while()
    assert reader.read() == []


def test_a_torn_line_is_the_whole_generation(files, reader, after_a_while):
    files.write(A[:50])
    assert reader.read() == []
    files.rotate(B)
    after_a_while()
    assert reasons(reader.read()) == ["torn", "record"]


def test_a_last_line_that_only_lacks_its_newline(files, reader, after_a_while):
    files.write(A + B[:-1])
    reader.read()
    files.rotate(C)
    after_a_while()
    assert lines_of(reader.read()) == [A, B, C][1:]
    assert "late" not in reader.kinds()


def test_a_torn_line_is_not_told_as_long_as_nothing_follows(files, reader, after_a_while):
    files.write(A + B[:50])
    files.rotate(b"")
    assert lines_of(reader.read()) == [A]
    after_a_while()
    assert reader.read() == []


# Late records


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
    reader.restart(reader.log.position_after(entries[1]))
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


# Truncation


def test_copytruncate_after_everything_was_read(files, reader, after_a_while):
    files.write(A + B)
    reader.read()
    files.copytruncate()
    after_a_while()
    assert reader.read() == []
    files.write(C)
    after_a_while()
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()


@pytest.mark.parametrize("look_between", [True, False])
def test_copytruncate_with_unread_records(files, reader, after_a_while, look_between):
    files.write(A + B)
    reader.take(1)
    files.copytruncate()
    after_a_while()
    if look_between:
        assert lines_of(reader.read()) == [B]
        after_a_while()
    files.write(C + D + E)
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E]
    assert "gap" not in reader.kinds()


def test_copytruncate_several_times(files, reader, after_a_while):
    files.write(A + B)
    reader.take(1)
    for line in (C, D, E):
        files.copytruncate()
        files.write(line + F)
        after_a_while()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, F, D, F, E, F]
    assert "gap" not in reader.kinds()


def test_copytruncate_while_the_log_is_not_reached_yet(files, reader):
    """The descriptor that is held for later holds another content when its turn comes."""
    files.write(A + B)
    files.rotate(C + D)
    reader.take(1)
    assert reader.log.backlog().older_generations == 1
    files.copytruncate()
    files.write(E)
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E]
    assert "gap" not in reader.kinds()


def test_truncated_without_a_copy_while_the_log_is_not_reached_yet(files, reader):
    files.write(A + B)
    files.rotate(C + D)
    reader.take(1)
    reader.log.backlog()
    os.truncate(files.path, 0)
    files.write(E)
    reader.read()
    assert lines_of(reader.entries) == [A, B, E]
    assert [n.missing_bytes for n in reader.notices if n.kind == "gap"] == [len(C + D)]


def test_the_window_of_copytruncate(files, reader, after_a_while):
    """Written, and read, between the copy and the truncation."""
    files.write(A + B)
    shutil.copyfile(files.path, files.rank(1))
    files.write(C)
    assert lines_of(reader.read()) == [A, B, C]
    os.truncate(files.path, 0)
    after_a_while()
    assert reader.read() == []
    files.write(D)
    after_a_while()
    assert lines_of(reader.read()) == [D]
    assert reader.kinds()[0] == "truncated"


def test_a_copy_of_the_log_is_not_read_twice(files, reader):
    files.write(A + B)
    shutil.copyfile(files.path, files.rank(1))
    assert lines_of(reader.read()) == [A, B]
    files.write(C)
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert reader.notices == []


def test_copies_that_people_make_are_not_read_twice(files, reader, after_a_while):
    files.write(A + B)
    shutil.copyfile(files.path, files.path.with_name("oplog.log-20260101"))
    files.write(C)
    files.rotate(D)
    os.link(files.rank(1), files.path.with_name("oplog.log.2026-01-02"))
    assert lines_of(reader.read()) == [A, B, C, D]
    files.write(E)
    shutil.copyfile(files.path, files.path.with_name("oplog.log-20260103"))
    files.rotate(F)
    after_a_while()
    assert lines_of(reader.read()) == [E, F]


def test_two_names_of_one_file_are_one_file(files, reader, after_a_while):
    files.write(A)
    files.rotate(B)
    os.link(files.rank(1), files.path.with_name("oplog.log-20260101"))
    os.link(files.path, files.rank(2))
    assert lines_of(reader.read()) == [A, B]
    files.rotate(C)
    after_a_while()
    assert lines_of(reader.read()) == [C]


def test_two_files_with_the_same_first_line(files, reader, after_a_while):
    files.write(A + B + C)
    files.rotate(A + D)
    reader.take(2)
    after_a_while()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, A, D]
    after_a_while()
    assert reader.read() == []
    assert reader.kinds() == ["rotated"]


def test_truncated_in_place(files, reader, after_a_while):
    files.write(A + B)
    reader.read()
    os.truncate(files.path, 0)
    after_a_while()
    assert reader.read() == []
    assert reader.kinds() == ["truncated"]
    files.write(C)
    assert lines_of(reader.read()) == [C]
    after_a_while()
    assert reader.read() == []
    assert reader.kinds() == ["truncated"]


def test_truncated_in_place_and_grown_past_the_position(files, reader, after_a_while):
    files.write(A + B)
    reader.read()
    os.truncate(files.path, 0)
    files.write(C + D + E)
    after_a_while()
    assert lines_of(reader.read()) == [C, D, E]
    assert reader.kinds() == ["truncated"]


def test_written_over_with_the_same_first_line(files, reader, after_a_while):
    files.write(A + B)
    reader.read()
    os.truncate(files.path, 0)
    files.write(A + C + D)
    after_a_while()
    assert lines_of(reader.read()) == [A, C, D]
    assert reader.kinds() == ["truncated"]


def test_truncated_with_unread_records(files, reader):
    files.write(A + B + C)
    reader.take(1)
    os.truncate(files.path, 0)
    files.write(D)
    reader.restart()
    assert lines_of(reader.read()) == [D]
    gaps = [notice for notice in reader.notices if notice.kind == "gap"]
    assert [gap.missing_bytes for gap in gaps] == [len(B + C)]
    assert f"{len(B + C):,} unread bytes" in gaps[0].message


@pytest.mark.parametrize("after", [D, D + E + F, D + E + F + G], ids=["less", "same", "more"])
def test_truncated_after_records_were_seen_but_not_read(files, reader, after):
    files.write(A)
    reader.read()
    files.write(B + C)
    reader.log.backlog()
    files.path.write_bytes(after)
    reader.log.backlog()
    assert lines_of(reader.read()) == after.splitlines(keepends=True)
    gaps = [notice for notice in reader.notices if notice.kind == "gap"]
    assert [gap.missing_bytes for gap in gaps] == [len(B + C)]


def test_records_read_before_a_truncation_are_not_lost_with_it(files, reader):
    """More is there than is read at once, and the rest is gone when it is asked for."""
    lines = [question(number, "x" * 1000) for number in range(400)]
    files.write(b"".join(lines))
    reader.take(10)
    os.truncate(files.path, 0)
    files.write(A)
    entries = reader.read(1000)
    assert lines_of(reader.entries) == [*lines[: len(entries) + 9], A]
    assert "gap" in reader.kinds()


def test_truncated_with_older_generations_beside_it(files, reader):
    files.write(A)
    files.rotate(B + C)
    reader.read()
    os.truncate(files.path, 0)
    files.write(D + E + F)
    assert lines_of(reader.read()) == [D, E, F]
    assert reader.kinds() == ["rotated", "truncated"]


def test_truncated_with_older_generations_beside_it_while_down(files, reader):
    files.write(A)
    files.rotate(B + C)
    reader.read()
    os.truncate(files.path, 0)
    files.write(D + E + F)
    reader.restart()
    assert lines_of(reader.read()) == [D, E, F]
    assert reader.kinds() == ["rotated", "gap"]


# Removal


def test_deleted_and_made_anew(files, reader):
    files.write(A)
    reader.read()
    files.path.unlink()
    assert reader.read() == []
    files.write(B + C)
    assert lines_of(reader.read()) == [B, C]
    assert reader.kinds() == ["gap", "rotated"]  # whatever was removed with it


def test_deleted_with_records_that_are_only_in_the_open_file(files, reader):
    files.write(A + B)
    reader.take(1)
    files.path.unlink()
    files.write(C)
    assert lines_of(reader.read()) == [B, C]
    assert [notice.missing_bytes for notice in reader.notices] == [None, None]


def test_deleted_and_made_anew_while_down(files, reader):
    files.write(A + B)
    reader.take(1)
    reader.restart()
    files.path.unlink()
    assert reader.read() == []
    assert reader.notices == []
    files.rotate(C)
    files.rotate(D)
    assert lines_of(reader.read()) == [C, D]
    assert reader.kinds()[0] == "gap"
    assert reader.notices[0].missing_bytes == len(B)


def test_unread_generations_removed_while_down(files, reader):
    files.backups = 3
    files.write(A + B)
    reader.take(1)
    for line in (C, D, E, F):
        files.rotate(line)
    reader.restart()
    assert lines_of(reader.read()) == [C, D, E, F]
    assert reader.kinds() == ["gap"] + ["rotated"] * 3
    assert reader.notices[0].missing_bytes == len(B)
    assert f"{len(B):,} unread bytes" in reader.notices[0].message
    reader.restart()
    assert reader.read() == []
    assert reader.kinds().count("gap") == 1


def test_a_gap_of_unknown_size(files, reader):
    files.backups = 2
    files.write(A)
    reader.read()
    for line in (B, C, D, E):
        files.rotate(line)
    reader.restart()
    assert lines_of(reader.read()) == [C, D, E]
    assert reader.kinds()[0] == "gap"
    assert reader.notices[0].missing_bytes is None
    assert "not known" in reader.notices[0].message


def test_unread_generations_removed_while_running(files, reader):
    files.backups = 2
    files.write(A)
    reader.read()
    for line in (B, C, D, E):
        files.rotate(line)
    assert lines_of(reader.read()) == [C, D, E]
    assert reader.kinds().count("gap") == 1


def test_what_was_seen_is_not_lost_by_removal(files, reader):
    files.backups = 2
    for line in (A, B, C):
        files.rotate(line)
    reader.take(1)
    reader.log.backlog()  # by which a session looks around while it reads
    for line in (D, E, F):
        files.rotate(line)
        reader.log.backlog()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E, F]
    assert "gap" not in reader.kinds()


def test_the_generation_left_tells_what_was_read(files, reader):
    """The current one is gone; older ones that were read are still there."""
    for line in (A, B, C):
        files.rotate(line)
    reader.read()
    files.path.unlink()
    files.write(D)
    reader.restart()
    assert lines_of(reader.read()) == [D]
    assert reader.kinds()[-1] == "gap"


# Replacement


def test_replaced_by_a_longer_copy(files, reader, after_a_while):
    files.write(A + B[:30])
    reader.read()
    files.rsync(A + B + C)
    after_a_while()
    assert lines_of(reader.read()) == [B, C]
    files.rsync(A + B + C + D)
    after_a_while()
    assert lines_of(reader.read()) == [D]
    assert set(reader.kinds()) <= {"replaced"}


def test_replacements_are_told_once(files, reader):
    files.write(A)
    reader.read()
    content = A
    for line in (B, C, D):
        content += line
        files.rsync(content)
        assert lines_of(reader.read()) == [line]
    assert reader.kinds() == ["replaced"]


def test_a_mirror_that_rotates(files, reader, after_a_while):
    files.write(A)
    reader.read()
    files.rank(1).write_bytes(A + B)
    files.rsync(C)
    after_a_while()
    assert lines_of(reader.read()) == [B, C]


def test_a_mirror_that_brings_the_new_file_before_the_rest_of_the_old_one(
    files, reader, after_a_while
):
    files.write(A)
    files.rotate(B)
    reader.read()
    files.rsync(E)  # .1 is still the one with A
    after_a_while()
    assert lines_of(reader.read()) == [E]
    files.rank(1).rename(files.rank(2))
    files.rank(1).write_bytes(B + C + D)
    files.rsync(E + F)
    after_a_while()
    assert F in lines_of(reader.read())
    if after_a_while == reader.restart:
        assert "gap" in reader.kinds()
    else:
        assert {C, D} <= set(lines_of(reader.entries))


@pytest.mark.parametrize("generations", [3, 12])
@pytest.mark.parametrize("interval", [1, 2, 5])
def test_a_mirror_that_replaces_one_file_after_the_other(files, reader, generations, interval):
    """There is always a generation in none of the files, and a process may begin just then."""
    source = [question(number) for number in range(generations)]
    mirror(files, source, lambda: None)
    reader.read()
    steps = itertools.count(1)

    def look():
        if next(steps) % interval == 0:
            reader.restart()
        reader.read()

    for _ in range(3):
        source[-1] += question(len(source) + 100)
        source.append(question(len(source)))
        mirror(files, source, look)
    source.append(question(len(source)))
    files.rotate(source[-1])
    reader.restart()
    reader.read()
    assert sorted(lines_of(reader.entries)) == sorted(b"".join(source).splitlines(keepends=True))


def mirror(files, generations, look):
    """As rsync does: a new file for every name, the active one first."""
    for rank, content in enumerate(reversed(generations)):
        path = files.rank(rank) if rank else files.path
        arriving = path.with_name(f".{path.name}.Xa12Cd")
        arriving.write_bytes(content)
        arriving.rename(path)
        look()


def test_what_was_read_before_a_gap_is_not_read_again_when_it_comes_back(
    files, reader, after_a_while
):
    files.write(A + B)
    reader.read()
    removed = files.path.read_bytes()
    files.path.unlink()
    files.write(D)
    reader.restart()
    assert lines_of(reader.read()) == [D]
    assert "gap" in reader.kinds()
    reader.restart()
    files.rank(1).write_bytes(removed + C)
    files.rotate(E)
    after_a_while()
    assert sorted(lines_of(reader.read())) == [C, E]
    after_a_while()
    assert reader.read() == []


# Compression and names


@pytest.mark.parametrize("read_first", [0, 1, 2, 3])
def test_compressed_generations(files, reader, after_a_while, read_first):
    files.write(A + B)
    files.rotate(C + D)
    files.rotate(E)
    for _ in range(read_first):
        reader.take(1)
        after_a_while()
    files.compress(2)
    files.compress(1)
    after_a_while()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E]
    assert "gap" not in reader.kinds()


def test_a_long_compressed_generation(files, reader):
    lines = [question(number, "x" * 3000) for number in range(1000)]
    files.write(b"".join(lines))
    files.rotate(A)
    files.compress(1)
    for _ in range(5):
        reader.take(150)
        reader.restart()
    reader.read()
    assert lines_of(reader.entries) == [*lines, A]


def test_compression_that_has_not_ended_yet(files, reader):
    files.write(A + B)
    files.rotate(C)
    whole = gzip.compress(A + B)
    twin = files.rank("1.gz")
    twin.write_bytes(whole[:20])
    assert lines_of(reader.read()) == [A, B, C]
    files.rank(1).unlink()
    files.rotate(D)
    with pytest.raises(LogUnavailableError, match=r"oplog\.log\.2\.gz"):
        reader.read()
    files.rank("2.gz").write_bytes(whole)
    assert lines_of(reader.read()) == [D]


def damage(file, how):
    """Leave an archive as it is found long after something went wrong."""
    whole = file.read_bytes()
    halfway = len(whole) // 2
    damaged = {
        "empty": b"",
        "garbage": b"garbage" * 20,
        "cut to its header": whole[:20],
        "cut": whole[:halfway],
        "altered": whole[:halfway] + bytes([whole[halfway] ^ 0x55]) * 3 + whole[halfway + 3 :],
        "wrong checksum": whole[:-8] + b"\0" * 4 + whole[-4:],
    }
    file.write_bytes(damaged[how])
    os.utime(file, (1, 1))


DAMAGES = ["empty", "garbage", "cut to its header", "cut", "altered", "wrong checksum"]
any_damage = pytest.mark.parametrize("how", DAMAGES)
LONG = [question(number, random.Random(number).randbytes(2000).hex()) for number in range(40)]


@any_damage
def test_a_damaged_archive_of_what_was_left(files, reader, after_a_while, how):
    files.write(b"".join(LONG))
    files.rotate(A)
    files.rotate(B)
    assert lines_of(reader.read()) == [*LONG, A, B]
    files.compress(2)
    damage(files.rank("2.gz"), how)
    after_a_while()
    assert reader.read() == []
    files.rotate(C)
    after_a_while()
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()


@any_damage
def test_a_damaged_archive_that_was_not_read(files, reader, after_a_while, how):
    files.rotate(A)
    files.rotate(b"".join(LONG))
    files.rotate(B)
    reader.take(1)
    files.compress(2)
    files.compress(1)
    damage(files.rank("1.gz"), how)
    reader.restart()
    entries = lines_of(reader.read())
    assert entries[-1] == B
    read = [line for line in entries if line in LONG]
    assert read == [line for line in LONG if line in read]
    assert bool(read) == (how in {"cut", "altered", "wrong checksum"})
    assert reader.kinds().count("gap") == 1
    assert "oplog.log.1.gz is damaged" in next(n.message for n in reader.notices if n.kind == "gap")
    files.rotate(C)
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert reader.kinds().count("gap") == 1


@any_damage
def test_a_damaged_archive_at_a_first_start(files, reader, how):
    files.rotate(b"".join(LONG))
    files.rotate(B)
    files.compress(1)
    damage(files.rank("1.gz"), how)
    assert lines_of(reader.read())[-1] == B
    assert reader.kinds().count("gap") == 1
    reader.restart()
    assert reader.read() == []
    assert reader.kinds().count("gap") == 1


@any_damage
def test_a_damaged_archive_of_the_generation_that_is_read(files, reader, after_a_while, how):
    files.write(b"".join(LONG))
    reader.take(30)
    files.rotate(B)
    files.compress(1)
    damage(files.rank("1.gz"), how)
    after_a_while()
    reader.read()
    read = [line for line in lines_of(reader.entries) if line in LONG]
    assert lines_of(reader.entries)[-1] == B
    assert read == [line for line in LONG if line in read]
    assert read[:30] == LONG[:30]
    if after_a_while != reader.restart or how == "wrong checksum":
        assert read == LONG
    assert reader.kinds().count("gap") <= 1
    if after_a_while == reader.restart:
        assert "gap" in reader.kinds()


def test_an_archive_that_was_read_whole_before_its_checksum_went_wrong(files, reader):
    files.write(A + B)
    reader.read()
    files.rotate(C)
    files.compress(1)
    damage(files.rank("1.gz"), "wrong checksum")
    reader.restart()
    assert lines_of(reader.read()) == [C]
    assert "gap" not in reader.kinds()


def test_an_archive_that_is_written_just_now_is_waited_for(files, reader):
    """As a handler does that compresses the active file before it removes that."""
    lines = b"".join(LONG)
    files.write(lines)
    reader.take(10)
    whole = gzip.compress(lines)
    for size in (0, 5, len(whole) // 2):
        files.rank("1.gz").write_bytes(whole[:size])
        reader.restart()
        with pytest.raises(LogUnavailableError, match=r"oplog\.log\.1\.gz"):
            reader.read()
    files.rank("1.gz").write_bytes(whole)
    files.path.unlink()
    files.write(A)
    reader.read()
    assert lines_of(reader.entries) == [*LONG, A]
    assert "gap" not in reader.kinds()


@pytest.mark.parametrize(
    "names",
    [
        ["oplog.log.2026-11-21", "oplog.log.2026-11-22"],
        ["oplog.log.2026-11-22_09", "oplog.log.2026-11-22_10"],
        ["oplog.log.2026-11-22_09-59", "oplog.log.2026-11-22_10-00"],
        ["oplog.log-20261121", "oplog.log-20261122"],
        ["oplog.log-20261122-1700000000", "oplog.log-20261122-1700009999"],
        ["oplog.log.2026-11-21.gz", "oplog.log.2026-11-22"],
        ["oplog.log-20261121.gz", "oplog.log-20261122.gz"],
        ["oplog.log.10", "oplog.log.9"],
        ["oplog.log.2.gz", "oplog.log.1"],
        ["oplog.log.1", "oplog.log-20261122"],
        ["oplog.log-20261122", "oplog.log.1"],
    ],
)
def test_names_of_rotated_files(files, reader, names):
    for name, line in zip(names, (A, B), strict=True):
        content = gzip.compress(line) if name.endswith(".gz") else line
        files.path.with_name(name).write_bytes(content)
    files.write(C)
    assert lines_of(reader.read()) == [A, B, C]


@pytest.mark.parametrize(
    "name",
    [
        "oplog.log.bak",
        "oplog.log~",
        ".oplog.log.swp",
        "oplog.log.1.tmp",
        "oplog.log.old",
        "oplog.log.x1",
        "oplog.log.1.bz2",
        "oplog.log2",
        "xoplog.log.1",
        "oplog.log.123456",
        "other.log.1",
        "oplog.log-2026",
    ],
)
def test_other_names_are_not_read(files, reader, name):
    files.path.with_name(name).write_bytes(A)
    files.write(B)
    assert lines_of(reader.read()) == [B]


def test_a_folder_with_the_name_of_a_rotated_file(files, reader):
    files.rank(1).mkdir()
    files.rank(2).symlink_to("nowhere")
    os.mkfifo(files.rank(3))
    files.write(A)
    assert lines_of(reader.read()) == [A]


def test_a_log_with_the_characters_of_patterns_in_its_name(tmp_path):
    files = RotatedLog(tmp_path, name="op[1].(log)*")
    files.rotate(A)
    files.rotate(B)
    reader = Reader(files.path, poll_seconds=60)
    assert lines_of(reader.read()) == [A, B]
    reader.close()


# Links


def test_a_link_to_a_log_that_is_rotated(files, tmp_path, after_a_while):
    link = tmp_path / "elsewhere" / "current.log"
    link.parent.mkdir()
    link.symlink_to(files.path)
    files.write(A)
    files.rotate(B)
    reader = Reader(link, poll_seconds=60)
    assert lines_of(reader.read()) == [A, B]
    files.write(C)
    files.rotate(D)
    reader.restart()
    assert lines_of(reader.read()) == [C, D]
    assert reader.kinds() == ["rotated"] * 2
    reader.close()


def test_a_link_that_points_to_another_file(tmp_path):
    (tmp_path / "monday.log").write_bytes(A + B)
    (tmp_path / "tuesday.log").write_bytes(C)
    link = tmp_path / "oplog.log"
    link.symlink_to("monday.log")
    reader = Reader(link, poll_seconds=60)
    reader.take(1)
    (tmp_path / "new").symlink_to("tuesday.log")
    (tmp_path / "new").rename(link)
    reader.read()
    assert lines_of(reader.entries) == [A, B, C]
    assert "gap" not in reader.kinds()
    (tmp_path / "tuesday.log").write_bytes(C + D)
    assert lines_of(reader.read()) == [D]
    reader.close()


# Trouble that passes


@pytest.mark.parametrize("which", ["active", "rotated"])
def test_a_file_that_cannot_be_opened_for_a_while(files, reader, which, after_a_while):
    """A link to itself cannot be opened by anyone, not even by root."""
    files.rotate(A)
    files.rotate(B)
    blocked = files.path if which == "active" else files.rank(1)
    aside = files.path.with_name("aside")
    blocked.rename(aside)
    blocked.symlink_to(blocked.name)
    for _ in range(2):
        with pytest.raises(LogUnavailableError, match=blocked.name):
            reader.read()
        after_a_while()
    blocked.unlink()
    aside.rename(blocked)
    assert lines_of(reader.read()) == [A, B]


def test_an_unreadable_successor_does_not_keep_what_is_readable(files, reader):
    files.write(A + B)
    reader.take(1)
    files.rotate(C)
    aside = files.path.with_name("aside")
    files.path.rename(aside)
    files.path.symlink_to(files.path.name)
    assert lines_of(reader.take()) == [B]
    with pytest.raises(LogUnavailableError):
        reader.take()
    files.path.unlink()
    aside.rename(files.path)
    assert lines_of(reader.read()) == [C]
    assert lines_of(reader.entries) == [A, B, C]


def test_a_folder_that_goes_and_returns(files, reader, tmp_path, after_a_while):
    folder = tmp_path / "mount"
    folder.mkdir()
    files.path = folder / "oplog.log"
    reader.path = files.path
    reader.restart()
    files.write(A)
    reader.read()
    folder.rename(tmp_path / "away")
    after_a_while()
    assert reader.read() == []
    (tmp_path / "away").rename(folder)
    files.write(B)
    after_a_while()
    assert lines_of(reader.read()) == [B]
    assert reader.notices == []


# Descriptors


def test_no_descriptor_is_left_behind(files, reader):
    files.backups = 4
    for number in range(20):
        files.rotate(question(number))
        reader.read()
    before = open_files()
    for number in range(60):
        files.rotate(question(number) + A)
        if number % 3:
            reader.take(1)
        if number % 7 == 0:
            reader.log.backlog()
        if number % 5 == 0:
            files.rsync()
        if number % 11 == 0:
            files.copytruncate()
        if number % 13 == 0:
            files.compress(1)
        reader.read()
    assert open_files() <= before
    reader.close()
    assert open_files() <= before - 2
    assert reader.entries
