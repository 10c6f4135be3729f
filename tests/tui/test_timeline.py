"""The whole log in a line of the main screen, and the way to what is marked on it."""

import pytest

from tests.support.lines import choice, questions
from tui_ingest.tui.screens.events import EventsScreen
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.widgets.timeline_strip import TimelineStrip

pytestmark = pytest.mark.django_db(transaction=True)

BAD_VOTES = choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"')


def strip(desk):
    return desk.app.main.query_one(TimelineStrip)


def signs_of(desk):
    text = strip(desk).render().plain
    return text.removeprefix("log ").split(" ")[0]


async def drawn(desk, condition=lambda signs: True):
    """The signs of the line, once it is there and they are such."""
    await desk.until(lambda: strip(desk).has_class("-shown") and strip(desk).size.width)
    await desk.until(lambda: condition(signs_of(desk)))
    return signs_of(desk)


async def lose_files(desk, tmp_path):
    """What was read is rotated away with more, and the next files have a record that fails."""
    await desk.press("space")
    await desk.shows("PAUSED")
    desk.path.unlink()
    (tmp_path / "oplog.log.1").write_bytes(questions(range(50)) + BAD_VOTES + questions(range(20)))
    desk.path.write_bytes(questions(range(30)))
    await desk.press("space")
    await desk.shows("1 gap", "1 dead letter", "CAUGHT UP")


async def test_failures_gaps_and_the_session_are_marked_and_opened(working_desk, tmp_path):
    async with working_desk(questions(range(5))) as d:
        await drawn(d, lambda signs: signs == "━" * (len(signs) - 1) + "▼")
        await lose_files(d, tmp_path)
        signs = await drawn(
            d, lambda signs: signs.replace("━", "") == "!✗▼" == signs[0] + "✗" + signs[-1]
        )
        assert signs.index("✗") == pytest.approx(len(signs) / 2, abs=1)
        await d.press("3")
        await d.shows("the session stands here · enter goes there")
        await d.press("left")
        await d.shows("1 open dead letter")
        await d.press("enter")
        await d.at(InspectorScreen)
        await d.shows("dead letter", "bad_value")
        await d.press("escape", "left", "left")
        await d.shows("Byte 0 of all files: 1 gap")
        await d.press("enter")
        await d.at(EventsScreen)
        await d.press("escape", "right", "right", "right", "enter")
        await d.shows("Log · following")
        await d.press("escape")
        await d.until(lambda: d.app.focused is d.log)


async def test_a_click_opens_what_is_marked(working_desk):
    async with working_desk(questions(range(50)) + BAD_VOTES + questions(range(50))) as d:
        await d.until(lambda: "✗" in strip(d).render().plain)
        signs = await drawn(d)
        at = len("log ") + 1  # and a space before
        await d.pilot.click(TimelineStrip, offset=(at + signs.index("✗"), 0))
        await d.at(InspectorScreen)
        await d.press("escape")
        await d.at(MainScreen)
        await d.pilot.click(TimelineStrip, offset=(at + 2, 0))
        await d.at(LookScreen)
        await d.shows("Looking", "nothing is applied here")
        await d.until(lambda: d.screen.lines.current is not None)
        assert 0 < int(d.screen.lines.current.pk) < 9  # near the beginning, and not at it


async def test_a_small_screen_has_no_room_for_it(working_desk):
    async with working_desk(questions(range(5)), size=(80, 24)) as d:
        await d.press("3")
        await d.shows("The timeline needs 120x36.")
        assert not strip(d).has_class("-shown")
        await d.pilot.resize_terminal(120, 36)
        await drawn(d)
        await d.pilot.resize_terminal(120, 35)
        await d.until(lambda: not strip(d).has_class("-shown"))


async def test_without_files_there_is_none(desk):
    async with desk() as d:
        await d.press("3")
        await d.shows("There is no timeline: the log has no files here.")
