"""The log is rotated: every record once, in order, while running and while down."""

from tests.support.lines import question
from tests.support.rotation import lines_of

A, B, C, D, E, F, G = (question(number) for number in range(7))


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
