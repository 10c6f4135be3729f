"""Reading one file: lines, positions, and whatever a line may look like."""

import os
import random
import re
from pathlib import Path

import pytest

from tests.support.lines import question
from tests.support.rotation import RotatedLog, lines_of, reasons
from tui_ingest.oplog.files.positions import evidence_of
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import LogError, Position
from tui_ingest.oplog.records import Record

A, B, C, D, E, F = (question(number) for number in range(6))


def assert_in_place(entries, content):
    """The bytes at the location of every entry are those that it was made of."""
    for entry in entries:
        stored = content[entry.location.start : entry.location.end]
        assert stored.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf") == entry.raw
        assert entry.location.length == len(stored)


# One file


def test_everything_in_order(files, reader):
    files.write(A + B + C)
    entries = reader.read()
    assert lines_of(entries) == [A, B, C]
    assert all(isinstance(entry, Record) for entry in entries)
    assert_in_place(entries, A + B + C)
    assert reader.position.offset == len(A + B + C)
    assert reader.notices == []
    assert reader.read() == []


def test_what_is_appended_comes_next(files, reader):
    files.write(A)
    assert lines_of(reader.read()) == [A]
    files.write(B)
    assert lines_of(reader.read()) == [B]
    files.write(C + D)
    assert lines_of(reader.read()) == [C, D]


def test_a_batch_has_at_most_the_records_asked_for(files, reader):
    files.write(A + B + C)
    assert lines_of(reader.take(2)) == [A, B]
    assert lines_of(reader.take(2)) == [C]
    assert reader.take(2) == []


def test_a_batch_ends_with_the_line_that_reaches_the_bytes_asked_for(files, reader):
    files.write(A + B + C)
    assert lines_of(reader.take(most_bytes=1)) == [A]
    assert lines_of(reader.take(most_bytes=len(B) + 1)) == [B, C]


@pytest.mark.parametrize("read_first", range(4))
def test_a_restart_goes_on_where_the_last_batch_ended(files, reader, read_first):
    files.write(A + B + C)
    for _ in range(read_first):
        reader.take(1)
    reader.restart()
    reader.read()
    assert lines_of(reader.entries) == [A, B, C]
    reader.restart()
    assert reader.read() == []
    assert reader.notices == []


@pytest.mark.parametrize("applied", range(3))
def test_a_restart_goes_on_after_any_entry_of_a_batch(files, reader, applied):
    files.write(A + B + C)
    entries = reader.read()
    reader.restart(reader.position_after(entries[applied]))
    assert lines_of(reader.read()) == [A, B, C][applied + 1 :]
    assert reader.notices == []


def test_resuming_forgets_what_was_read_ahead(files, reader):
    files.write(A + B + C)
    reader.take(1)
    position = reader.position
    reader.read()
    reader.log.resume(position)
    assert lines_of(reader.read()) == [B, C]
    reader.log.resume(None)
    assert lines_of(reader.read()) == [A, B, C]


def test_many_lines_of_every_length(files, reader):
    random_lengths = random.Random(1)
    lines = [
        question(number, "x" * random_lengths.choice([0, 50, 5_000, 70_000, 400_000]))
        for number in range(120)
    ]
    files.write(b"".join(lines))
    assert lines_of(reader.read(most=7)) == lines
    assert_in_place(reader.entries, b"".join(lines))


def test_a_log_that_does_not_exist_yet(files, reader):
    assert reader.read() == []
    assert reader.read(final=True) == []
    assert reader.position is None
    files.write(A)
    assert lines_of(reader.read()) == [A]


def test_an_empty_log(files, reader):
    files.write(b"")
    assert reader.read() == []
    files.write(A)
    assert lines_of(reader.read()) == [A]


def test_a_folder_that_does_not_exist_yet(files, open_reader, tmp_path):
    reader = open_reader(tmp_path / "later" / "logs" / "oplog.log")
    assert reader.read() == []
    (tmp_path / "later" / "logs").mkdir(parents=True)
    (tmp_path / "later" / "logs" / "oplog.log").write_bytes(A)
    assert lines_of(reader.read()) == [A]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused(files, reader, make):
    make(files.path)
    with pytest.raises(LogError, match="not a regular file"):
        reader.read()


def test_a_device_is_refused(open_reader):
    reader = open_reader("/dev/null")
    with pytest.raises(LogError, match="not a regular file"):
        reader.read()


def test_nothing_is_opened_for_writing(files, reader):
    files.write(A)
    files.rotate(B)
    files.rotate(C)
    reader.take(1)
    modes = {
        int(re.search(r"flags:\s+(\d+)", information.read_text())[1], 8) & os.O_ACCMODE
        for information in Path("/proc/self/fdinfo").iterdir()
        if str(files.path) in os.path.realpath(f"/proc/self/fd/{information.name}")
    }
    assert modes == {os.O_RDONLY}


# Lines


