"""The screen of all logs: what it says of each, what its keys do, and who applies what."""

import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from tests.support.engine import ingest
from tests.support.lines import choice, question, questions
from tests.support.patience import DEADLINE_SECONDS
from tests.tui.conftest import Desk
from tui_ingest.demo.polls.models import Question
from tui_ingest.ingest.events import State
from tui_ingest.models import DeadLetter, LogEvent, Order, ProcessedFile
from tui_ingest.running.options import IngestOptions
from tui_ingest.tui.launching import build
from tui_ingest.tui.screens.dead_letters import DeadLettersScreen
from tui_ingest.tui.screens.logs import LogsScreen, OneLogScreen
from tui_ingest.tui.view import all_logs
from tui_ingest.tui.view.database import in_thread

pytestmark = pytest.mark.django_db(transaction=True)

BAD = choice(9, of=1).replace(b'"votes": 0', b'"votes": "many"')


@pytest.fixture
def logs(tmp_path, monkeypatch):
    """Three logs in the folder in which the console is started."""
    monkeypatch.setattr(all_logs, "LOOK_SECONDS", 0.1)
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("a.log", "b.log", "c.log"), 1):
        (tmp_path / name).write_bytes(questions([number * 10, number * 10 + 1]))
    return tmp_path


def run_elsewhere(path, state="caught_up", **facts):
    """Have a service on another machine hold the lease of a log, as far as anybody can tell."""
    known = {"owner": "machine.1.service", "owner_host": "web-1", "owner_pid": 812}
    alive = datetime.now(UTC) + timedelta(hours=1)
    return ProcessedFile.objects.update_or_create(
        file_path=str(path), defaults={**known, "state": state, "heartbeat": alive, **facts}
    )[0]


@asynccontextmanager
async def console(*named, size=(120, 36), **options):
    first, *more = named or [""]
    app = build(IngestOptions(path=first, more=tuple(more), project="tests", **options))
    async with app.run_test(size=size, notifications=True) as pilot:
        desk = Desk(app, None, pilot)
        yield desk
        app.view.stop()
        await desk.until(app.view.session_over.is_set)


def rows(desk):
    return {row.name: row for row in desk.app.view.rows}


async def settled(desk, *names):
    """Wait until logs are all caught up here."""

    def are():
        found = rows(desk)
        return all(n in found and found[n].state is State.CAUGHT_UP for n in names)

    await desk.until(are)
    await desk.seen()


async def test_each_log_has_a_row_and_the_worst_comes_first(logs):
    with (logs / "b.log").open("ab") as more:
        more.write(BAD)
    await in_thread(run_elsewhere, logs / "c.log", "stopped_on_error", state_reason="It is bad.")
    async with console(logs / "a.log", logs / "b.log", logs / "c.log") as d:
        await settled(d, "a.log", "b.log")
        await d.shows("✗ 1 STOPPED", "1 on error · 2 caught up", "812 on web-1")
        assert not any("c.log" in thread.name for thread in threading.enumerate())
        await d.until(lambda: rows(d)["b.log"].dead_letters == 1)
        await d.seen()
        assert [row.name for row in d.screen.table.shown] == ["c.log", "b.log", "a.log"]
        await d.shows("c.log · applied by pid 812 on web-1", "It is bad.", "3 logs")
        await d.press("s")
        assert [row.name for row in d.screen.table.shown] == ["a.log", "b.log", "c.log"]
        await d.press("slash", *"failed", "enter")
        await d.shows("/failed/ 1 of 3", "b.log", gone="a.log")
        await d.press("escape")
        await d.shows("a.log")
        await d.press("escape")
        await d.shows("3 logs", "a.log")
        assert await in_thread(Question.objects.count) == 4, "what is elsewhere was left alone"


async def test_a_log_has_a_screen_of_its_own_that_leads_back(logs):
    await in_thread(run_elsewhere, logs / "b.log")
    async with console(logs / "a.log", logs / "b.log") as d:
        await settled(d, "a.log", "b.log")
        await d.press("g", "enter")
        await d.at(OneLogScreen)
        await d.shows("a.log", "polls.question 11", "✓ CAUGHT UP", gone="ATTACHED")
        with (logs / "a.log").open("ab") as more:
            more.write(question(12))
        await d.shows("polls.question 12")
        await d.press("up", "escape")
        await d.shows("Log · following")
        await d.press("escape")
        await d.at(LogsScreen)
        here = d.app.view.open(str(logs / "a.log"))
        assert not here.stopping, "it goes on"

        await d.press("end", "enter")
        await d.shows("b.log", "✓ CAUGHT UP · ATTACHED · pid 812 on web-1")
        looking = d.screen.view
        await d.press("q")
        await d.at(LogsScreen)
        assert looking.stopping, "nobody looks at it any more"


