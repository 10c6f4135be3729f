"""One object over time, from wherever it is seen, on a real log and database."""

import threading

import pytest

from tests.support.lines import choice, key, line, question, questions, serialized
from tests.tui.scripted import DEADLINE_SECONDS
from tests.tui.terminal import Terminal
from tui_ingest.demo.polls.models import Choice
from tui_ingest.oplog.files import reading
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.history import HistoryScreen
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.widgets.history_view import HistoryView

pytestmark = pytest.mark.django_db(transaction=True)

UP = "\x1b[A"
BAD_VOTES = choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"')


def drawn(desk):
    """The lines of the list, as they are drawn in 200 cells."""
    view = desk.screen.query_one(HistoryView)
    return [
        "".join(text for text, _ in view.row(number, 200)).rstrip()
        for number in range(view.row_count())
    ]


async def searched(desk):
    """Wait for the end of the search; the lines of the list."""
    await desk.at(HistoryScreen)
    await desk.until(lambda: desk.screen.so_far.is_over)
    await desk.seen()
    return drawn(desk)


async def test_the_line_under_the_cursor_has_a_history(working_desk):
    lines = question(1) + choice(7, of=1) + question(2) + choice(7, of=1, votes=3)
    async with working_desk(lines) as d:
        await d.press("h")
        begins, first, *fields, second, votes, now = await searched(d)
        assert "the log begins" in begins
        assert first.endswith("SAVE   the first record of it")
        assert len(fields) == 5
        assert second.endswith("SAVE   changes 1 field")
        assert votes.split() == ["votes", "0", "→", "3"]
        assert now.endswith("is in the database, as the last record that took effect says.")
        await d.shows("History · polls.choice 7 · 2 records", gone="INCOMPLETE")
        await d.press("escape")
        await d.at(MainScreen)


async def test_what_the_row_has_become_by_hand_is_marked(working_desk):
    async with working_desk(question(1) + choice(7, of=1)) as d:
        await in_thread(lambda: Choice.objects.update(votes=8))
        await d.press("h")
        *_, now, votes = await searched(d)
        assert "differs from the last record that took effect: 1 field." in now
        assert votes.split() == ["votes", "0", "≠", "8", "here"]


async def test_a_dead_letter_and_its_record_in_the_inspector(working_desk):
    lines = question(1) + choice(9, of=1) + BAD_VOTES + choice(8, of=1)
    async with working_desk(lines) as d:
        await d.press("d")
        await d.at(DeadLettersScreen)
        await d.press("h")
        found = await searched(d)
        assert any("is open (bad_value" in row for row in found)
        await d.press("escape", "enter")
        await d.at(InspectorScreen)
        await d.press("h")
        assert await searched(d) == found
        failed = next(number for number, row in enumerate(found) if "is open" in row)
        d.screen.query_one(HistoryView).cursor = failed
        await d.press("enter")
        await d.at(InspectorScreen)
        await d.shows("bad_value · dead letter")


async def test_a_key_that_was_typed(working_desk):
    many = (
        serialized("polls.question", 3, {"question_text": "x"}),
        serialized(
            "polls.question",
            4,
            {"id": key(4), "question_text": "y", "pub_date": "2023-10-27T08:31:40Z"},
        ),
    )
    async with working_desk(questions([1, 2]) + line("SAVE", *many)) as d:
        await d.press("slash", *"pk:4", "enter", "h")
        await searched(d)
        await d.shows("History · polls.question 4")  # of the record's objects the one that is meant
        await d.press("escape", "escape", "slash", *"model:polls.question pk:77", "enter", "h")
        await searched(d)
        await d.shows("History · polls.question 77 · 0 records", "no record of it took effect")
        await d.press("escape", "escape", "slash", *"pk:77", "enter", "h")
        await d.shows("Of which model? /model:app.model pk:77")
        await d.press("escape", "slash", *"model:polls.choice pk:x", "enter", "h")
        await d.shows("'x' is no pk or id of polls.choice")


async def test_what_a_record_contains_is_data(working_desk):
    hostile = choice(7, of=1, text="\x1b[2J[/red]\u202e\n" + "日本" * 300)
    lines = question(1) + hostile + choice(7, of=1, text="\x1b]0;owned\x07")
    async with working_desk(lines, size=(80, 24)) as d:
        await d.press("h")
        found = await searched(d)
        assert not {"\x1b", "\u202e", "\x07"} & set("".join(found))
        await d.shows("owned")


async def test_without_a_record_the_key_says_so(working_desk):
    async with working_desk(b"no record at all\n") as d:
        await d.press("slash", *"nothing", "enter", "h")
        await d.shows("No record is under the cursor.")
        await d.press("escape", "h")
        await d.shows("This line is no record: it names no row.")


@pytest.fixture
def slow_search(monkeypatch):
    """Searches that stand after each piece until they are let go on."""
    go_on = threading.Semaphore(0)
    search = reading.search

    def slowly(*args, **options):
        for piece in search(*args, **options):
            yield piece
            assert go_on.acquire(timeout=DEADLINE_SECONDS)

    monkeypatch.setattr(reading, "search", slowly)
    return go_on


async def test_records_are_shown_as_they_are_found_and_a_search_can_be_stopped(
    working_desk, slow_search, tmp_path
):
    (tmp_path / "oplog.log.1").write_bytes(question(1, "older"))
    async with working_desk(question(1, "newer")) as d:
        await d.press("h")
        await d.at(HistoryScreen)
        await d.shows("searching, 0 % of")
        slow_search.release()
        await d.shows('"older"', "searching, 50 % of", gone="changes 1 field")
        await d.press("escape")
        slow_search.release(10)
        found = await searched(d)
        assert found[-1] == "incomplete: The search was stopped at 50 %."
        await d.shows("INCOMPLETE")
        await d.press("escape")
        await d.at(MainScreen)


async def test_a_search_is_left_with_the_screen(working_desk, slow_search):
    async with working_desk(question(1)) as d:
        await d.press("h")
        await d.shows("searching, 0 % of")
        lookup = d.screen.lookup
        await d.press("escape", "escape")
        await d.at(MainScreen)
        assert lookup.is_stopped
        slow_search.release(10)
        await d.until(lambda: lookup.so_far.is_over)


async def test_a_dry_run_has_no_row_to_show(working_desk):
    async with working_desk(question(1), dry_run=True) as d:
        await d.press("h")
        found = await searched(d)
        assert any(row.startswith("incomplete: This is a dry run") for row in found)


def test_one_object_over_time_takes_no_more_than_three_keys(tmp_path):
    log = tmp_path / "oplog.log"
    log.write_bytes(questions(range(1, 9)) + question(8, "again") + BAD_VOTES)
    failed = ("History · polls.choice 9 · 1 record", "is open (bad")
    with Terminal(tmp_path, log) as terminal:
        terminal.until("✓ CAUGHT UP", "polls.question 8")
        for keys, wanted in (
            ([UP, "h"], ("History · polls.question 8 · 2 records", '→ "again"')),
            (["e", "h"], failed),
            (["d", "h"], failed),
            (["\r", "h"], failed),  # from among the dead letters
        ):
            assert len(keys) <= 3
            terminal.press(*keys)
            terminal.until(*wanted)
            terminal.press("\x1b")
            terminal.until(gone=["History ·"])
