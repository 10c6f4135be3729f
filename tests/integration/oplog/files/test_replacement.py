"""A mirror writes the log: new files renamed over old ones, one after the other."""

import itertools

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of

A, B, C, D, E, F = (question(number) for number in range(6))


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


def test_what_was_read_before_a_gap_is_where_the_log_is_written_again(files, reader, after_a_while):
    elsewhere = files.path.with_name("elsewhere")
    files.write(A + B)
    reader.read()
    files.path.rename(elsewhere)
    files.write(D)
    reader.restart()
    assert lines_of(reader.read()) == [D]
    files.path.unlink()
    elsewhere.rename(files.path)
    reader.restart()
    assert reader.read() == []
    after_a_while()
    files.write(C)
    assert lines_of(reader.read()) == [C]
    after_a_while()
    files.rotate(E)
    assert lines_of(reader.read()) == [E]
    assert reader.read() == []
