"""The pages of logs: who may see and order what, and that they say what the database knows."""

import socket

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_script_prefix

from tests.support.engine import Running, eventually, ingest
from tests.support.lines import BAD, choice, question
from tests.support.web import VIEWED, Page, visitor
from tui_ingest.ingest.events import State
from tui_ingest.models import DeadLetter, LogEvent, Order, ProcessedFile

pytestmark = pytest.mark.django_db(transaction=True)

LOGS = "/admin/tui_ingest/processedfile/"
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


@pytest.fixture
def apply(tmp_path):
    """Apply lines as the log of a name; its row."""

    def applied(*lines, name="oplog", database="default"):
        path = tmp_path / f"{name}.log"
        with path.open("ab") as log:
            log.writelines(lines)
        ingest(path, database=database)
        return ProcessedFile.objects.using(database).get(file_path=str(path))

    return applied


def page_of(file, more=""):
    return f"{LOGS}{file.pk}/change/{more}"


def order(client, file, kind):
    return client.post(f"{LOGS}{file.pk}/order/", {"order": kind})


def test_all_logs_the_worst_first(apply, client):
    apply(question(1), name="good")
    apply(question(2), BAD, name="failing")
    dead = apply(question(3), name="dead")
    ProcessedFile.objects.filter(pk=dead.pk).update(state="running")
    page = Page(visitor(client, *VIEWED).get(LOGS))
    where = [page.text.index(f"{name}.log") for name in ("dead", "failing", "good")]
    assert where == sorted(where)
    assert "NOT RUNNING No session applies it." in page.text
    assert Page(client.get(LOGS, {"q": "good.l"})).text.count(".log") == 1


def test_one_log_is_what_the_status_says(apply, client):
    file = apply(
        question(1), choice(2, of=1), BAD, b"no record\n", choice(3, of=99, at=1698395500.5)
    )
    DeadLetter.objects.filter(reason="bad_value").update(status="discarded")
    with open(file.file_path, "ab") as log:  # noqa: PTH123
        log.write(question(4))
    LogEvent.objects.create(file=file, time="2024-01-01T00:00Z", kind="gap", message="Lost.")
    text = Page(visitor(client, *VIEWED).get(page_of(file))).text
    unread = len(question(4))
    size = file.last_processed_position + unread
    for told in (
        "FINISHED",
        "Behind in a backlog, at 2023-10-27 08:31:40",
        f"· {unread} B left",
        f"{file.last_processed_position:,} of {size:,} bytes",
        "Last record 2023-10-27 08:31:40",
        "2 open of 3 failed",
        "bad_line 1",
        "missing_parent 1",
        "polls.choice 1 0 0 1 0",
        "(no model) 0 0 0 1 0",
        "polls.question 1 0 0 1 0",
        "2024-01-01 00:00:00 gap Lost.",
        "Gaps 1",
    ):
        assert told in text


def test_a_refresh_is_a_part_of_the_page_for_the_same_people(apply, client):
    file = apply(question(1))
    for address in (LOGS, page_of(file)):
        assert Client().get(f"{address}?live").status_code == 302
    visitor(client)
    for address in (LOGS, page_of(file)):
        assert client.get(f"{address}?live").status_code == 403
    client.logout()
    client.force_login(permitted())
    for address in (LOGS, page_of(file)):
        part, whole = (client.get(a).content.decode() for a in (f"{address}?live", address))
        assert "oplog.log" in whole
        assert "<html" in whole
        assert "CAUGHT UP" in part or "FINISHED" in part
        assert "<html" not in part
    apply(BAD)
    assert "1 open" in client.get(f"{page_of(file)}?live").content.decode()


def permitted():
    user = User.objects.create(username="viewer", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=VIEWED))
    return user


def test_a_refresh_takes_few_queries_however_many_logs_there_are(apply, client):
    def queries(address):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"{address}?live").status_code == 200
        return len(asked)

    file = apply(question(1), BAD)
    visitor(client, *VIEWED, "control_processedfile")
    of_one = queries(LOGS)
    assert of_one <= 12
    assert queries(page_of(file)) <= 16
    for number in range(4):
        apply(question(10 + number), BAD, name=str(number))
    assert queries(LOGS) == of_one


