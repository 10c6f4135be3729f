"""The console as a whole: how it begins and ends, what it says when it cannot go on."""

import contextlib
import logging
import sys
import threading

import pytest
from textual.screen import ModalScreen

from tests.tui.scripted import DEADLINE_SECONDS, NOW, ScriptedSession, console, record, until
from tui_ingest.ingest.events import SessionEnded, State
from tui_ingest.ingest.session.control import Control
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.view.feed import Feed
from tui_ingest.tui.view.logs import routed
from tui_ingest.tui.widgets.guide_page import GuidePage


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quit_waits_for_the_running_batch(key):
    batch_done = threading.Event()

    class Busy(ScriptedSession):
        def end(self, **facts):
            batch_done.wait(DEADLINE_SECONDS)
            self.apply(record(1))
            return super().end(**facts)

    app = console(Busy(), Control())
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.view.status.state is State.RUNNING)
        await pilot.press(key)
        await until(pilot, lambda: app.main.query_one("TopLine").badge.text == "■ STOPPING")
        assert app.view.stopping
        assert app.is_running
        batch_done.set()
        await until(pilot, lambda: not app.is_running)
    assert app.view.status.records == 1
    assert app.return_code == 0


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ({"state": State.STOPPED}, 0),
        ({"state": State.FINISHED}, 0),
        ({"state": State.FINISHED, "set_aside": 2}, 3),
        ({"state": State.STOPPED, "set_aside": 2}, 0),
        ({"state": State.STOPPED, "error": "The log is not a file."}, 1),
    ],
)
async def test_the_exit_status_says_how_it_ended(ended, status):
    def session(control, report):
        end = SessionEnded(at=NOW, **ended)
        report(end)
        return end

    app = console(session, Control())
    async with app.run_test() as pilot:
        await until(pilot, app.view.session_over.is_set)
        assert app.is_running, "it stays, for somebody to read what happened"
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_code == status


async def test_a_session_that_cannot_go_on_says_why_and_stays(desk):
    async with desk(size=(80, 24)) as d:
        d.session.end(error="The directory is gone. Mount it and start again.")
        await d.shows("✗ FAILED", "The directory is gone. Mount it and start again.")


async def test_a_session_that_crashes_is_a_failure_and_not_a_lost_screen():
    listened = threading.Event()

    def session(control, report):
        listened.wait(DEADLINE_SECONDS)
        raise RuntimeError("[/oops]")

    app = console(session, Control())
    async with app.run_test() as pilot:
        with routed(app.view.feed):
            listened.set()
            await until(pilot, lambda: app.view.status.ended is not None)
            await until(pilot, lambda: app.view.feed.messages)
        assert "RuntimeError: [/oops]" in app.view.status.ended.error
        assert app.view.exit_status == 1


async def test_a_screen_whose_look_up_fails_says_so_and_the_session_goes_on(desk):
    async with desk(database="no_such_alias") as d:
        await d.press("d")
        await d.shows("That did not work")
        assert d.app.is_running
        d.session.apply(record(1))
        await d.until(lambda: d.app.view.status.records == 1)


async def test_help_lists_the_keys_of_the_screen_and_explains_it(desk):
    async with desk() as d:
        await d.press("question_mark")
        await d.shows("Dead letters · What failed", gone="Scroll")
        await d.press("end")
        await d.shows("When a record fails", gone="Dead letters · What failed")
        await d.press("escape")
        await d.at(MainScreen)
        await d.press("f1")
        await d.shows("Dead letters · What failed")
        await d.press("q")
        await d.at(MainScreen)


async def test_help_has_the_guide_page_by_page(desk):
    async with desk(size=(80, 24)) as d:
        await d.press("question_mark", "right")
        await d.shows("Try it in a minute", gone="Dead letters · What failed")
        await d.press("right")
        await d.shows("When something is wrong", gone="Try it in a minute")
        await d.press("end")
        await d.press("right")
        await d.shows("One dict in the target's settings")  # from its beginning
        await d.press("left", "left", "left")
        await d.shows("Dead letters · What failed")
        await d.press("left")
        await d.shows("circuit breaker")  # round to the glossary


