"""The log as cells of one line."""

from tui_ingest.oplog.log import FromByte, Position
from tui_ingest.tui.view.timeline import Timeline, cells

TIMELINE = Timeline(
    files=2,
    total=1000,
    starts={"old": 0, "new": 600},
    failures=[(0, 1), (99, 2), (100, 3), (999, 4)],
    gaps=[600],
)


def drawn(generation="new", offset=150, width=10, timeline=TIMELINE):
    return cells(timeline, Position(generation=generation, offset=offset), width)


def test_each_mark_is_in_the_cell_that_has_its_byte():
    found = drawn()
    assert [cell.letters for cell in found] == [(1, 2), (3,), *[()] * 7, (4,)]
    assert [cell.gaps for cell in found] == [0] * 6 + [1] + [0] * 3
    assert [cell.is_here for cell in found].index(True) == 7
    assert [cell.is_done for cell in found] == [True] * 7 + [False] * 3
    assert [cell.start for cell in found] == [*range(0, 1000, 100)]


def test_every_byte_is_a_place_of_a_file():
    places = [TIMELINE.place(byte) for byte in (0, 599, 600, 999)]
    assert places == [
        FromByte("old", 0),
        FromByte("old", 599),
        FromByte("new", 0),
        FromByte("new", 399),
    ]
    assert Timeline().place(0) is None


def test_the_end_of_the_log_is_in_the_last_cell():
    assert drawn(offset=400)[-1].is_here


def test_a_log_of_fewer_bytes_than_cells():
    found = drawn(width=3000)
    assert len(found) == 3000
    assert [cell.letters for cell in found if cell.letters] == [(1,), (2,), (3,), (4,)]
    assert all(0 <= cell.start < 1000 for cell in found)


def test_a_session_that_has_read_nothing_stands_at_the_beginning():
    assert cells(TIMELINE, Position(), 10)[0].is_here


def test_a_place_that_is_gone_is_nowhere():
    assert not any(cell.is_here or cell.is_done for cell in drawn(generation="gone"))


def test_nothing_of_nothing():
    assert drawn(timeline=Timeline()) == []
    assert drawn(width=0) == []


def test_what_was_read_after_it_was_looked_up_is_there_already():
    grown = TIMELINE.grown_to(Position(generation="new", offset=1400))
    assert grown.total == 2000
    assert drawn(offset=1400, timeline=grown)[-1].is_here
    for earlier in (
        Position(generation="new", offset=400),
        Position(generation="gone", offset=9e9),
    ):
        assert TIMELINE.grown_to(earlier) is TIMELINE
