"""The last line of a generation that something follows: whole, or torn."""

from tests.support.lines import question
from tests.support.rotation import lines_of, reasons

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
