"""From a record that failed to a database that is right again, on a real log and database."""

import asyncio
import contextlib
import itertools
import json
import threading

import pytest
from django.db.backends.signals import connection_created
from django.db.models.signals import pre_save
from textual.events import Key

from tests.support.lines import choice, key, line, question, record_of, serialized
from tests.tui.scripted import DEADLINE_SECONDS
from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.ingest import deadletters
from tui_ingest.ingest.events import State
from tui_ingest.ingest.target import Target
from tui_ingest.models import DeadLetter
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.edit import EditScreen
from tui_ingest.tui.screens.inspector import InspectorScreen
from tui_ingest.tui.screens.main import MainScreen
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.widgets.json_area import JsonArea

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("only_by_hand"),
]

BAD_VOTES = choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"')


def participant(number, name):
    fields = {"id": key(number), "question": key(1), "name": name, "joined": "2023-10-27T08:00Z"}
    return line("SAVE", serialized("polls.participant", number, fields))


def add_question(number):
    Question.objects.create(id=key(number), question_text="Here", pub_date="2023-01-01T00:00Z")


def rename_questions(text):
    Question.objects.update(question_text=text)


def only_letter():
    return DeadLetter.objects.get()


def put_right(target, letter):
    deadletters.edit(target, letter, question(1))


def open_letters():
    return DeadLetter.objects.filter(status="open").count()


async def inspected(desk):
    await desk.until(lambda: getattr(desk.screen, "inspection", None) is not None)
    return desk.screen.inspection


async def in_editor(desk):
    await desk.until(lambda: isinstance(desk.screen, EditScreen))
    await desk.until(lambda: desk.screen.query_one(JsonArea).text)
    return desk.screen.query_one(JsonArea)


async def listed(desk, number):
    await desk.until(lambda: isinstance(desk.screen, DeadLettersScreen))
    await desk.until(lambda: len(desk.screen.table.shown) == number)


async def test_one_whole_repair(working_desk):
    async with working_desk(question(1) + BAD_VOTES + question(2)) as d:
        await d.shows("✗ 1 dead letter")
        await d.press("e", "enter")
        found = await inspected(d)
        assert found.subject == "SAVE polls.choice 9"
        await d.shows("bad_value", "many", "Edit the value and retry", "the field votes")
        await d.press("i")
        editor = await in_editor(d)
        editor.text = editor.text.replace('"many"', "3")
        await d.press("f2")
        await d.at(InspectorScreen)
        await d.until(lambda: "applied" in d.screen.inspection.fate)
        await d.press("escape")
        await d.at(MainScreen)
        await d.until(lambda: d.app.view.status.dead_letters == 0)
        await d.shows("✓ applied", gone="✗ 1 dead letter")
    assert (await in_thread(Choice.objects.get)).votes == 3
    assert (await in_thread(only_letter)).raw == BAD_VOTES.rstrip()


async def test_the_inspector_shows_the_record_beside_the_row(working_desk):
    later = question(1, "What is new?")
    async with working_desk(question(1) + choice(1, of=1) + later) as d:
        await in_thread(rename_questions, "Changed here")
        await d.press("up", "enter")
        await inspected(d)
        await d.press("2")
        await d.shows("SAVE polls.choice 1", "saved")
        await d.press("escape")
        await d.press("end", "up", "down", "enter")
        found = await inspected(d)
        (row,) = found.rows
        differing = {field.name for field in row.fields if not field.same}
        assert differing == {"question_text"}
        await d.shows("≠ question_text", "Changed here")
        assert found.outlook == "Applied once more it updates 1 field."


async def test_a_record_too_long_to_be_kept_is_read_from_the_log_again(working_desk):
    text = "x" * 50_000
    async with working_desk(question(1, text)) as d:
        await d.press("up", "enter")
        found = await inspected(d)
        assert found.rows[0].key == "1"
        assert "48,000 more characters" in found.text