def test_no_page_waits_for_a_broker(client):
    visitor(client, *VIEWED)
    with socket.create_server(("127.0.0.1", 0)) as broker:
        port = broker.getsockname()[1]
        file = ProcessedFile.objects.create(
            file_path=f"nats://127.0.0.1:{port}/OPLOG/oplog.a", state="running", unread=0
        )
        for address in (LOGS, page_of(file)):
            text = Page(client.get(address)).text
            assert "NOT RUNNING No session applies it." in text
            assert "nothing unread" not in text
            assert "unknown" in text
        broker.setblocking(False)
        with pytest.raises(BlockingIOError):
            broker.accept()


def test_whoever_may_only_see_orders_nothing(apply, client):
    file = apply(question(1))
    visitor(client, *VIEWED, "change_processedfile")
    page = Page(client.get(page_of(file)))
    assert page.orders() == []
    assert not [form for form in page.all("form") if "order" in form.get("action", "")]
    assert order(client, file, "pause").status_code == 403
    assert not Order.objects.exists()


def test_orders_without_a_session_last_or_are_refused(apply, client):
    file = apply(question(1))
    visitor(client, *VIEWED, "control_processedfile")
    assert Page(client.get(page_of(file))).orders() == ["pause", "stop_on_error on"]
    assert order(client, file, "pause").url == page_of(file)
    page = Page(client.get(page_of(file)))
    assert page.orders() == ["resume", "stop_on_error on"]
    assert "Pause operator in the admin No session applies this log now;" in page.text
    assert order(client, file, "step").status_code == 302
    assert "REFUSED No session applies this log now." in Page(client.get(page_of(file))).text
    file.refresh_from_db()
    assert file.paused_by == "operator in the admin"
    order(client, file, "resume")
    file.refresh_from_db()
    assert file.paused_by == ""


def test_all_that_are_listed_are_paused_once_that_is_confirmed(apply, client):
    near, far = apply(question(1), name="near"), apply(question(2), name="far")
    visitor(client, *VIEWED)
    many = f"{LOGS}orders/?q=ne&order=pause"
    assert Page(client.get(LOGS)).orders() == []
    assert client.post(many).status_code == 403
    client.logout()
    client.force_login(User.objects.create_superuser("chief"))
    assert Page(client.get(LOGS)).orders() == ["pause", "resume"]
    asked = Page(client.get(many))
    assert "Pause 1 log?" in asked.text
    assert "near.log" in asked.text
    assert "far.log" not in asked.text
    assert not Order.objects.exists()
    page = Page(client.post(many, follow=True))
    assert "Pause: ordered of 1 log." in page.text
    assert "by order of chief in the admin" in page.text
    near.refresh_from_db()
    far.refresh_from_db()
    assert (near.paused_by, far.paused_by) == ("chief in the admin", "")
    client.post(f"{LOGS}orders/?order=resume")
    near.refresh_from_db()
    assert near.paused_by == ""
    assert client.post(f"{LOGS}orders/?order=step").status_code == 400


def test_what_is_no_order_is_refused(apply, client):
    file = apply(question(1))
    visitor(client, *VIEWED, "control_processedfile")
    for made_up in ("", "seek", "hand_over x", HOSTILE):
        assert order(client, file, made_up).status_code == 400
    assert client.get(f"{LOGS}{file.pk}/order/").status_code == 405
    assert client.post(f"{LOGS}77/order/", {"order": "pause"}).status_code == 404
    assert not Order.objects.exists()


def test_an_order_needs_the_token_of_a_page(apply):
    file = apply(question(1))
    client = visitor(Client(enforce_csrf_checks=True), *VIEWED, "control_processedfile")
    assert order(client, file, "pause").status_code == 403
    assert not Order.objects.exists()


