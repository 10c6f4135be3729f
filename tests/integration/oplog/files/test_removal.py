"""Generations that are removed before they were read: a gap, of a size that is known or not."""

from tests.support.lines import question
from tests.support.rotation import lines_of

A, B, C, D, E, F = (question(number) for number in range(6))


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
