"""Records found in the files of all logs, from the screen of all logs and from that of one."""

import json
import threading

import pytest

from tests.support.lines import choice, key, line_of_text, question, questions
from tests.tui.scripted import DEADLINE_SECONDS
from tests.tui.test_logs import BAD, console, logs, run_elsewhere, settled  # noqa: F401
from tui_ingest.oplog.files import searching
from tui_ingest.tui.screens.history import HistoryScreen
from tui_ingest.tui.screens.logs import LogsScreen
from tui_ingest.tui.screens.look import LookScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.screens.search import SearchScreen
from tui_ingest.tui.view import log_search
from tui_ingest.tui.view.database import in_thread

pytestmark = pytest.mark.django_db(transaction=True)


async def search(desk, typed):
    """Search for what is typed, to the end; the rows that are drawn, in 200 cells."""
    await desk.at(SearchScreen)
    box = desk.screen.filter_input
    if not box.display:
        await desk.press("slash")
    box.value = typed
    await desk.press("enter")
    await desk.until(lambda: desk.screen.lookup.so_far.is_over)
    await desk.seen()
    table = desk.screen.table
    return [
        "".join(text for text, _ in table.row(number, 200)).rstrip()
        for number in range(table.row_count())
    ]


async def test_a_record_is_found_in_any_file_of_any_log_and_opened_there(logs):  # noqa: F811
    (logs / "b.log.1").write_bytes(question(7, "old") + question(17, "older") + question(8))
    (logs / "c.log").write_bytes(questions([18, 19]) + question(17, operation="DELETE"))
    async with console(logs / "a.log", logs / "b.log", logs / "c.log") as d:
        await settled(d, "a.log", "b.log", "c.log")
        await d.press("F")
        old, deleted = await search(d, "pk:17")
        assert "b.log" in old
        assert "c.log" in deleted
        assert "DELETE" in deleted
        await d.shows("Find · /pk:17/ · 2 records · in ", "of 3 logs", gone="INCOMPLETE")
        await d.press("home")
        await d.shows('"older"')
        await d.press("enter")
        await d.at(LookScreen)
        await d.until(d.screen.ready.is_set)
        await d.shows("b.log", "polls.question 7", "polls.question 17")
        assert d.screen.lines.current.pk == "17"
        await d.press("escape", "h")
        await d.at(HistoryScreen)
        await d.shows("History · polls.question 17", "the first record of it")
        await d.press("escape", "escape")
        await d.at(LogsScreen)


@pytest.fixture
def told(logs):  # noqa: F811
    """Records of which each question means others."""
    escaped = json.dumps([{"model": "polls.question", "pk": 5, "fields": {"x": "Müller\n"}}])
    (logs / "a.log").write_bytes(question(1, "Zürich", at=1_698_395_500) + choice(2, of=1) + BAD)
    many = [
        {"model": "polls.question", "pk": pk, "fields": {"id": key(pk)}} for pk in range(30, 60)
    ]
    (logs / "b.log").write_bytes(
        line_of_text("SAVE", escaped)
        + line_of_text("DELETE", json.dumps(many))
        + question(4, f"{'far ' * 300}away")
        + b"no record at all, but it says Zurich\n"
    )
    return logs


MEANT = {
    "pk:2": {"a.log 1"},
    "pk:57": {"b.log 1"},
    "model:choice": {"a.log 1", "a.log 2"},
    "model:CHOICE -pk:9": {"a.log 1"},
    "op:del": {"b.log 1"},
    "zÜRICH": {"a.log 0"},
    "müller": {"b.log 0"},
    "FAR away": {"b.log 2"},
    '"far away"': {"b.log 2"},
    "zurich": {"b.log 3"},
    "log:b -model:question": {"b.log 3"},
    "reason:bad_v": {"a.log 2"},
    "failed": {"a.log 2", "b.log 0", "b.log 3"},
    "ok log:a": {"a.log 0", "a.log 1"},
    "time:2023-10-27 pk:1 log:a": {"a.log 0"},
    "pk:1 time:1999": set(),
    "nowhere": set(),
}


async def test_it_is_asked_for_as_in_every_list(told):
    async with console(told / "a.log", told / "b.log") as d:
        await settled(d, "a.log", "b.log")
        await d.press("F")
        places = {}  # log and line, by where it stands
        for name in ("a.log", "b.log"):
            start = 0
            for number, line in enumerate((told / name).read_bytes().splitlines(keepends=True)):
                places[name, start] = f"{name} {number}"
                start += len(line)
        found = {}
        for typed in MEANT:
            await search(d, typed)
            shown = d.screen.table.shown
            found[typed] = {places[one.log, one.line.location.start] for one in shown}
        assert found == MEANT


async def test_what_cannot_be_searched_is_said_and_the_rest_is_searched(logs):  # noqa: F811
    await in_thread(run_elsewhere, "/srv/elsewhere/oplog.log")
    async with console() as d:
        await d.until(lambda: d.app.view.rows)
        await d.press("F")
        (lack,) = await search(d, "pk:10")
        assert lack == (
            "incomplete: /srv/elsewhere/oplog.log: It has no line here that could be searched."
        )
        await d.shows("INCOMPLETE", "0 records")


async def test_a_search_is_left_and_says_how_far_it_came(logs, monkeypatch):  # noqa: F811
    at_work, go_on = threading.Event(), threading.Event()
    whole = searching._Reader.pieces

    def slow(reader, **how):
        for piece in whole(reader, **how):
            yield piece
            at_work.set()
            go_on.wait(DEADLINE_SECONDS)

    monkeypatch.setattr(searching._Reader, "pieces", slow)
    async with console(logs / "a.log", logs / "b.log") as d:
        await settled(d, "a.log", "b.log")
        await d.press("F", *"op:save", "enter")
        await d.until(at_work.is_set)
        await d.shows("searching", "log 1 of 2 at", "polls.question 10")
        await d.press("escape")
        go_on.set()
        await d.shows("INCOMPLETE", "incomplete: The search was stopped in log 1 of 2, at 100 %.")
        await d.press("escape")
        await d.at(LogsScreen)


async def test_more_than_anybody_reads_is_not_found(logs, monkeypatch):  # noqa: F811
    monkeypatch.setattr(log_search, "MOST_FOUND", 3)
    async with console(logs / "a.log", logs / "b.log", logs / "c.log") as d:
        await settled(d, "a.log", "b.log", "c.log")
        await d.press("F")
        *found, lack = await search(d, "op:save")
        assert len(found) == 3
        assert "The search ended at 3 records, in log 2 of 3, at 100 %: ask for less." in lack


async def test_an_unknown_key_is_said_before_anything_is_searched(logs):  # noqa: F811
    async with console(logs / "a.log") as d:
        await d.press("F", *"colour:red", "enter")
        await d.shows('no key "colour:" here; log: op: model: pk: reason: time:')
        assert d.screen.lookup is None
        await d.press("escape")
        await d.shows("a.log")


async def test_one_log_is_searched_beyond_the_lines_that_are_kept(working_desk):
    async with working_desk(question(1) + choice(7, of=1)) as d:
        await d.press("F")
        (found,) = await search(d, "sky")
        assert "polls.choice 7" in found
        await d.press("escape")
        await d.at(MainScreen)
