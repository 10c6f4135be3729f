"""The log at another time, while the session goes on: looked at, and not applied."""

import pytest

from tests.support.lines import choice, question
from tui_ingest.demo.polls.models import Question
from tui_ingest.oplog.log import FromTime
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.view.database import in_thread

pytestmark = pytest.mark.django_db(transaction=True)

START = 1_700_000_000  # 2023-11-14 22:13:20 UTC


def lines(number=700):
    """One record in ten seconds; the hundredth fails."""
    bad = choice(1, of=1, at=START + 1000).replace(b'"votes": 0', b'"votes": "many"')
    good = [question(n, at=START + 10 * n) for n in range(1, number)]
    return b"".join([*good[:99], bad, *good[100:]])


async def looking(desk, place):
    await desk.press("at", *place, "enter")
    await desk.at(LookScreen)
    await desk.until(desk.screen.ready.is_set)
    return desk.screen.lines


async def test_a_time_is_looked_at_and_nothing_is_applied(working_desk):
    async with working_desk(lines()) as d:
        before = d.app.view.status.position
        shown = await looking(d, f"@{START + 995}")
        assert shown.current.time == START + 1000
        await d.shows("Looking", "✗ bad_value", "polls.question 101", "· earlier")
        assert d.app.view.status.position == before
        await d.press("enter")
        await d.shows("bad_value · dead letter", "is open")
        await d.press("n")
        await d.shows("No later failure")
        await d.press("escape", "escape")
        await d.at(MainScreen)
    assert await in_thread(Question.objects.count) == 698


async def test_minutes_and_hours_are_jumped_and_more_is_read_on_the_way(working_desk):
    async with working_desk(lines()) as d:
        shown = await looking(d, "start")
        assert shown.current.pk == "1"
        for key, pk in (
            ("right_square_bracket", "7"),
            ("right_curly_bracket", "367"),
            ("left_square_bracket", "361"),
            ("left_curly_bracket", "1"),
        ):
            await d.press(key)
            await d.until(lambda: shown.current and shown.current.pk == pk)  # noqa: B023
        await d.press("G")
        await d.until(lambda: len(shown.lines) == 699)
        await d.press("G")
        await d.until(lambda: shown.current.pk == "699")


async def test_what_is_before_is_read_when_the_cursor_comes_there(working_desk):
    async with working_desk(lines()) as d:
        shown = await looking(d, f"@{START + 6500}")
        assert (shown.current.pk, len(shown.lines)) == ("650", 50 + 500)
        await d.press("g")
        await d.until(lambda: len(shown.lines) == 699)
        await d.press("g")
        await d.until(lambda: shown.current.pk == "1")


async def test_before_a_file_begins_the_one_before_it_is_read(working_desk, tmp_path):
    records = [question(n, at=START + 10 * n) for n in range(1, 41)]
    torn = question(99)[:60]
    for name, some in (("oplog.log.2", [*records[:20], torn]), ("oplog.log.1", records[20:35])):
        (tmp_path / name).write_bytes(b"".join(some))
    pks = [*map(str, range(1, 21)), "", *map(str, range(21, 41))]
    async with working_desk(b"".join(records[35:])) as d:
        shown = await looking(d, f"@{START + 380}")
        assert shown.current.pk == "38"
        await d.press("g")
        await d.until(lambda: [line.pk for line in shown.lines] == pks)
        await d.press("escape")
        shown = await looking(d, f"@{START + 150}")
        await d.shows("polls.question 20", "✗ torn: The file ends in the middle", "question 21")
        await d.until(lambda: [line.pk for line in shown.lines] == pks)


async def test_what_the_session_has_still_to_come_to_is_told(working_desk):
    async with working_desk(lines(20), paused=True) as d:
        await looking(d, "start")
        await d.shows("polls.question 3", "· not yet")


async def test_in_the_pane_a_jump_moves_the_view_or_looks_at_what_is_not_kept(working_desk):
    async with working_desk(lines(), start=FromTime(START + 6500)) as d:  # and nothing before
        await d.press("left_square_bracket")
        await d.until(lambda: d.log.current.pk == "693")
        assert not d.log.following
        await d.press("right_square_bracket")
        await d.until(lambda: d.log.current.pk == "699")
        await d.press("right_square_bracket")
        await d.shows("No record is so late")
        await d.press("left_curly_bracket")
        await d.at(LookScreen)
        await d.until(lambda: d.screen.lines.current and d.screen.lines.current.pk == "339")


async def test_what_is_no_place_is_said(working_desk):
    async with working_desk(lines(3)) as d:
        await d.press("at", *"nowhere", "enter")
        await d.shows("is no place in the log")
        await d.press("escape")
        await d.at(MainScreen)
