"""Sessions that apply a stream, as sessions that apply a file do."""

import contextlib
import sqlite3

import pytest
from django.core.management import call_command

from tests.support.brokers import Server
from tests.support.demo import Demo
from tests.support.engine import Running, eventually
from tests.support.lines import choice, question
from tests.support.site import watched
from tests.support.sites import NOBODY, Site, make_stream
from tui_ingest.demo.polls.models import Choice, Question
from tui_ingest.ingest.events import State, StateChanged
from tui_ingest.ingest.session import Session
from tui_ingest.ingest.session.control import Control, StepTo
from tui_ingest.models import DeadLetter, LogEvent, ProcessedFile
from tui_ingest.oplog.log import FromPosition
from tui_ingest.streams.reading import StreamLog

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "postgres"])

QUESTIONS = [question(number) for number in range(1, 10)]


def open_stream(url):
    return StreamLog(url, access=NOBODY, poll_seconds=0.01)


def ingest(url, database, **options):
    return Session(open_stream(url), database=database, once=True, **options).run()


def keys(database):
    return sorted(Question.objects.using(database).values_list("pk", flat=True))


def test_rows_and_checkpoint(site, database):
    site.write_and_forward(b"".join(QUESTIONS))
    ended = ingest(site.url, database)
    assert ended.state is State.FINISHED
    assert keys(database) == [*range(1, 10)]
    file = ProcessedFile.objects.using(database).get()
    assert (file.file_path, file.last_processed_position) == (site.url, 1)
    site.write_and_forward(question(10))
    assert ingest(site.url, database).counts["polls.question"].saved == 1


def test_a_bad_record_is_a_dead_letter_with_its_place_in_the_sites_log(site, database):
    site.write_and_forward(QUESTIONS[0] + choice(1, of=77) + QUESTIONS[1])
    assert ingest(site.url, database).set_aside == 1
    letter = DeadLetter.objects.using(database).get()
    assert (letter.position, letter.reason) == (len(QUESTIONS[0]), "missing_parent")
    site.write_and_forward(question(77))
    ingest(site.url, database)
    assert Choice.objects.using(database).get().question_id
    letter.refresh_from_db()
    assert letter.status == "applied"


def test_steps_within_a_message(site, database):
    site.write_and_forward(b"".join(QUESTIONS))
    control = Control(paused=True)
    with Running(None, log=open_stream(site.url), database=database, control=control) as running:
        for number in (1, 2, 3):
            control.step(StepTo.RECORD)
            eventually(lambda n=number: keys(database) == [*range(1, n + 1)], what="a step")
    del running
    assert ProcessedFile.objects.using(database).get().last_processed_position == 0
    ended = ingest(site.url, database)
    assert ended.counts["polls.question"].saved == 6
    assert keys(database) == [*range(1, 10)]


def test_places_are_called_messages(site, database):
    for line in QUESTIONS:
        site.write_and_forward(line)
    ended = ingest(site.url, database, start=FromPosition(8))
    assert ended.counts["polls.question"].saved == 2
    events = LogEvent.objects.using(database).filter(kind="sought")
    assert "Moved from message 0 to message 7" in events.get().message


def test_a_broker_that_is_away_is_waited_for(tmp_path, database):
    server = Server(tmp_path, "own")
    url = f"nats://{server.host}/OPLOG/oplog.site-a"
    with Running(None, log=open_stream(url), database=database) as running:
        running.wait_for(
            StateChanged,
            lambda event: event.state is State.WAITING and "lets this process in" in event.reason,
        )
        server.start()
        server.wait_until_ready()
        running.wait_for_state(State.NO_FILE_YET)
        make_stream(url)
        running.wait_for_state(State.CAUGHT_UP)
    server.close()


def test_status_of_a_stream(site, database, capsys):
    site.write_and_forward(QUESTIONS[0])
    ingest(site.url, database)
    site.write_and_forward(QUESTIONS[1])
    call_command("ingest_status", site.url, "--database", database)
    said = capsys.readouterr().out
    assert "position      1 of 2" in said
    assert "1 message" in said
    assert "source heard" in said


def test_the_program_takes_an_address(site, tmp_path):
    site.write_and_forward(b"".join(QUESTIONS))
    finished = Demo(tmp_path).run(site.url, "--once")
    assert finished.returncode == 0, finished.stdout
    assert "9 saved" in finished.stdout


def test_one_process_applies_all_sites_also_those_that_come_later(site, tmp_path):
    site.write_and_forward(QUESTIONS[0])
    pattern = site.url.replace("site-a", ">")
    demo = Demo(tmp_path)
    with watched(demo.start(pattern)):

        def has(number):
            with contextlib.suppress(sqlite3.OperationalError):
                return demo.query("SELECT COUNT(*) FROM polls_question") == [(number,)]

        eventually(lambda: has(1), what="the first site's row")
        other = Site(tmp_path / "later", site.url.replace("site-a", "site-b"))
        other.write_and_forward(QUESTIONS[1])
        eventually(lambda: has(2), what="the row of a site that came later")


def test_processes_share_the_sites_of_a_stream(site, tmp_path):
    sites = [site]
    for name in "bcd":
        url = site.url.replace("site-a", f"site-{name}")
        sites.append(Site(tmp_path / name, url))
    for number, one in enumerate(sites):
        one.write_and_forward(QUESTIONS[number])
    pattern, demo = site.url.replace("site-a", ">"), Demo(tmp_path)

    def shares(*processes):
        rows = demo.query("SELECT owner_pid FROM tui_ingest_processedfile")
        return [rows.count((process.pid,)) for process in processes]

    with watched(demo.start(pattern)) as one:
        eventually(lambda: shares(one) == [4], what="the first one applies all")
        with watched(demo.start(pattern)) as other:
            eventually(lambda: shares(one, other) == [2, 2], what="they share")
            one.kill()
            one.wait()
            eventually(lambda: shares(other) == [4], what="the second one has all")
            for written, record in zip(sites, QUESTIONS[4:8], strict=True):
                written.write_and_forward(record)
            rows = "SELECT COUNT(*) FROM polls_question"
            eventually(lambda: demo.query(rows) == [(8,)], what="everything is applied")
    totals = demo.query("SELECT saved FROM tui_ingest_modeltotal")
    assert totals == [(2,)] * 4
