"""Places that an operator names, how far apart they are, and how far the reader is behind."""

import dataclasses

import pytest

from tests.support.lines import question
from tests.support.rotation import lines_of
from tui_ingest.oplog.log import FromByte, FromPosition, FromStart, FromTime, LogError, Position

T = 1_698_395_500
A, B, C, D, E, F = (question(number, at=T + number) for number in range(6))


@pytest.fixture
def three_generations(files):
    """A B | C D | E F, the last being the active file."""
    files.write(A + B)
    files.rotate(C + D)
    files.rotate(E + F)
    return files


def read_from(reader, start):
    """What is read from a place on, by a process that never read the log before."""
    position = reader.log.locate(start)
    reader.restart(position)
    found = lines_of(reader.read())
    assert not {"gap", "truncated", "late"} & set(reader.kinds())
    return found


# Start


def test_a_byte_of_any_generation(three_generations, reader):
    second = reader.log.layout()[1][0]
    assert read_from(reader, FromByte(second, 0)) == [C, D, E, F]
    assert read_from(reader, FromByte(second, 1)) == [D, E, F]
    assert read_from(reader, FromByte(second, 10_000)) == [E, F]
    with pytest.raises(LogError, match="no file any more"):
        reader.log.locate(FromByte("0" * 32, 0))


def test_all_generations_and_how_far_each_reaches(three_generations, reader):
    three_generations.compress(2)
    sizes = [len(A + B), len(C + D), len(E + F)]
    assert [size for _, size in reader.log.layout()] == sizes
    assert reader.take(1)[0].location.generation == reader.log.layout()[0][0]
    assert lines_of(reader.read()) == [B, C, D, E, F]


def test_from_start(three_generations, reader):
    assert read_from(reader, FromStart()) == [A, B, C, D, E, F]
    assert read_from(reader, FromStart()) == [A, B, C, D, E, F]


def test_from_the_start_of_nothing(files, reader):
    for _ in range(2):
        assert reader.log.locate(FromStart()) == Position()
        files.write(b"")


# A byte of the active file


@pytest.mark.parametrize(
    ("offset", "lines"),
    [
        (0, [E, F]),
        (1, [F]),
        (len(E) - 1, [F]),
        (len(E), [F]),
        (len(E) + 1, []),
        (len(E + F), []),
    ],
)
def test_from_position(three_generations, reader, offset, lines):
    assert read_from(reader, FromPosition(offset)) == lines
    three_generations.write(A)
    reader.read()
    three_generations.rotate(B)
    assert lines_of(reader.read()) == [B]
    assert lines_of(reader.entries) == [*lines, A, B]


def test_from_a_position_beyond_the_end(three_generations, reader):
    size = len(E + F)
    with pytest.raises(
        LogError, match=f"oplog.log has {size} bytes; there is no position {size + 1}"
    ):
        reader.log.locate(FromPosition(size + 1))


def test_from_a_position_in_a_line_that_has_no_end_yet(files, reader):
    files.write(A + B[:50])
    assert read_from(reader, FromPosition(len(A) + 20)) == []
    files.write(B[50:])
    assert lines_of(reader.read()) == [B]


def test_from_a_position_in_a_long_line(files, reader):
    long = question(9, "x" * 3_000_000)
    files.write(A + long + B)
    assert read_from(reader, FromPosition(len(A) + 5)) == [B]


@pytest.mark.parametrize("active", [b"", E[:50]], ids=["empty", "half a line"])
def test_from_the_beginning_of_a_file_without_a_line(files, reader, active):
    """All that was rotated is behind."""
    files.write(A)
    files.rotate(active)
    assert read_from(reader, FromPosition(0)) == []
    files.write(E[len(active) :])
    assert lines_of(reader.read()) == [E]
    reader.restart()
    assert reader.read() == []


def test_from_a_position_in_no_file(reader):
    assert reader.log.locate(FromPosition(0)) == Position()
    with pytest.raises(LogError, match="has 0 bytes"):
        reader.log.locate(FromPosition(1))


# A time


@pytest.mark.parametrize(
    ("timestamp", "lines"),
    [
        (0, [A, B, C, D, E, F]),
        (T + 0.5, [B, C, D, E, F]),
        (T + 1, [B, C, D, E, F]),
        (T + 1.5, [C, D, E, F]),
        (T + 5, [F]),
        (T + 6, []),
    ],
)
def test_from_time(three_generations, reader, timestamp, lines):
    assert read_from(reader, FromTime(timestamp)) == lines


def test_from_time_is_the_first_in_the_log_where_times_are_in_disorder(files, reader):
    late = question(7, at=T + 100)
    files.write(A + late + B)
    files.rotate(C + D)
    assert read_from(reader, FromTime(T + 3)) == [late, B, C, D]


def test_from_time_in_compressed_generations(three_generations, reader):
    three_generations.compress(2)
    assert read_from(reader, FromTime(T + 1)) == [B, C, D, E, F]


def test_from_time_passes_over_what_has_no_time(files, reader):
    files.write(A + b"rubbish\n\n" + B + C[:40])
    assert read_from(reader, FromTime(T + 1)) == [B]
    assert read_from(reader, FromTime(T + 2)) == []
    files.write(C[40:])
    assert lines_of(reader.read()) == [C]


def test_from_time_in_no_file(reader):
    assert reader.log.locate(FromTime(0)) == Position()


