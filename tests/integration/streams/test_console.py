"""The console on a stream: what it calls places, what it reads again, where it goes on."""

import re

import pytest

from tests.support.demo import Demo
from tests.support.engine import eventually
from tests.support.lines import choice, question, questions
from tests.support.site import watched
from tests.support.sites import Site
from tests.tui.conftest import Desk
from tests.tui.terminal import Terminal
from tests.tui.test_repairing import inspected
from tui_ingest.ingest.events import State
from tui_ingest.running.options import IngestOptions
from tui_ingest.tui.launching import build
from tui_ingest.tui.screens.look import LookScreen

START = 1_700_000_000  # 2023-11-14 22:13:20 UTC
COUNT = "SELECT COUNT(*) FROM polls_question"

pytestmark = pytest.mark.django_db(transaction=True)


async def opened(url, work):
    """Do something with a console on the stream, once it has caught up."""
    app = build(IngestOptions(path=url, project="tests"))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        desk = Desk(app, None, pilot)
        await desk.until(lambda: app.view.status.state is State.CAUGHT_UP)
        await desk.seen()
        await work(desk)
        app.view.stop()
        await desk.until(app.view.session_over.is_set)


async def test_places_are_messages(site):
    site.write_and_forward(question(1) + choice(1, of=1))
    site.write_and_forward(question(2))

    async def look(desk):
        await desk.shows("oplog", "message 2 / 2", "100 %", "polls.question 2")
        await desk.press("space")
        await desk.until(lambda: desk.app.view.status.state is State.PAUSED)
        await desk.press("o")
        await desk.shows("a message of the log")
        await desk.press(*"2", "enter")
        await desk.shows("message 1 of the stream being read", "1 record will be applied again.")
        await desk.press("escape")

    await opened(site.url, look)


async def test_a_record_too_long_to_be_kept_is_read_from_the_stream_again(site):
    site.write_and_forward(question(1, "x" * 50_000))

    async def look(desk):
        await desk.press("up", "enter")
        found = await inspected(desk)
        assert "48,000 more characters" in found.text

    await opened(site.url, look)


def test_a_console_attaches_to_a_service_that_applies_a_stream(site, tmp_path):
    site.write_and_forward(questions([1, 2, 3]))
    demo = Demo(tmp_path)
    with watched(demo.start(site.url)) as service:
        eventually(lambda: demo.query(COUNT) == [(3,)], what="the service has applied it")
        with Terminal(tmp_path, site.url, size=(120, 36)) as terminal:
            terminal.until(f"ATTACHED · pid {service.pid} on", "polls.question 3", "message 1 / 1")
            site.write_and_forward(question(4) + question(5))
            line = re.compile(r"SAVE +polls\.question [1-5] ")
            terminal.until("message 2 / 2", drawn=lambda shown: len(line.findall(shown)) == 5)


async def test_all_subjects_of_a_pattern_are_logs_of_one_console(site, url, tmp_path):
    site.write_and_forward(questions([1, 2]))
    other = Site(tmp_path / "other", url.replace("site-a", "site-b"))
    other.write_and_forward(questions([11, 12, 13]))
    app = build(IngestOptions(path=url.replace("site-a", ">"), project="tests"))
    async with app.run_test(size=(160, 36), notifications=True) as pilot:
        desk = Desk(app, None, pilot)
        await desk.shows("2 caught up", ".site-a", ".site-b", "here")
        await desk.press("end", "enter")
        await desk.shows("site-b", "message 2 / 2", "polls.question 13")
        await desk.press("escape")
        await desk.shows("2 logs")
        app.view.stop()
        await desk.until(app.view.session_over.is_set)


@pytest.mark.thorough
async def test_another_time_is_looked_at_and_a_record_is_found_and_opened(site):
    site.write_and_forward(question(1, at=START) + question(2, at=START + 60))
    site.write_and_forward(question(3, "found", at=START + 120) + question(4, at=START + 180))

    async def look(desk):
        await desk.press("space")
        await desk.until(lambda: desk.app.view.status.state is State.PAUSED)
        site.write_and_forward(question(5, at=START + 240))
        await desk.press("at", *f"@{START + 60}", "enter")
        await desk.at(LookScreen)
        await desk.until(desk.screen.ready.is_set)
        assert desk.screen.lines.current.pk == "2"
        await desk.until(lambda: len(desk.screen.lines.lines) == 5)
        assert [line.ahead for line in desk.screen.lines.lines] == [False] * 4 + [True]
        await desk.press("enter")
        await desk.shows("bytes", "of the site's file", gone="the file being read")
        await desk.press("escape", "escape", "F", *"found", "enter")
        await desk.shows("/found/ · 1 record", "of 1 log", "polls.question 3")
        await desk.press("enter")
        await desk.at(LookScreen)
        await desk.until(desk.screen.ready.is_set)
        assert desk.screen.lines.current.pk == "3"
        await desk.press("escape", "escape")
        await desk.press("o", *f"@{START + 120}", "enter")
        await desk.shows("message 1 of the stream being read", "2 records will be applied again.")
        await desk.press("enter")
        await desk.press("space")
        await desk.shows("polls.question 5")

    await opened(site.url, look)