async def test_a_pause_reaches_a_log_wherever_it_is_applied(logs):
    await in_thread(run_elsewhere, logs / "b.log")
    async with console(logs / "a.log", logs / "b.log") as d:
        await settled(d, "a.log", "b.log")
        await d.press("g", "space")
        await d.until(lambda: rows(d)["a.log"].state is State.PAUSED)
        await d.shows("‖ 1 PAUSED", "space Resume")
        await d.press("p")
        await settled(d, "a.log")
        await d.shows("space Pause")

        await d.press("end", "space")
        await d.shows("‖ PAUSING")
        while (order := await in_thread(Order.objects.first)) is None:
            await d.pilot.pause(0.05)
        assert (order.kind, order.status) == ("pause", "open")
        assert " on " in order.given_by


async def test_all_that_are_shown_pause_once_that_is_confirmed(logs):
    async with console(logs / "a.log", logs / "b.log", logs / "c.log") as d:
        await settled(d, "a.log", "b.log", "c.log")
        await d.press("R")
        await d.shows("None of them is paused")
        await d.press("slash", *"-c.log", "enter", "A")
        await d.shows("Pause 2 logs?", "Pause (enter)")
        await d.press("escape")
        assert not any(row.held for row in rows(d).values())
        await d.press("A", "enter")
        await d.until(lambda: rows(d)["b.log"].state is State.PAUSED)
        await d.until(lambda: rows(d)["a.log"].state is State.PAUSED)
        assert not rows(d)["c.log"].held, "the filter hid it"
        await d.press("escape", "R")
        await d.shows("Go on with 2 logs?")
        await d.press("enter")
        await settled(d, "a.log", "b.log", "c.log")


async def test_a_new_site_appears_by_itself(logs, monkeypatch):
    monkeypatch.setattr(all_logs, "PATTERN_SECONDS", 0.05)
    async with console(logs / "*.log") as d:
        await settled(d, "a.log", "b.log", "c.log")
        (logs / "new.log").write_bytes(question(99))
        await settled(d, "new.log")
        await d.shows("new.log", "4 logs")


async def test_without_a_log_the_console_only_looks(logs):
    await in_thread(ingest, logs / "a.log")
    with (logs / "a.log").open("ab") as more:
        more.write(question(12))
    async with console() as d:
        await d.shows("a.log", "■ FINISHED", "looking only", gone="b.log")
        await d.press("space")
        await d.shows("No session applies this log now; the next one starts paused.")
        await d.until(lambda: rows(d)["a.log"].held)
        await d.press("space")
        await d.shows("the next one starts at once")
        await d.until(lambda: not rows(d)["a.log"].held)
        await d.press("enter")
        await d.shows("■ FINISHED · ATTACHED", "polls.question 11")
        assert await in_thread(Question.objects.count) == 2
        await d.press("T")
        await d.shows("Apply the log here?")
        await d.press("enter")
        await d.shows("polls.question 12", "✓ CAUGHT UP", gone="ATTACHED")
        await d.press("escape")
        await d.until(lambda: rows(d)["a.log"].where == "here")
        assert await in_thread(Question.objects.count) == 3


async def test_attach_never_applies(logs):
    async with console(logs / "a.log", logs / "b.log", attach=True) as d:
        await d.shows("□ NOT RUNNING", "No session has read this log yet.")
        await d.press("space")
        await d.shows("there is nobody to order")
        await d.press("enter", "T")
        await d.shows("--attach only looks")
        await d.press("escape")
        await d.at(LogsScreen)
    assert await in_thread(Question.objects.count) == 0
    assert d.app.view.farewell() == ["Nothing was applied here; whoever applies the logs goes on."]