async def test_a_missing_parent_is_explained_and_comes_back_by_itself(working_desk):
    async with working_desk(choice(5, of=7)) as d:
        await d.press("e", "enter")
        found = await inspected(d)
        assert "missing_parent" in found.fate
        assert "retried by itself" in found.outlook
        assert found.outlook.endswith("A retry now fails the same way.")
        await d.press("escape")
        with d.path.open("ab") as log:
            log.write(question(7))
        await d.until(lambda: d.app.view.status.dead_letters == 0)
        await d.shows("✓ applied")


async def test_a_retry_that_fails_again_says_so(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("e", "enter")
        await inspected(d)
        await d.press("r")
        await d.until(lambda: "2 attempts" in d.screen.inspection.fate)
        await d.shows("It failed again")


async def test_a_retry_of_what_somebody_else_has_given_up_does_not_say_applied(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("e", "enter")
        await inspected(d)
        letter = (await in_thread(only_letter)).pk
        await in_thread(deadletters.discard, d.app.view.access.target, letter, why="by another")
        await d.press("r")
        await d.shows("It is not applied", f"Dead letter {letter} is discarded already.")


async def test_a_retry_says_what_became_of_its_record_and_not_of_one_that_waited(working_desk):
    twice = participant(1, "Ann") + participant(2, "Ann")  # only one of them may take part
    async with working_desk(twice + question(1).replace(b"2023-10-27T08", b"soon")) as d:
        await d.press("e", "enter")
        await inspected(d)
        await in_thread(put_right, d.app.view.access.target, d.screen.inspection.dead_letter)
        await d.press("r")
        await d.shows("Applied.")
        assert await in_thread(open_letters) == 1


async def test_a_discard_asks_for_a_reason_and_keeps_it(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("d")
        await listed(d, 1)
        await d.press("x", "enter")
        await d.shows("Nothing is discarded without a reason")
        assert (await in_thread(only_letter)).status == "open", "no reason, no discard"
        await d.press(*"spam", "enter")
        await d.until(lambda: d.app.view.status.dead_letters == 0)
        await listed(d, 0)
        await d.shows("Nothing needs repair")
        await d.press("a")
        await listed(d, 1)
        await d.shows("– discarded")
    letter = await in_thread(only_letter)
    assert (letter.status, letter.resolution) == ("discarded", "spam")


async def test_a_discard_can_be_thought_better_of(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("d")
        await listed(d, 1)
        await d.press("x", *"spam", "escape")
        await d.at(DeadLettersScreen)
    assert (await in_thread(only_letter)).status == "open"


async def test_dead_letters_are_filtered_sorted_and_retried_together(working_desk):
    children = b"".join(choice(n, of=50) for n in range(100, 130))
    async with working_desk(question(1) + BAD_VOTES + children) as d:
        await d.press("d")
        await listed(d, 31)
        await d.press("s")
        await d.until(lambda: d.screen.table.shown[0].reason == "bad_value")
        await d.press("slash", *"reason:missing", "enter")
        await listed(d, 30)
        await d.shows("30 of 31")
        await in_thread(add_question, 50)
        await d.press("R", "a")
        await d.until(lambda: d.app.view.status.dead_letters == 1)
        await listed(d, 0)
        await d.press("escape")
        await listed(d, 1)
        await d.press("escape")
        await d.at(MainScreen)
    assert await in_thread(Choice.objects.count) == 30


def edit_letter(place, raw):
    letter = DeadLetter.objects.order_by("pk")[place]
    deadletters.edit(Target("default"), letter.pk, raw)


async def test_retried_carefully_what_was_edited_takes_along_what_it_needs(working_desk):
    bad = question(5).replace(b'"pub_date": "', b'"pub_date": "on ')
    assert bad != question(5)
    async with working_desk(BAD_VOTES + bad) as d:
        await d.press("d")
        await listed(d, 2)
        await in_thread(edit_letter, 0, choice(9, of=5))
        await in_thread(edit_letter, 1, question(5))
        await d.press("slash", *"model:choice", "enter")
        await listed(d, 1)
        await d.press("R", "enter")
        await d.until(lambda: d.app.view.status.dead_letters == 0)
        await listed(d, 0)
    assert await in_thread(Choice.objects.count) == 1


@contextlib.contextmanager
def fifth_save_held():
    """From now on, the thread that saves the fifth choice waits until it is let go."""
    reached, released = threading.Event(), threading.Event()
    saves = itertools.count(1)

    def hold(**_):
        if next(saves) == 5:
            reached.set()
            released.wait(DEADLINE_SECONDS)

    pre_save.connect(hold, sender=Choice)
    try:
        yield reached, released
    finally:
        released.set()
        pre_save.disconnect(hold, sender=Choice)


async def test_stopping_a_long_retry_keeps_what_was_done(working_desk, monkeypatch, settings):
    settings.TUI_INGEST = {"RECEIVERS": ["*"]}  # one of them holds the retry
    monkeypatch.setattr("tui_ingest.tui.view.repairs.CHUNK_SECONDS", 0.0)
    children = b"".join(choice(n, of=50) for n in range(100, 160))
    async with working_desk(children) as d:
        await in_thread(add_question, 50)
        await d.press("d")
        await listed(d, 60)
        with fifth_save_held() as (reached, released):
            await d.press("R", "a")
            await d.until(reached.is_set)
            await d.shows("esc stops after the running one")
            await d.press("escape")
            released.set()
            await d.at(DeadLettersScreen)
            await d.until(lambda: d.app.view.status.dead_letters == 55)
        await listed(d, 55)
    assert await in_thread(Choice.objects.count) == 5


async def test_dead_letters_are_exported(working_desk, tmp_path):
    async with working_desk(question(1) + BAD_VOTES) as d:
        target = tmp_path / "letters.jsonl"
        for _ in range(2):  # the second time the file is there: nothing is overwritten
            await d.press("d")
            await listed(d, 1)
            await d.press("w")
            d.screen.query_one("Input").value = str(target)
            await d.press("enter")
            await d.until(lambda: target.exists() and target.read_text().endswith("\n"))
            await d.press("escape")
        (line,) = target.read_text().splitlines()
        assert json.loads(line)["reason"] == "bad_value"


async def test_the_editor_sends_nothing_that_is_no_record(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("d")
        await listed(d, 1)
        await d.press("i")
        editor = await in_editor(d)
        editor.text = editor.text.replace("[", "", 1)
        await d.shows("✗ bad_")
        await d.press("f2")
        await d.shows("is not a record")
        assert (await in_thread(only_letter)).edited is None
        await d.press("escape")
        await d.at(DeadLettersScreen)


async def test_the_editor_opens_at_the_value_at_fault_and_what_is_typed_takes_its_place(
    working_desk,
):
    lines = question(1) + BAD_VOTES
    async with working_desk(lines, size=(80, 24)) as d:
        await d.press("d", "i")
        editor = await in_editor(d)
        assert editor.selected_text == "many"
        await d.press("3", "f2")
        await d.until(lambda: d.app.view.status.dead_letters == 0)
    assert (await in_thread(Choice.objects.get)).votes == 3


async def test_a_fault_far_down_in_a_record_is_in_sight(working_desk):
    many = [record_of(question(n)).objects[0] for n in range(2, 40)]
    bad = record_of(BAD_VOTES).objects[0]
    async with working_desk(question(1) + line("SAVE", *many, bad), size=(80, 24)) as d:
        await d.press("d", "i")
        editor = await in_editor(d)
        assert editor.selected_text == "many"
        await d.shows('"votes": "many"')


async def test_the_fields_at_fault_are_marked_and_the_row_that_has_their_values_is_shown(
    working_desk,
):
    lines = question(1) + participant(1, "Kim") + participant(2, "Kim")
    async with working_desk(lines) as d:
        await d.press("e", "enter")
        assert (await inspected(d)).fate.startswith("unique_clash")
        await d.press("2")
        await d.shows("polls.participant 1 · has this question and name", "✗ name", "✗ question")


async def test_stop_on_error_stands_before_the_record_and_retries(working_desk):
    lines = choice(5, of=7) + question(1)
    async with working_desk(lines, stop_on_error=True, size=(80, 24)) as d:
        decisions = ("Inspect (enter)", "Retry (r)", "Edit (i)", "Discard (x)", "Set aside (a)")
        stopped_on = ("SAVE polls.choice 5 at byte 0", "missing_parent")
        await d.shows("✗ STOPPED ON ERROR", *stopped_on, *decisions)
        await d.press("enter")
        found = await inspected(d)
        assert "the session stands before it" in found.fate
        await d.press("escape")
        await in_thread(add_question, 7)
        await d.press("r")
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
        await d.shows(gone="Retry (r)")
    assert await in_thread(Choice.objects.count) == 1


@pytest.mark.parametrize("way", ["key", "click"])
async def test_stop_on_error_can_set_aside(working_desk, way):
    async with working_desk(BAD_VOTES + question(1), stop_on_error=True) as d:
        if way == "key":
            await d.press("a")
        else:
            buttons = d.screen.query("StopPanel Button")
            await d.pilot.click(next(one for one in buttons if "Set aside" in str(one.label)))
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
        assert d.app.view.status.dead_letters == 1
    assert await in_thread(Question.objects.count) == 1


async def test_what_the_session_stopped_on_is_edited_before_anything_overtakes_it(working_desk):
    lines = question(1) + BAD_VOTES + question(2)
    async with working_desk(lines, stop_on_error=True) as d:
        await d.press("i")
        editor = await in_editor(d)
        await d.until(lambda: d.app.view.status.state is State.PAUSED)
        assert await in_thread(Question.objects.count) == 1
        editor.text = editor.text.replace('"many"', "4")
        await d.press("f2")
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
        await d.at(MainScreen)
    assert (await in_thread(Choice.objects.get)).votes == 4
    assert await in_thread(Question.objects.count) == 2


async def test_an_editor_that_is_left_on_a_stop_lets_nothing_overtake_the_record(working_desk):
    lines = question(1) + BAD_VOTES + question(2)
    async with working_desk(lines, stop_on_error=True) as d:
        await d.press("i")
        await in_editor(d)
        await d.press("escape")
        await d.at(MainScreen)
        await d.until(lambda: d.app.view.status.state is State.PAUSED)
        assert d.app.view.status.dead_letters == 1
        assert await in_thread(Question.objects.count) == 1
        await d.press("space")
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
    assert await in_thread(Question.objects.count) == 2


async def test_going_to_another_place_is_previewed_and_confirmed(working_desk):
    lines = b"".join(question(n) for n in range(1, 11))
    async with working_desk(lines, paused=True) as d:
        await d.press("N")
        await d.until(lambda: d.app.view.status.records == 10)
        await d.until(lambda: d.app.view.status.state is State.PAUSED)
        start = len(question(1)) * 3
        await d.press("o", *str(start), "enter")
        await d.shows("will be applied again")
        await d.press("enter")
        await d.at(MainScreen)
        await d.until(lambda: d.app.view.status.position.offset < len(lines))
        await d.press("space")
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
        assert 10 < d.app.view.status.records < 20
    assert await in_thread(Question.objects.count) == 10


async def test_going_elsewhere_needs_a_pause_and_a_place(working_desk):
    async with working_desk(question(1)) as d:
        await d.press("o")
        await d.at(MainScreen)
        await d.press("space", "o", *"nowhere", "enter")
        await d.shows("is no place in the log")
        await d.press("escape")
        await d.at(MainScreen)


async def test_events_are_listed_with_what_the_application_logged(working_desk, caplog):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("d")
        await listed(d, 1)
        await d.press("x", *"spam", "enter")
        await d.until(lambda: d.app.view.status.dead_letters == 0)
        await d.press("escape", "v")
        await d.shows("dead letter discarded")
        await d.press("slash", *"nothing", "enter")
        await d.shows(gone="dead letter discarded")
        await d.press("escape")
        await d.shows("dead letter discarded")
        await d.press("escape")
        await d.at(MainScreen)


async def test_the_list_says_in_a_small_terminal_what_became_of_each_and_where_it_stands(
    working_desk,
):
    lines = question(1) + b"nonsense\n" + BAD_VOTES + choice(9, of=1)
    async with working_desk(lines, size=(80, 24)) as d:
        await d.until(lambda: d.app.view.status.dead_letters == 1)
        await d.press("d")
        await listed(d, 1)
        await d.shows("✗ bad_line", f"line at {len(question(1))}")
        await d.press("a")
        await listed(d, 2)
        await d.shows("↷ bad_value", "SAVE polls.choice 9")
        await d.press("slash", *"model:polls", "enter")
        await d.shows("1 of 2 · /model:polls/")


async def test_of_a_traceback_the_error_is_in_sight(working_desk):
    async with working_desk(question(1) + BAD_VOTES, size=(80, 24)) as d:
        await d.press("e", "enter")
        found = await inspected(d)
        await d.press("3")
        await d.shows("3 traceback", found.traceback.strip().splitlines()[-1][:40])


async def test_where_a_record_stands_is_said_in_words(working_desk):
    async with working_desk(question(1) + b"nonsense\n") as d:
        await d.press("e", "enter")
        found = await inspected(d)
        end = len(question(1)) + len(b"nonsense\n")
        where = f"bytes {len(question(1))} to {end} of the file being read"
        assert found.place == f"{where} · the line has no time"


async def test_every_screen_explains_itself(working_desk):
    async with working_desk(question(1) + BAD_VOTES, size=(80, 60)) as d:
        await d.press("d")
        await listed(d, 1)
        for key, shown in (("", ""), ("enter", "is open"), ("i", "✓ a record of 1 object")):
            if key:
                await d.press(key)
            await d.shows(shown)
            await d.press("f1")
            await d.shows("turn pages")
            await d.press("escape")
            await d.shows(shown, gone="turn pages")
            if key:
                await d.press("escape")
            await listed(d, 1)
        await d.press("escape", "v", "question_mark")
        await d.shows("turn pages")


async def test_in_a_dry_run_the_failures_are_listed_and_nothing_is_changed(working_desk):
    async with working_desk(question(1) + BAD_VOTES, dry_run=True) as d:
        await d.press("d")
        await listed(d, 1)
        await d.shows("✗ dry run", "bad_value", "Edit the value", "does not take 'many'")
        await d.press("r")
        await d.shows("This is a dry run")
        await d.press("enter")
        inspection = await inspected(d)
        assert inspection.subject == "SAVE polls.choice 9"
        assert inspection.outlook.startswith("Applied once more it fails: polls.choice 9: ")
        assert "nothing was kept" in d.app.view.farewell()[0]
        await d.press("escape", "escape")
        with d.path.open("ab") as log:
            log.write(choice(9, of=1))
        await d.shows("✓ superseded", "0 dead letters")
        await d.press("d")
        await listed(d, 0)
        await d.shows("Nothing needs repair")
    assert await in_thread(DeadLetter.objects.count) == 0


async def test_a_filter_does_not_hide_that_something_needs_repair(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("d")
        await listed(d, 1)
        await d.press("slash", *"nothing", "enter")
        await d.shows("The filter hides 1 dead letter", gone="Nothing needs repair")
        await d.press("q")
        await listed(d, 1)
        await d.press("q")
        await d.at(MainScreen)


async def test_keys_of_the_main_screen_do_not_act_on_the_session_from_others(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("d")
        await listed(d, 1)
        await d.press("p", "space", "enter")
        await inspected(d)
        await d.press("p", "space", "q", "q", "q")  # the first of them takes the mark away
        await d.at(MainScreen)
        assert not d.app.view.held


async def test_a_key_that_does_nothing_now_says_why(working_desk):
    async with working_desk(question(1)) as d:
        for key, why in (("n", "Pause first (space)"), ("o", "Pause first"), ("r", "not stopped")):
            await d.press(key)
            await d.shows(why)
        await d.press("up")
        await d.shows("space Pause", gone="not stopped")
        await d.press("d")
        await listed(d, 0)
        await d.press("ctrl+c")
        await d.shows("esc goes back; ^q quits from here.")
        for key, why in (("r", "here is none"), ("R", "No open dead letter"), ("w", "No dead")):
            await d.press(key)
            await d.shows(why)


async def test_leaving_asks_while_something_is_left_to_do(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        await d.press("q")
        await d.shows("Leave? 1 dead letter is open", "Leave (q)", "Cancel (esc)")
        await d.press("escape")
        await d.at(MainScreen)
        assert not d.app.view.stopping
        await d.press("q", "q")
        await d.until(d.app.view.session_over.is_set)


@contextlib.contextmanager
def look_ups_held():
    """From now on, who opens a connection to look something up waits until it is let go."""
    reached, released = threading.Event(), threading.Event()

    def hold(**_):
        reached.set()
        released.wait(DEADLINE_SECONDS)

    connection_created.connect(hold)
    try:
        yield reached, released
    finally:
        released.set()
        connection_created.disconnect(hold)


async def test_keys_in_one_piece_wait_for_the_rows_that_they_are_about(working_desk):
    async with working_desk(question(1) + BAD_VOTES) as d:
        with look_ups_held() as (reached, released):
            for key in ("d", "w"):
                d.app.post_message(Key(key, key))
            # Not by the pilot, which waits for the console while that waits for its rows.
            assert await asyncio.to_thread(reached.wait, DEADLINE_SECONDS)
            for _ in range(100):  # a key that waits for nothing acts within these
                await asyncio.sleep(0)
            released.set()
            await d.shows("Write 1 dead letter", gone="Write 0")


@pytest.mark.parametrize("inspecting", [False, True])
async def test_at_a_stop_x_discards_with_a_reason_as_everywhere(working_desk, inspecting):
    async with working_desk(BAD_VOTES + question(1), stop_on_error=True) as d:
        if inspecting:
            await d.press("enter")
            await inspected(d)
        await d.press("x")
        await d.shows("Discard the record?")
        await d.press(*"spam", "enter")
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
        await d.until(lambda: d.app.view.status.dead_letters == 0)
        await d.at(MainScreen)
    letter = await in_thread(only_letter)
    assert (letter.status, letter.resolution) == ("discarded", "spam")


@pytest.mark.parametrize("key", ["r", "a"])
async def test_the_inspector_of_a_stop_decides_as_its_panel_does(working_desk, key):
    async with working_desk(choice(5, of=7) + question(1), stop_on_error=True) as d:
        await d.press("enter")
        await inspected(d)
        await d.shows("r Retry", "i Edit", "x Discard", "a Set aside")
        if key == "r":  # or it would be applied after all
            await in_thread(add_question, 7)
        await d.press(key)
        await d.until(lambda: d.app.view.status.state is State.CAUGHT_UP)
        await d.at(MainScreen)
    assert await in_thread(DeadLetter.objects.count) == (key == "a")


async def test_a_pause_that_outlives_a_decision_is_said(working_desk):
    async with working_desk(BAD_VOTES + question(1), stop_on_error=True) as d:
        await d.press("space", "a")
        await d.shows("Set aside as dead letter", "The session is paused: space goes on")
