"""The last line of a generation that something follows: whole, or torn."""

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of, reasons
from tui_ingest.oplog.log import FromByte

A, B, C = (question(number) for number in range(3))


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


def test_a_torn_line_is_there_for_who_looks_back(files, reader, after_a_while):
    files.write(A + B[:50])
    files.rotate(C)
    reader.read()
    after_a_while()
    begin = reader.log.locate(FromByte(reader.position.generation, 0))
    found = reader.log.recent(begin, 100)
    assert reasons(found) == ["record", "torn"]
    assert (found[1].raw, found[1].location.end) == (B[:50], len(A) + 50)


def test_a_line_of_megabytes_hides_none_from_who_looks_back(reader, files):
    long = question(5, "x" * 2_000_000)
    files.write(A + long)
    reader.read()
    assert lines_of(reader.log.recent(reader.position, 100)) == [A, long]


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


@pytest.mark.parametrize("before", [b"", A], ids=["first line", "second line"])
@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([b"\n"], []),
        ([b"\r\n"], []),
        ([b"\n" + C], [C]),
        ([C], [C]),  # the writer was killed before its newline: the next record is glued to it
        ([C[:50], C[50:]], [C]),
        ([C[:-1]], [C]),
        ([b"\n", C], [C]),
    ],
)
def test_a_record_is_taken_without_its_newline_once(
    files, reader, after_a_while, before, later, expected
):
    files.write(before + B[:-1])
    assert lines_of(reader.read(final=True)) == [*([A] if before else []), B]
    found = []
    for piece in later:
        files.write(piece)
        after_a_while()
        found += lines_of(reader.read(final=True))
    assert found == expected
    files.rotate(A)
    files.compress(1)
    after_a_while()
    assert lines_of(reader.read(final=True)) == [A]
    assert set(reader.kinds()) <= {"rotated"}


def test_a_record_that_was_taken_without_its_newline_before_a_rotation(
    files, reader, after_a_while
):
    files.write(B[:-1])
    reader.read(final=True)
    files.write(C)
    files.rotate(A)
    after_a_while()
    assert lines_of(reader.read()) == [C, A]
    assert set(reader.kinds()) <= {"rotated"}
