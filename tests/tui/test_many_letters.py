"""Many dead letters: what is behind them, and what is done about all of a kind."""

import threading

import pytest

from tests.support.lines import choice, key, question
from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.models import DeadLetter
from tui_ingest.tui.screens import dead_letters
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.view import letters
from tui_ingest.tui.view.database import in_thread
from tui_ingest.tui.view.letters import Letter, by_cause

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("only_by_hand"),
]

BAD = b"".join(choice(n, of=1).replace(b'"votes": 0', b'"votes": "v%d"' % n) for n in range(1, 4))
ORPHANS = b"".join(choice(n, of=50) for n in range(100, 130))


def letter(number, error, *, reason="bad_value", model="polls.choice"):
    return Letter(
        id=number,
        status="open",
        reason=reason,
        operation="SAVE",
        model=model,
        key=str(number),
        error=error,
        attempts=1,
        time=0.0,
        position=0,
    )


def test_errors_that_say_the_same_are_one_cause_and_the_commonest_comes_first():
    causes = by_cause(
        [
            letter(1, "polls.choice 1: the field day does not take 'soon'."),
            letter(2, "polls.choice 2: the field votes does not take 'v2'. “v2” must be."),
            letter(3, "polls.choice 3: the field votes does not take 'v33'. “v33” must be."),
            letter(4, "polls.choice 4: the field votes does not take 'v2'.", model="polls.x"),
        ]
    )
    assert [cause.letters for cause in causes] == [(2, 3), (1,), (4,)]
    assert causes[0].error == "the field votes does not take …. … must be."
    assert causes[0].filter == (
        'reason:bad_value model:polls.choice "the field votes does not take"'
    )
    assert causes[1].error == "the field day does not take 'soon'."


async def listed(desk, number):
    await desk.press("d")
    await desk.at(DeadLettersScreen)
    await desk.until(lambda: len(desk.screen.table.shown) == number)


def add_question():
    Question.objects.create(id=key(50), question_text="Here", pub_date="2023-01-01T00:00Z")


def attempts():
    return list(DeadLetter.objects.order_by("pk").values_list("attempts", flat=True))


async def test_the_letters_of_a_cause_are_shown_and_retried_alone(working_desk):
    async with working_desk(question(1) + BAD + ORPHANS, size=(80, 24)) as d:
        await listed(d, 33)
        await d.shows("2 causes", "30       missing_parent", "3        bad_value")
        await d.press("1", "enter")
        await d.until(lambda: len(d.screen.table.shown) == 30)
        await d.press("escape", "g")
        await in_thread(add_question)
        await d.press("1", "R")  # whatever letter the other cursor is on
        await d.shows("Retry 30 dead letters: missing_parent of polls.choice?")
        await d.press("enter")
        await d.shows("30 of 30 dead letters applied.")
        await d.until(lambda: d.app.view.status.dead_letters == 3)
    assert await in_thread(Choice.objects.count) == 30


async def test_a_cause_that_is_not_mended_costs_one_try(working_desk):
    async with working_desk(question(1) + BAD + ORPHANS) as d:
        await listed(d, 33)
        await d.press("R", "R")  # of the letter under the cursor
        await d.shows("0 of 3 dead letters applied. It stopped at dead letter")
    assert await in_thread(attempts) == [2] + [1] * 32


async def test_all_that_are_shown_are_retried_whatever_fails(working_desk):
    async with working_desk(question(1) + BAD + ORPHANS) as d:
        await listed(d, 33)
        await in_thread(add_question)
        await d.press("R")
        await d.shows("All 33 shown, whatever fails (a)")
        await d.press("a")
        await d.shows("30 of 33 dead letters applied.")
    assert await in_thread(attempts) == [2] * 33


@pytest.fixture
def looked_up(monkeypatch):
    """Ten letters are shown at once; the others are looked up when this is set."""
    gate, load = threading.Event(), letters.load

    def held(*args, most=letters.MOST_LETTERS, **options):
        if most > 10:
            gate.wait()
        return load(*args, most=most, **options)

    monkeypatch.setattr(dead_letters, "FIRST_LETTERS", 10)
    monkeypatch.setattr(letters, "load", held)
    yield gate
    gate.set()


async def test_the_first_letters_are_there_while_the_others_are_looked_up(working_desk, looked_up):
    async with working_desk(question(1) + BAD + ORPHANS) as d:
        await listed(d, 10)
        await d.shows("10 of the first 10, looking up the others …", gone="causes")
        await d.press("down", "enter")  # is answered by what is there
        await d.shows("votes")
        await d.press("escape")
        await d.at(DeadLettersScreen)
        looked_up.set()
        await d.shows("33 of 33", "2 causes")
        assert d.screen.table.current.key == "2"


async def test_keys_that_are_about_all_letters_wait_for_all_of_them(working_desk, looked_up):
    async with working_desk(question(1) + BAD + ORPHANS) as d:
        await listed(d, 10)
        d.app.simulate_key("G")
        d.app.simulate_key("R")
        looked_up.set()
        await d.shows("Retry 30 dead letters: missing_parent of polls.choice?")


async def test_causes_are_not_shown_where_each_letter_has_its_own(working_desk):
    async with working_desk(question(1) + BAD[: len(BAD) // 3] + choice(9, of=70)) as d:
        await listed(d, 2)
        await d.shows("Dead letters · open · 2 of 2", gone="2 causes")
        await d.press("1")
        await d.shows("a cause of its own")


async def test_letters_are_marked_and_the_keys_are_about_those(working_desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with working_desk(question(1) + BAD + ORPHANS, size=(80, 24)) as d:
        await listed(d, 33)
        await d.press("space", "down", "space")
        await d.shows("33 of 33 · 2 marked", "●")
        await d.press("w")
        await d.shows("Write 2 dead letters as JSON lines")
        await d.press("escape", "r")
        await d.shows("0 of 2 dead letters applied.")
        await d.press("x")
        await d.shows("Discard 2 dead letters?")
        await d.press(*"spam", "enter")
        await d.until(lambda: len(d.screen.table.shown) == 31)
        await d.shows("31 of 31", gone="marked")
        await d.press("space", "escape")
        await d.shows("31 of 31", gone="marked")
    kept = await in_thread(open_keys)
    assert kept[:2] == ["2", "100"]


def open_keys():
    letters = DeadLetter.objects.filter(status="open").order_by("pk")
    return list(letters.values_list("pk_text", flat=True))