def test_a_session_obeys_and_answers(tmp_path, client):
    path = tmp_path / "oplog.log"
    path.write_bytes(question(1))
    visitor(client, *VIEWED, "control_processedfile")
    with Running(path) as session:
        session.wait_for_state(State.CAUGHT_UP)
        file = ProcessedFile.objects.get()

        def shown(text):
            eventually(lambda: text in Page(client.get(page_of(file))).text, what=text)

        order(client, file, "pause")
        shown("PAUSED by order of operator in the admin")
        shown(f"Paused at byte {len(question(1))}.")
        assert Page(client.get(page_of(file))).orders()[:3] == [
            "resume",
            "step",
            "step_to_failure",
        ]
        with path.open("ab") as more:
            more.write(question(2) + question(3))
        order(client, file, "step")
        shown("polls.question 2 0 0 0 0")
        order(client, file, "resume")
        shown("polls.question 3 0 0 0 0")


def test_what_a_log_is_called_and_says_is_text(client):
    file = ProcessedFile.objects.create(
        file_path=f"/nowhere/{HOSTILE}", state="finished", state_reason=HOSTILE, paused_by=HOSTILE
    )
    when = "2024-01-01T00:00Z"
    LogEvent.objects.create(file=file, time=when, kind="gap", message=HOSTILE)
    file.orders.create(kind="pause", given=when, given_by=HOSTILE, status="done", answer=HOSTILE)
    file.totals.create(model=HOSTILE, saved=1)
    visitor(client, *VIEWED)
    for address in (LOGS, page_of(file), "/admin/tui_ingest/logevent/"):
        page = client.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        for acting in ("<script>alert", "\x1b", "\u202e"):
            assert acting not in page


def test_nothing_is_inline_or_from_another_host(apply, client):
    file = apply(question(1), BAD)
    visitor(client, *VIEWED, "control_processedfile", "retry_deadletter", "discard_deadletter")
    letter = file.dead_letters.get()
    for address in (LOGS, page_of(file), f"/admin/tui_ingest/deadletter/{letter.pk}/change/"):
        page = Page(client.get(address))
        assert all(script.get("src") for script in page.all("script"))
        assert not page.all("style")
        assert not [
            a for _, a in page.elements if any(n.startswith("on") or n == "style" for n in a)
        ]
        assert all(where.startswith(("/", "?", "#")) for where in page.addresses())
        assert not any(where.startswith("//") for where in page.addresses())


@pytest.mark.django_db(transaction=True, databases=["default", "postgres"])
def test_another_site_below_a_prefix_shows_another_database(apply, client):
    file = apply(question(1), BAD, database="postgres")
    visitor(client, *VIEWED, "control_processedfile", "retry_deadletter", "discard_deadletter")
    letter = file.dead_letters.using("postgres").get()
    own = "/operations/tui_ingest/"
    assert "No log has been read yet" in Page(client.get(LOGS)).text
    with override_script_prefix("/central/"):
        pages = [
            Page(client.get(f"{own}{page}"))
            for page in (
                "processedfile/",
                f"processedfile/{file.pk}/change/",
                "deadletter/",
                f"deadletter/{letter.pk}/change/",
                "logevent/",
            )
        ]
        given = client.post(f"{own}processedfile/{file.pk}/order/", {"order": "pause"})
        discarded = client.post(f"{own}deadletter/{letter.pk}/discard/", {"why": "A test."})
    for page in pages:
        assert "oplog.log" in page.text or "0 log events" in page.text
        own_pages = [where for where in page.addresses() if "/static/" not in where]
        led = [where for where in own_pages if where != "/"]  # "View site" is the site's affair
        assert len(led) > 5
        assert not [where for where in led if not where.startswith(("/central/", "?", "#"))]
    assert given.url == f"/central{own}processedfile/{file.pk}/change/"
    assert Order.objects.using("postgres").get().given_by == "operator in the admin"
    assert not Order.objects.exists()
    assert discarded.url == f"/central{own}deadletter/{letter.pk}/change/"
    assert file.dead_letters.using("postgres").get().status == "discarded"
