"""A log searched once more: what has the pattern, from all files, and what is missing is said."""

import os
import re
from contextlib import closing

import pytest

from tests.support.lines import choice, key, question, questions
from tests.support.rotation import Reader, reasons
from tui_ingest.oplog.files import searching
from tui_ingest.oplog.files.reading import FileLog
from tui_ingest.oplog.log import LogUnavailableError, Position

SEVEN = (re.compile(rb'"pk": 7\b'),)


def search(path, patterns=SEVEN, position=None, **options):
    """All pieces, and the reader's own state: the log was not moved."""
    with closing(FileLog(path, **options)) as log:
        return [*log.search(patterns, position)]


def found(path, *args, **options):
    """The entries that were read before the position, those after it, and what is lacking."""
    pieces = search(path, *args, **options)
    return (
        [entry for piece in pieces for entry in piece.entries],
        [entry for piece in pieces for entry in piece.ahead],
        [lack for piece in pieces for lack in piece.lacks],
    )


def test_entries_are_those_that_a_reader_has_from_all_files(files):
    files.write(b"\xef\xbb\xbf" + question(7, "one") + questions(range(8, 90)))
    files.rotate(question(7, "two").replace(b"\n", b"\r\n") + b"\n\n\0\0\0" + question(7, "three"))
    files.rotate(question(1) + question(7, "four")[:-1] + question(7, "glued") + b"7 no record\n")
    files.rotate(question(7, "five") + question(7, "torn")[:80])
    files.rotate(choice(7, of=7) + questions(range(10)) + question(7, "unfinished")[:60])
    for number, suffix in ((2, ".gz"), (3, ".zst"), (4, ".bz2")):
        files.compress(number, suffix)
    reader = Reader(files.path)
    with closing(reader):
        wanted = [entry for entry in reader.read() if SEVEN[0].search(entry.raw)]
    read, ahead, lacks = found(files.path)
    assert (ahead, read, lacks) == (wanted, [], [])
    assert len(wanted) == 9
    assert reasons(wanted).count("torn") == 1


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
def test_lines_that_reach_over_a_piece(files, size, monkeypatch):
    monkeypatch.setattr(searching, "PIECE_BYTES", size)
    files.write(question(7) + questions(range(5)) + question(7))
    _, ahead, _ = found(files.path)
    assert [entry.objects[0]["pk"] for entry in ahead] == [7, 7]


def test_several_patterns_find_a_line_once(files):
    files.write(question(1) + question(7) + choice(3, of=7) + question(2))
    _, ahead, _ = found(files.path, (*SEVEN, re.compile(key(7).encode())))
    assert [entry.objects[0]["pk"] for entry in ahead] == [7, 3]


def test_what_the_session_has_read_is_told_from_what_is_ahead(files):
    files.write(question(7, "one") + question(1))
    files.rotate(question(7, "two") + question(7, "three"))
    with closing(Reader(files.path)) as reader:
        reader.read(most=1)
        for count in range(1, 5):
            reader.restart(Position())
            reader.log.resume(None)
            taken = []
            while len(taken) < count:
                taken += reader.take(1)
            read, ahead, _ = found(files.path, position=reader.position)
            wanted = [entry for entry in taken if entry.objects[0]["pk"] == 7]
            assert read == wanted
            assert len(read) + len(ahead) == 3


def test_a_position_that_is_gone_has_all_ahead_of_it(files):
    files.write(question(7))
    gone = Position(generation="0" * 32, offset=10)
    assert [len(part) for part in found(files.path, position=gone)] == [0, 1, 0]


def test_how_far_it_is_is_said_in_bytes_of_what_was_packed(files):
    files.write(questions(range(1000)))
    begins_at = float(files.path.read_bytes().split(b" ")[0])
    size = files.path.stat().st_size
    files.rotate(question(7))
    size += files.path.stat().st_size
    files.compress(1)
    pieces = search(files.path)
    assert pieces[0].done == 0
    assert {piece.total for piece in pieces} == {size}
    assert pieces[-1].done == size
    assert pieces[-1].begins_at == begins_at