def test_locating_does_not_move_the_reader(three_generations, reader):
    reader.take(1)
    for start in (FromStart(), FromPosition(1), FromTime(T + 3)):
        reader.log.locate(start)
    reader.read()
    assert lines_of(reader.entries) == [A, B, C, D, E, F]


# Counting


def test_how_many_lines_lie_between(three_generations, reader):
    places = [reader.log.locate(FromTime(T + number)) for number in range(7)]
    for first, start in enumerate(places):
        for last, end in enumerate(places):
            assert reader.log.count(start, end) == last - first


def test_lines_between_the_reader_and_a_place(three_generations, reader):
    reader.take(1)
    assert reader.log.count(reader.position, reader.log.locate(FromPosition(0))) == 3
    assert reader.log.count(reader.position, reader.log.locate(FromStart())) == -1
    assert reader.log.count(Position(), reader.position) == 1


def test_lines_before_a_file_without_a_line(files, reader):
    files.write(A + B)
    files.rotate(b"")
    assert reader.log.count(Position(), reader.log.locate(FromPosition(0))) == 2


def test_blank_and_bad_lines(files, reader):
    files.write(A + b"\n\nrubbish\n" + question(9, "x" * 3_000_000, at=T + 5_000) + B)
    assert reader.log.count(Position(), reader.log.locate(FromTime(T + 9999))) == 4


def test_a_place_that_is_not_in_the_log_any_more(files, reader):
    files.write(A)
    reader.read()
    elsewhere = dataclasses.replace(reader.position, generation="0" * 32)
    assert reader.log.count(elsewhere, reader.position) is None
    assert reader.log.count(reader.position, elsewhere) is None


# The backlog


def figures(backlog):
    return backlog.remaining_bytes, backlog.older_generations


def test_the_backlog_of_nothing(files, reader):
    backlog = reader.log.backlog()
    assert not backlog.exists
    assert figures(backlog) == (0, 0)
    files.write(b"")
    assert reader.log.backlog().exists
    assert figures(reader.log.backlog()) == (0, 0)


@pytest.mark.parametrize("compressed", [False, True])
def test_the_backlog_over_generations(three_generations, reader, compressed):
    if compressed:
        three_generations.compress(2)
        three_generations.compress(1)
    expected = [
        (len(A + B + C + D + E + F), 2),
        (len(B + C + D + E + F), 2),
        (len(C + D + E + F), 2),
        (len(D + E + F), 1),
        (len(E + F), 1),
        (len(F), 0),
        (0, 0),
    ]
    for figure in expected:
        assert figures(reader.log.backlog()) == figure
        reader.take(1)
    assert reader.log.backlog().generation_size == len(E + F)


def test_a_backlog_that_grows_and_rotates(files, reader):
    files.write(A)
    reader.read()
    files.write(B)
    assert figures(reader.log.backlog()) == (len(B), 0)
    files.rotate(C)
    assert figures(reader.log.backlog()) == (len(B + C), 1)
    files.rotate(D)
    backlog = reader.log.backlog()
    assert figures(backlog) == (len(B + C + D), 2)
    assert backlog.generation_size == len(A + B)
    files.write(E)
    assert figures(reader.log.backlog()) == (len(B + C + D + E), 2)
    reader.read()
    assert figures(reader.log.backlog()) == (0, 0)


def test_the_margin_before_the_next_loss(files, reader):
    for line in (A, B, C, D, E):
        files.rotate(line)
    files.rank(27).write_bytes(F)  # .27 and .5 to .1
    assert (reader.log.backlog().oldest_rank, reader.log.backlog().highest_rank) == (27, 27)
    ranks = []
    while reader.take(1):
        backlog = reader.log.backlog()
        ranks.append((backlog.oldest_rank, backlog.highest_rank))
    assert ranks == [(27, 27), (4, 27), (3, 27), (2, 27), (1, 27), (None, None)]


def test_no_margin_without_numbers(files, reader):
    files.path.with_name("oplog.log-20261122").write_bytes(A)
    files.write(B)
    backlog = reader.log.backlog()
    assert backlog.older_generations == 1
    assert (backlog.oldest_rank, backlog.highest_rank) == (None, None)


def test_the_bytes_of_an_unterminated_line(files, reader):
    files.write(A + B[:50])
    reader.read()
    assert reader.log.backlog().partial_bytes == 50
    assert figures(reader.log.backlog()) == (50, 0)


@pytest.mark.parametrize("older", [b"", A])
def test_the_bytes_of_a_first_line_that_has_no_end(files, reader, older):
    files.write(older)
    if older:
        files.rotate()
    reader.read()
    files.write(b"\0\r\n" + B[:50])
    assert reader.read(final=True) == []
    assert reader.log.backlog().partial_bytes == 50
    assert figures(reader.log.backlog()) == (50, 0)
    files.write(B[50:])
    reader.read()
    assert figures(reader.log.backlog()) == (0, 0)


def test_the_backlog_of_what_cannot_be_read_is_no_error(files, reader):
    files.path.symlink_to(files.path.name)
    assert figures(reader.log.backlog()) == (0, 0)
    assert not reader.log.backlog().readable
    files.path.unlink()
    files.path.mkdir()
    assert figures(reader.log.backlog()) == (0, 0)
    assert not reader.log.backlog().readable
    files.path.rmdir()
    assert reader.log.backlog().readable