def test_half_a_line_waits_for_its_end(files, reader):
    files.write(A + B[:30])
    assert lines_of(reader.read()) == [A]
    assert reader.position.offset == len(A)
    files.write(B[30:60])
    assert reader.read() == []
    files.write(B[60:] + C[:-1])
    assert lines_of(reader.read()) == [B]
    files.write(b"\n")
    assert lines_of(reader.read()) == [C]
    assert_in_place(reader.entries, A + B + C)


def test_half_a_line_across_a_restart(files, reader):
    files.write(A[:20])
    assert reader.read() == []
    reader.restart()
    assert reader.read() == []
    files.write(A[20:] + B[:30])
    assert lines_of(reader.read()) == [A]
    reader.restart()
    files.write(B[30:])
    assert lines_of(reader.read()) == [B]


def test_a_line_that_comes_byte_by_byte(files, reader):
    for byte in A + B:
        files.write(bytes([byte]))
        reader.read()
    assert lines_of(reader.entries) == [A, B]


@pytest.mark.parametrize(
    "content",
    [
        A.replace(b"\n", b"\r\n") + B.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + A + B,
        b"\n\n" + A + b"\r\n \t\n" + B + b"\n",
        b"\0" * 5000 + A + b"\0\0" + B,
        b"\0" * 3_000_000 + A + B,
        b"\xef\xbb\xbf\r\n" + A + B,
        b"\n" * 70_000 + A + b"\n" * 70_000 + B,
    ],
    ids=["crlf", "bom", "blank", "nuls", "many_nuls", "bom_blank", "many_blank"],
)
def test_what_surrounds_lines_is_not_part_of_them(files, reader, content):
    files.write(content)
    entries = reader.read()
    assert lines_of(entries) == [A, B]
    assert_in_place(entries, content)
    reader.restart()
    assert reader.read() == []
    files.write(C)
    assert lines_of(reader.read()) == [C]
    assert reader.notices == []


def test_more_nuls_than_a_line_may_have_bytes(files, open_reader):
    """What copytruncate leaves to a writer that goes on where it was."""
    reader = open_reader(max_record_bytes=1_500_000)
    with files.path.open("wb") as file:
        file.seek(50_000_000)
        file.write(A + B)
    assert lines_of(reader.take(1)) == [A]
    assert reader.entries[0].location.start == 50_000_000
    reader.restart()
    assert lines_of(reader.read()) == [B]


def test_nuls_alone_are_nothing_yet(files, reader):
    files.write(b"\0" * 100_000)
    assert reader.read() == []
    assert reader.read(final=True) == []
    files.write(A)
    assert lines_of(reader.read()) == [A]


def test_line_separators_of_unicode_do_not_end_a_line(files, reader):
    text = "one\u2028two\u2029three\u0085four\x0bfive".encode()
    line = A.replace(b"What's new?", text.replace(b"\x0b", rb"\u000b"))
    files.write(line + B)
    entries = reader.read()
    assert lines_of(entries) == [line, B]
    assert entries[0].objects[0]["fields"]["question_text"] == text.decode()


def test_a_line_that_is_not_utf_8_is_one_bad_line(files, reader):
    bad = B.replace(b"new", b"n\xe9w")
    files.write(A + bad + C)
    entries = reader.read()
    assert reasons(entries) == ["record", "bad_encoding", "record"]
    assert lines_of(entries) == [A, bad, C]


def test_a_glued_line_is_a_fragment_and_a_record(files, reader):
    content = A + B[:40] + C + D
    files.write(content)
    entries = reader.read()
    assert reasons(entries) == ["record", "glued", "record", "record"]
    assert [entry.raw for entry in entries] == [A[:-1], B[:40], C[:-1], D[:-1]]
    assert_in_place(entries, content)


@pytest.mark.parametrize("applied", range(4))
def test_a_restart_within_a_glued_line(files, reader, applied):
    files.write(A + B[:40] + C + D)
    entries = reader.read()
    reader.restart(reader.position_after(entries[applied]))
    assert [entry.raw for entry in reader.read()] == [e.raw for e in entries[applied + 1 :]]
    assert reader.notices == []


def test_a_restart_within_a_long_glued_line(files, reader):
    long = question(7, "x" * 3_000_000)
    files.write(A[:50] + long + B)
    fragment, *_ = reader.read()
    reader.restart(reader.position_after(fragment))
    assert lines_of(reader.read()) == [long, B]
    assert reader.notices == []


# The unterminated last line, when nothing more is expected


def test_final_takes_a_complete_record_without_its_newline(files, reader):
    files.write(A + B[:-1])
    assert lines_of(reader.read()) == [A]
    assert lines_of(reader.read(final=True)) == [B]
    assert reader.position.offset == len(A + B) - 1
    files.write(b"\n" + C)
    assert lines_of(reader.read()) == [C]


def test_a_newline_that_comes_after_its_record_was_taken_is_nothing(files, reader):
    files.write(A[:-1])
    assert lines_of(reader.read(final=True)) == [A]
    reader.restart()
    files.write(b"\n")
    assert reader.read(final=True) == []
    files.write(B)
    reader.restart()
    assert lines_of(reader.read(final=True)) == [B]
    assert reader.notices == []


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + A[:-1], b"\0\0" + A[:-1], A[:-1] + b"\r"])
def test_final_takes_the_only_record_of_a_log(files, reader, content):
    files.write(content)
    assert lines_of(reader.read(final=True)) == [A]
    reader.restart()
    assert reader.read(final=True) == []