def test_a_log_without_a_file_has_nothing(tmp_path):
    assert found(tmp_path / "oplog.log") == ([], [], [])


class TestWhatIsMissingIsSaid:
    def test_a_file_that_was_removed_from_the_middle(self, files):
        for number in range(5):
            files.rotate(question(7, f"{number}"))
        files.rank(1).unlink()
        files.rank(3).unlink()
        _, ahead, (lack,) = found(files.path)
        assert len(ahead) == 3
        assert "oplog.log.1, oplog.log.3" in lack

    def test_numbers_that_rise_begin_anywhere(self, files):
        for number in range(5, 12):
            if number != 8:
                files.rank(number).write_bytes(question(7))
        files.write(question(7))
        _, ahead, lacks = found(files.path)
        assert len(ahead) == 7
        assert lacks == ["Gone from between the rotated files: oplog.log.8."]

    def test_a_damaged_archive(self, files):
        files.rotate(questions(range(7, 2000)))
        files.rotate(question(7, "after"))
        files.compress(1)
        packed = files.rank("1.gz")
        packed.write_bytes(packed.read_bytes()[:-200])
        old = packed.stat().st_mtime - 1000  # it is not being written just now
        os.utime(packed, (old, old))
        _, ahead, (lack,) = found(files.path)
        assert [entry.objects[0]["fields"]["question_text"] for entry in ahead][-1] == "after"
        assert "oplog.log.1.gz is damaged" in lack

    def test_a_file_that_cannot_be_read_now(self, files):
        files.rotate(question(7, "one"))
        files.rotate(question(7, "two"))
        files.rank(1).unlink()
        files.rank("1.gz").write_bytes(b"")  # whoever packs it has just begun
        with closing(Reader(files.path)) as reader, pytest.raises(LogUnavailableError):
            reader.read()
        _, ahead, (lack,) = found(files.path)
        assert [entry.objects[0]["fields"]["question_text"] for entry in ahead] == ["two"]
        assert "oplog.log.1.gz cannot be unpacked: it is empty" in lack

    def test_a_line_over_the_limit(self, files):
        files.write(question(7, "x" * 3_000_000) + question(7))
        _, ahead, (lack,) = found(files.path, max_record_bytes=1_000_000)
        assert len(ahead) == 1
        assert "MAX_RECORD_BYTES" in lack
        assert "byte 0 of oplog.log" in lack

    def test_a_file_that_is_written_over_meanwhile(self, files, monkeypatch):
        monkeypatch.setattr(searching, "PIECE_BYTES", 500)
        files.write(questions(range(20)))
        with closing(FileLog(files.path)) as reading:
            pieces = reading.search(SEVEN, None)
            next(pieces), next(pieces)
            files.path.write_bytes(question(1))
            lacks = [lack for piece in pieces for lack in piece.lacks]
        assert lacks == ["oplog.log was written over while it was searched."]


def test_a_rollover_during_the_search_takes_nothing_away(files, monkeypatch):
    monkeypatch.setattr(searching, "PIECE_BYTES", 500)
    files.backups = 2
    files.write(questions(range(20)))
    files.rotate(questions(range(20)))
    with closing(FileLog(files.path)) as reading:
        pieces = reading.search(SEVEN, None)
        next(pieces), next(pieces)
        for _ in range(3):
            files.rotate(question(99))
        rest = [*pieces]
    assert sum(len(piece.ahead) for piece in rest) == 2
    assert [lack for piece in rest for lack in piece.lacks] == []


def test_it_is_left_at_any_time(files):
    files.write(questions(range(20)))
    with closing(FileLog(files.path)) as reading:
        pieces = reading.search(SEVEN, None)
        next(pieces)
        pieces.close()
        reading.resume(None)
        assert reading.read(max_records=1, max_bytes=100) is not None