async def test_dead_letters_of_all_logs_are_repaired_in_one_list(logs):
    for name in ("a.log", "b.log"):
        with (logs / name).open("ab") as more:
            more.write(BAD if name == "a.log" else choice(3, of=77))
    async with console(logs / "a.log", logs / "b.log") as d:
        await d.until(lambda: sum(row.dead_letters for row in d.app.view.rows) == 2)
        await d.press("d")
        await d.at(DeadLettersScreen)
        await d.shows("2 of 2", "a.log", "b.log", "bad_value", "missing_parent")
        await d.press("slash", *"log:b", "enter")
        await d.shows("1 of 2", gone="bad_value")
        await d.press("x", *"no use", "enter")
        await d.shows("The filter hides 1 dead letter")
        await d.press("escape", "x", *"no use", "enter")
        await d.shows("Nothing needs repair.")
        assert await in_thread(DeadLetter.objects.filter(status="open").count) == 0
        await d.press("escape")
        await d.until(lambda: not any(row.dead_letters for row in d.app.view.rows))
        await d.press("slash", *"a.log", "enter", "enter")
        await d.shows("0 dead letters")


async def test_a_filter_for_all_logs_is_not_one_for_the_letters_of_a_log(logs):
    with (logs / "a.log").open("ab") as more:
        more.write(BAD)
    async with console(logs / "a.log", logs / "b.log") as d:
        await d.until(lambda: sum(row.dead_letters for row in d.app.view.rows) == 1)
        assert d.app.view.status.set_aside == 1, "what the bell rings for"
        await d.press("d", "slash", *"log:b", "enter")
        await d.shows("The filter hides 1 dead letter")
        assert d.app.memory.recall("letters") == {}, "there it would hide all"


async def test_what_failed_before_anybody_looked_is_no_news(logs):
    with (logs / "a.log").open("ab") as more:
        more.write(BAD)
    await in_thread(ingest, logs / "a.log")
    async with console() as d:
        await d.until(lambda: [row.dead_letters for row in d.app.view.rows] == [1])
        assert d.app.view.status.set_aside == 0


async def test_nor_is_it_where_the_logs_are_found_after_the_first_look(logs, monkeypatch):
    with (logs / "a.log").open("ab") as more:
        more.write(BAD)
    await in_thread(ingest, logs / "a.log")
    is_looked, looks, logs_of = threading.Event(), [], all_logs.logs_of

    def looked(target):
        if looks:  # the first one is over
            is_looked.set()
        looks.append(target)
        return overview(target)

    def found_later(named):
        assert is_looked.wait(DEADLINE_SECONDS)
        return logs_of(named)

    overview = all_logs.overview
    monkeypatch.setattr(all_logs, "overview", looked)
    monkeypatch.setattr(all_logs, "logs_of", found_later)
    async with console(logs / "*.log") as d:
        await settled(d, "a.log", "b.log")
        assert rows(d)["a.log"].dead_letters == 1
        assert d.app.view.status.set_aside == 0
        with (logs / "b.log").open("ab") as more:
            more.write(BAD)
        await d.until(lambda: d.app.view.status.set_aside == 1)


async def test_events_of_all_logs_are_in_one_list(logs):
    for name in ("a.log", "b.log"):
        file = await in_thread(run_elsewhere, logs / name)
        await in_thread(
            LogEvent.objects.create,
            file=file,
            kind="gap",
            time=datetime.now(UTC),
            message=f"Lost of {name}",
        )
    async with console(logs / "a.log", logs / "b.log") as d:
        await d.until(lambda: [row.gaps for row in d.app.view.rows] == [1, 1])
        await d.press("v")
        await d.shows("Lost of a.log", "Lost of b.log")
        await d.press("slash", *"log:b.log", "enter")
        await d.shows("Lost of b.log", gone="Lost of a.log")


async def test_a_log_that_cannot_go_on_is_said_and_the_others_go_on(logs):
    (logs / "folder.log").mkdir()
    async with console(logs / "a.log", logs / "folder.log") as d:
        await settled(d, "a.log")
        await d.shows("✗ FAILED", "folder.log", "✗ 1 STOPPED")
        for _ in range(2):
            await d.press("g", "enter")
            await d.shows("✗ FAILED", "folder.log", "is not a regular file")
            await d.press("escape")
            await d.at(LogsScreen)
    assert d.app.view.exit_status == 1
    assert any("folder.log" in line for line in d.app.view.farewell())