async def test_a_link_of_the_guide_leads_to_its_page(desk):
    async with desk(size=(100, 60)) as d:
        await d.press("question_mark", "right")
        await d.shows("Try it in a minute")
        await d.press("end")
        await d.shows("Where to go on")
        line = next(n for n, text in enumerate(d.text().splitlines()) if "• Operating" in text)
        column = d.text().splitlines()[line].index("Operating")
        await d.pilot.click(offset=(column + 2, line))
        await d.shows("Here are five situations")


async def test_what_is_marked_in_the_guide_is_copied(desk):
    async with desk(size=(100, 60)) as d:
        await d.press("question_mark", "right")
        await d.shows("Try it in a minute")
        lines = d.text().splitlines()
        row = next(n for n, text in enumerate(lines) if "uvx --from" in text)
        column = lines[row].index("uvx")
        await d.pilot.mouse_down(offset=(column, row))
        await d.pilot.hover(offset=(column + 6, row + 1))
        await d.pilot.mouse_up(offset=(column + 6, row + 1))
        await d.press("ctrl+c")
        await d.until(lambda: d.app.clipboard.startswith("uvx --from . tui-ingest --demo\n"))


def test_every_key_has_an_id_of_its_own_and_is_not_one_that_multiplexers_take():
    from tui_ingest.tui import screens
    from tui_ingest.tui.app import ConsoleApp

    classes = {ConsoleApp, *_subclasses(screens)}
    ids = set()
    for found in classes:
        keys = {}
        for binding in found.__dict__.get("BINDINGS", []):
            assert binding.id, f"{found.__name__}: {binding}"
            assert not {"ctrl+j", "ctrl+o", "ctrl+s"} & set(binding.key.split(","))
            assert keys.setdefault(binding.id, binding.key) == binding.key, "one id, one key"
        ids |= keys.keys()
    assert len(ids) > 35


def _subclasses(package):
    import importlib
    import pkgutil

    from textual.screen import Screen

    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Screen) and value is not Screen:
                yield value


@contextlib.contextmanager
def terminal_logger():
    """A logger as projects configure it: to standard error, and not propagated."""
    logger = logging.getLogger("tests.tui.terminal_logger")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield logger
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def test_logging_goes_to_the_feed_and_not_to_the_terminal(capsys):
    feed = Feed()
    with terminal_logger() as logger:
        with routed(feed):
            logger.warning("Beware of %s", "\x1b[2J")
            logger.warning("Wrong %d", "arguments")
            logging.getLogger("tests.tui.other").error("Bad", exc_info=ValueError("[/x]"))
            logging.getLogger("tests.tui.other").info("Not worth a line")
        assert capsys.readouterr().err == ""
        logger.warning("As before")
        assert capsys.readouterr().err == "As before\n"
    assert [message.text for message in feed.messages] == [
        "Beware of \\x1b[2J",
        "Wrong %d (with arguments that do not fit)",
        "Bad | ValueError: [/x]",
    ]
    assert [message.severity.name for message in feed.messages] == ["WARNING", "WARNING", "ERROR"]


@pytest.mark.parametrize(
    ("size", "classes"), [((80, 16), {"-narrow", "-low"}), ((120, 36), {"-wide", "-high"})]
)
async def test_a_screen_is_styled_for_its_size_before_it_is_laid_out(desk, size, classes):
    found = []

    class Opened(ModalScreen[None]):
        def compose(self):
            found.append(classes <= self.classes)
            return []

    async with desk(size=size) as d:
        d.app.push_screen(Opened())
        await d.at(Opened)
        await d.until(lambda: found)
    assert found == [True]


async def test_the_beginning_of_a_page_is_shown_before_the_rest_is_drawn(desk):
    shown = []

    class Rest:
        def __rich__(self):
            shown.append("the beginning" in d.text())
            return "the end"

    class Page(ModalScreen[None]):
        def compose(self):
            yield GuidePage("the beginning\n" * 50, Rest())

    async with desk() as d:
        d.app.push_screen(Page())
        await d.at(Page)
        await d.until(lambda: shown)
        d.screen.query_one(GuidePage).scroll_end(animate=False)
        await d.shows("the end")
    assert shown[0]