@pytest.mark.parametrize("half", [B[:30], B[:-2], b"rubbish", B[:40] + C[:-1]])
def test_final_leaves_what_is_not_complete(files, reader, half):
    files.write(A + half)
    assert lines_of(reader.read(final=True)) == [A]
    assert reader.position.offset == len(A)
    assert reader.log.backlog().partial_bytes == len(half)
    reader.restart()
    assert reader.read(final=True) == []
    assert reader.log.backlog().partial_bytes == len(half)


def test_lines_that_were_not_taken_yet_are_complete(files, reader):
    files.write(A + B + C + D[:30])
    batch = reader.log.read(max_records=1, max_bytes=1 << 24)
    assert lines_of(batch.entries) == [A]
    backlog = reader.log.backlog()
    assert (backlog.partial_bytes, backlog.applicable_bytes) == (30, len(B + C))


# Lines that are too long


def test_a_line_over_the_limit_is_passed_over_and_told(files, open_reader):
    reader = open_reader(max_record_bytes=2000)
    fits, long = question(6, "y" * 1500), question(7, "x" * 4000)
    content = A + fits + long + B
    files.write(content)
    entries = reader.read()
    assert reasons(entries) == ["record", "record", "too_long", "record"]
    assert entries[2].raw == long[:1024]
    assert entries[2].location.start == len(A + fits)
    assert entries[2].location.length == len(long)
    assert f"{len(long):,}" in entries[2].error
    assert_in_place([*entries[:2], entries[3]], content)


@pytest.mark.parametrize("size", [999_000, 1_048_576, 1_300_000, 5_000_000])
def test_long_lines_that_come_in_pieces(files, open_reader, size):
    reader = open_reader(max_record_bytes=4_000_000)
    long = question(7, "x" * size)
    files.write(A)
    for begin in range(0, len(long), 300_000):
        files.write(long[begin : begin + 300_000])
        reader.read()
    files.write(B)
    reader.read()
    assert reasons(reader.entries) == ["record", "record" if size < 4e6 else "too_long", "record"]
    assert [entry.location.length for entry in reader.entries] == [len(A), len(long), len(B)]
    if size < 4e6:
        assert lines_of(reader.entries) == [A, long, B]
    reader.restart()
    assert reader.read() == []
    assert reader.notices == []


def test_a_restart_after_a_long_line_whose_end_came_alone(files, reader):
    long = question(7, "x" * 2_000_000)
    files.write(b"".join(question(number) for number in range(10)) + long[:-100])
    reader.read()
    files.write(long[-100:])
    reader.read()
    reader.restart()
    files.write(B)
    assert lines_of(reader.read()) == [B]
    assert reader.notices == []


def test_a_restart_after_a_line_over_the_limit(files, open_reader):
    reader = open_reader(max_record_bytes=2_000_000)
    long = question(7, "x" * 2_500_000)
    files.write(A + long + B)
    entries = reader.read()
    for entry, rest in zip(entries, ([long[:1024] + b"\n", B], [B], []), strict=True):
        reader.log.resume(None)
        while entry not in (batch := reader.take()):
            """Until the batch that it is in."""
        assert batch
        reader.restart(reader.position_after(entry))
        assert lines_of(reader.read()) == rest
    assert reader.notices == []


def test_an_unterminated_line_over_the_limit_is_left_alone(files, open_reader):
    reader = open_reader(max_record_bytes=2000)
    files.write(A + question(7, "x" * 4000)[:-1])
    assert lines_of(reader.read(final=True)) == [A]


# Positions


def test_a_position_names_its_evidence(files, reader):
    files.write(A + B)
    reader.take(1)
    position = reader.position
    status = files.path.stat()
    assert position.generation == reader.entries[0].location.generation
    assert len(position.generation) == 32
    evidence = evidence_of(position)
    assert (evidence.device, evidence.inode) == (status.st_dev, status.st_ino)
    assert position.offset == len(A)
    assert position.size == len(A + B)
    assert evidence.left == ()


def test_two_logs_do_not_know_of_each_other(files, open_reader, tmp_path):
    other = RotatedLog(tmp_path, name="oplog.log2")
    files.write(A)
    other.write(B)
    first, second = open_reader(), open_reader(other.path)
    assert lines_of(first.read()) == [A]
    assert lines_of(second.read()) == [B]


def test_a_log_may_be_named_by_a_relative_path(files, monkeypatch, tmp_path):
    files.write(A)
    monkeypatch.chdir(tmp_path)
    log = FileLog("oplog.log", poll_seconds=60)
    monkeypatch.chdir("/")
    assert log.path == str(files.path)
    log.resume(Position())
    assert lines_of(log.read(max_records=9, max_bytes=999).entries) == [A]
    log.close()
