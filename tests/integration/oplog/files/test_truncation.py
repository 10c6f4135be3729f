"""The log is truncated or written over: copytruncate, `> oplog.log`, a restored copy."""

import os
import shutil

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of

A, B, C, D, E, F, G = (question(number) for number in range(7))


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