async def test_a_database_that_is_away_is_waited_for(logs, monkeypatch):
    gone = [True]
    real = all_logs.overview

    def overview(target):
        if gone:
            raise OperationalError("database is locked\nLINE 1")
        return real(target)

    monkeypatch.setattr(all_logs, "overview", overview)
    async with console(logs / "a.log", logs / "b.log") as d:
        await d.shows("◌ WAITING · database: database is locked")
        gone.clear()
        await settled(d, "a.log", "b.log")
        assert "as of" not in d.text()
        gone.append(True)
        await d.shows("◌ WAITING", "Logs · UTC · as of ")


async def test_a_service_whose_files_are_elsewhere_is_seen_through_the_database(logs, tmp_path):
    await in_thread(ingest, logs / "a.log")
    away = tmp_path / "not" / "here.log"
    await in_thread(
        ProcessedFile.objects.filter(file_path=str(logs / "a.log")).update, file_path=str(away)
    )
    file = await in_thread(run_elsewhere, away, "running", size=5_000_000, unread=2_000_000)
    async with console() as d:
        await d.shows("● RUNNING", "812 on web-1", "1.9 MiB")
        await d.press("enter")
        await d.shows("● RUNNING · ATTACHED", "out of reach", "1.9 MiB", "1 model, total")
        await in_thread(
            LogEvent.objects.create, file=file, kind="gap", time=datetime.now(UTC), message="Gone."
        )
        await d.shows("gap: Gone.", "! 1 gap")


async def test_leaving_ends_what_is_applied_here_after_asking(logs):
    with (logs / "a.log").open("ab") as more:
        more.write(BAD + b"no record\n")
    async with console(logs / "a.log", logs / "b.log") as d:
        await settled(d, "a.log", "b.log")
        await d.until(lambda: rows(d)["a.log"].dead_letters == 2)
        await d.seen()
        await d.press("q")
        await d.shows("Leave? 2 dead letters are open")
        await d.press("q")
        await d.until(d.app.view.session_over.is_set)
    assert d.app.view.exit_status == 0
    said = d.app.view.farewell()
    assert said == [
        "2 logs: 6 records in this session, 2 of them set aside.",
        "2 dead letters are open, 0 B unread.",
    ]


async def test_a_letter_of_all_logs_says_of_which_and_leads_to_its_row(logs):
    with (logs / "b.log").open("ab") as more:
        more.write(question(5) + BAD.replace(b'"pk": 9', b'"pk": 5'))
    await in_thread(ingest, logs / "b.log")
    async with console() as d:
        await d.until(lambda: [row.dead_letters for row in d.app.view.rows] == [1])
        await d.press("d", "enter")
        await d.shows("of b.log", "bad_value", "all logs")
        await d.press("h")
        await d.shows("History · polls.choice 5 · 1 record", "is open (bad_value", gone="all logs")
        await d.press("escape", "escape", "h")
        await d.shows("History · polls.choice 5 · 1 record", "is open (bad_value")


async def test_a_filter_that_hides_every_log_says_so(logs):
    async with console(logs / "a.log", logs / "b.log", size=(80, 24)) as d:
        await settled(d, "a.log", "b.log")
        await d.press("slash", *"state:paused")
        await d.shows("none of 2 matches")
        await d.press(*"x:", "enter")
        await d.press("escape")
        await d.shows("a.log", "2 logs")


async def test_a_dry_run_of_several_logs_shows_what_each_would_do(logs):
    with (logs / "b.log").open("ab") as more:
        more.write(choice(3, of=77) + BAD)
    async with console(logs / "a.log", logs / "b.log", dry_run=True) as d:
        await settled(d, "a.log", "b.log")
        await d.until(lambda: rows(d)["b.log"].dead_letters == 2)
        assert rows(d)["a.log"].dead_letters == 0
        await d.shows("✓ CAUGHT UP", "DRY RUN", "2 logs")
        await d.press("d")
        await d.at(DeadLettersScreen)
        await d.shows("2 of 2", "b.log", "bad_value", "missing_parent")
        await d.press("enter")
        await d.shows("polls.choice 3", "missing_parent")
        await d.press("escape", "escape")
        await d.at(LogsScreen)
        await d.press("g", "enter")
        await d.at(OneLogScreen)
        await d.shows("polls.question", "✓ CAUGHT UP")
        await d.press("escape", "space")
        await d.until(lambda: any(row.state is State.PAUSED for row in d.app.view.rows))
    assert await in_thread(Question.objects.count) == 0
    assert await in_thread(DeadLetter.objects.count) == 0
    assert await in_thread(ProcessedFile.objects.count) == 0
