"""Which files make up a log: names, copies, links."""

import os
import shutil

import pytest

from tests.support.lines import question
from tests.support.rotation import Reader, RotatedLog, lines_of, packed

A, B, C, D, E, F = (question(number) for number in range(6))


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
        ["oplog.log-202509", "oplog.log-202510"],
        ["oplog.log-30112026", "oplog.log-01122026"],
        ["oplog.log.2026-11-26.9", "oplog.log.2026-11-26.10"],
        ["oplog.log.2026-11-26.99", "oplog.log.2026-11-26.100"],
        ["oplog.log.2026-11-26T03:00:00Z", "oplog.log.2026-11-26T04:00:00Z"],
        ["oplog.2026-11-26_03-00-00_123456.log", "oplog.2026-11-26_04-00-00_123456.log.gz"],
        ["oplog.2.log.gz", "oplog.1.log"],
        ["oplog.log.2.xz", "oplog.log.1.xz"],
        ["oplog.log.1", "oplog.log-2026112215.backup"],
        ["oplog.log.2.bz2", "oplog.log.1.zst"],
    ],
)
def test_names_of_rotated_files(files, reader, names):
    for name, line in zip(names, (A, B), strict=True):
        files.path.with_name(name).write_bytes(packed(name, line))
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
        "oplog.log.1.zip",
        "oplog.log2",
        "xoplog.log.1",
        "oplog.log.123456",
        "other.log.1",
        "oplog.log-2026",
        "oplog.log-20260230",
        "oplog.8080.log",
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
