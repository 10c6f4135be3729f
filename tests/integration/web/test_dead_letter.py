"""The page of a dead letter: what it shows, and what is done there by whom."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connections

from tests.project.gallery.models import Label, Tag
from tests.support.target import Target, saved
from tests.support.web import VIEWED, Page, visitor
from tui_ingest.admin.letter_facts import LARGE_BYTES, SHOWN_CHARACTERS
from tui_ingest.models import DeadLetter

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/tui_ingest/deadletter/"
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


@pytest.fixture
def target(tmp_path):
    return Target(tmp_path, "default")


def page_of(letter, more=""):
    return f"{LIST}{letter.pk}/change/{more}"


def act(client, letter, action, **posted):
    return client.post(f"{LIST}{letter.pk}/{action}/", posted, follow=True)


def orphan(pk=1):
    return saved("label", pk, {"text": f"l{pk}", "tag": 7})


def marks(page):
    classes = [row.get("class", "") for row in page.all("tr")]
    return [name for name in classes if name.startswith("tui-")]


def test_the_record_beside_the_database(target, client):
    target.apply(saved("tag", 1, {"name": "a", "note": "same"}))
    letter = target.refuse(saved("tag", 1, {"name": None, "note": "same"}))
    page = Page(visitor(client, *VIEWED).get(page_of(letter)))
    assert "SAVE gallery.tag 1" in page.text
    assert 'name null "a"' in page.text
    assert 'note "same" "same"' in page.text
    assert marks(page) == ["tui-at-fault"]
    assert "✗ name" in page.text
    Tag.objects.update(note="changed here")
    page = Page(client.get(page_of(letter)))
    assert marks(page) == ["tui-at-fault", "tui-differs"]
    assert '≠ note "same" "changed here"' in page.text
    assert "Edit the value and retry, or discard the record." in page.text
    assert letter.error.partition("\n")[0] in page.text
    assert f"bytes {letter.position} to" in page.text


class Replica:
    """Where nothing of it is, and where this test may not look."""

    def db_for_read(self, model, **hints):
        return "postgres" if model._meta.app_label == "tui_ingest" else None


def test_where_routers_have_a_replica_read_it_is_not_asked(target, client, settings):
    letter = target.refuse(saved("tag", 1, {"name": None, "note": "same"}))
    settings.DATABASE_ROUTERS = [Replica()]
    assert "SAVE gallery.tag 1" in Page(visitor(client, *VIEWED).get(page_of(letter))).text


def test_the_row_that_has_a_unique_value(target, client):
    target.apply(saved("tag", 1, {"name": "a", "note": ""}))
    letter = target.refuse(saved("tag", 2, {"name": "a", "note": ""}))
    page = Page(visitor(client, *VIEWED).get(page_of(letter)))
    assert "Another row: gallery.tag 1" in page.text
    assert "It has this name" in page.text
    assert marks(page).count("tui-at-fault") == 2


def test_who_may_only_see_is_offered_nothing(target, client):
    letter = target.refuse(orphan())
    visitor(client, *VIEWED, "change_deadletter")
    page = Page(client.get(page_of(letter)))
    assert not page.all("textarea")
    assert not [f for f in page.all("form") if "deadletter" in f.get("action", "")]
    for action in ("retry", "discard"):
        assert act(client, letter, action, why="No.").status_code == 403
    assert client.get(f"{LIST}portions/").status_code == 403
    assert target.letters().get().attempts == 1


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_each_has_its_own_permission(target, client, action):
    letter = target.refuse(orphan())
    Tag.objects.create(pk=7, name="parent")
    other = {"retry": "discard", "discard": "retry"}[action]
    visitor(client, *VIEWED, f"{other}_deadletter")
    assert act(client, letter, action, why="No.").status_code == 403
    assert act(client, letter, other, why="Yes.").status_code == 200
    assert target.letters().get().status == {"retry": "applied", "discard": "discarded"}[other]


def test_a_retry_also_brings_back_what_waited(target, client):
    target.apply(saved("tag", 7, {"name": None, "note": ""}), orphan(1), orphan(2))
    tag = target.letters()[0]
    line = '1.0 SAVE\r\n[{"model": "gallery.tag", "pk": 7,\r\n"fields": {"name": "x"}}]'
    visitor(client, *VIEWED, "retry_deadletter")
    page = Page(act(client, tag, "retry", line=line))
    assert "Applied. 2 dead letters that waited for it came back, too." in page.text
    assert Label.objects.count() == 2
    letter = DeadLetter.objects.get(pk=tag.pk)
    assert letter.status == "applied"
    assert bytes(letter.raw) != bytes(letter.edited)
    assert LogEntry.objects.filter(object_id=tag.pk, user__username="operator").count() == 2


def test_a_retry_that_fails_says_why(target, client):
    letter = target.refuse(orphan())
    visitor(client, *VIEWED, "retry_deadletter")
    page = Page(act(client, letter, "retry"))
    assert "Not applied: gallery.label refers by its field tag" in page.text
    assert "2 attempts" in page.text


def test_a_line_that_was_left_as_it_is_is_no_edit(target, client):
    letter = target.refuse(orphan())
    visitor(client, *VIEWED, "retry_deadletter")
    page = client.get(page_of(letter))
    act(client, letter, "retry", line=page.context["letter"].editable.replace("\n", "\r\n"))
    letter.refresh_from_db()
    assert (letter.edited, letter.attempts) == (None, 2)


def test_an_edit_that_is_no_record_stays_on_the_page(target, client):
    letter = target.refuse(orphan())
    visitor(client, *VIEWED, "retry_deadletter")
    page = act(client, letter, "retry", line="1.0 SAVE [{").content.decode()
    assert "This is not a record (bad_json)" in page
    assert "1.0 SAVE [{</textarea>" in page
    letter.refresh_from_db()
    assert (letter.edited, letter.attempts) == (None, 1)


def test_a_reason_is_asked_for(target, client):
    letter = target.refuse(orphan())
    visitor(client, *VIEWED, "discard_deadletter")
    assert Page(client.get(page_of(letter))).text.count("Why it is given up") == 1
    page = Page(act(client, letter, "discard", why="  "))
    assert "nothing is discarded without a reason" in page.text
    assert target.letters().get().status == "open"
    page = Page(act(client, letter, "discard", why="Not ours."))
    assert "Not ours. (in the admin, by operator)" in page.text
    assert not page.all("textarea")
    assert "is discarded already" in Page(act(client, letter, "discard", why="Again.")).text


def test_what_a_record_contains_is_text(target, client):
    letter = target.refuse(saved("tag", HOSTILE, {"name": HOSTILE, HOSTILE: 1}))
    visitor(client, *VIEWED, "retry_deadletter")
    for address in (page_of(letter), page_of(letter, "?whole"), LIST):
        page = client.get(address).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        for acting in ("<script>alert", "\x1b", "\u202e"):
            assert acting not in page


@pytest.mark.parametrize("size", [SHOWN_CHARACTERS + 5_000, LARGE_BYTES + 1])
def test_a_huge_record_is_cut(target, client, size):
    letter = target.refuse(saved("tag", 1, {"name": None, "note": "n" * size}))
    visitor(client, *VIEWED, "retry_deadletter")
    page = Page(client.get(page_of(letter)))
    is_large = size > LARGE_BYTES
    assert page.text.count("n" * SHOWN_CHARACTERS) == (0 if is_large else 1)  # to be edited
    assert ("Show it whole" in page.text) is not is_large
    assert (f"ingest_deadletters show {letter.pk}" in page.text) is is_large
    assert bool(page.all("textarea")) is not is_large
    whole = Page(client.get(page_of(letter, "?whole")))
    assert whole.text.count("n" * size) == (0 if is_large else 2)


def test_a_record_that_grows_when_it_is_laid_out_is_not_edited(target, client):
    deep = [[[[[[[[1] * (LARGE_BYTES // 4)]]]]]]]
    letter = target.refuse(saved("tag", 1, {"name": None, "note": deep}))
    page = Page(visitor(client, *VIEWED, "retry_deadletter").get(page_of(letter)))
    assert not page.all("textarea")
    assert f"ingest_deadletters show {letter.pk}" in page.text


def test_a_line_that_is_no_record(target, client):
    letter = target.refuse(b"\x1b[31mnonsense \xff\n")
    page = Page(visitor(client, *VIEWED, "retry_deadletter").get(page_of(letter)))
    assert r"\x1b[31mnonsense \xff" in page.text
    assert "a line that is no record" in page.text
    assert len(page.all("textarea")) == 1


def test_reasons_are_counted_on_the_list(target, client):
    target.apply(orphan(1), orphan(2), saved("tag", 3, {"name": None}))
    page = Page(visitor(client, *VIEWED).get(LIST))
    assert "bad_value 1 missing_parent 2 " in page.text
    listed = next(where for where in page.addresses() if "reason=missing_parent" in where)
    assert "2 dead letters" in Page(client.get(listed)).text


def test_portions_grow_and_stop_at_the_first_that_fails(target, client):
    target.apply(*(orphan(pk) for pk in range(1, 16)), saved("tag", 99, {"name": None}))
    Tag.objects.create(pk=7, name="parent")
    bad = target.letters()[12]
    visitor(client, *VIEWED, "retry_deadletter")
    DeadLetter.objects.filter(pk=bad.pk).update(
        raw=bytes(bad.raw).replace(b'"tag": 7', b'"tag": 8'), waiting_for_model=""
    )
    address = f"{LIST}portions/?reason=missing_parent"

    def press(page):
        fields = {f["name"]: f["value"] for f in page.all("input")[-2:]}
        return Page(client.post(address, fields))

    page = Page(client.get(address))
    assert "15 open dead letters of the list are left" in page.text
    assert "Retry the first" in page.text
    page = press(page)
    assert "1 applied" in page.text
    assert "Retry the next 10" in page.text
    page = press(page)
    assert "10 applied" in page.text
    assert "Retry the rest" in page.text
    page = press(page)
    assert f"1 applied Dead letter {bad.pk} failed: gallery.label refers" in page.text
    assert target.letters().filter(status="open", reason="missing_parent").count() == 3
    page = press(page)  # the last form: leave it
    assert "1 applied" in page.text
    assert f"1 open dead letter of the list is left after number {bad.pk}" in page.text
    page = press(page)
    assert "0 open dead letters of the list are left" in page.text
    assert Label.objects.count() == 14
    assert target.letters().filter(status="open").count() == 2


def test_it_works_where_requests_are_transactions(target, client, monkeypatch):
    first, second = target.refuse(orphan(1)), target.refuse(orphan(2))
    third = target.refuse(orphan(3))
    Tag.objects.create(pk=7, name="parent")
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    visitor(client, *VIEWED, "retry_deadletter", "discard_deadletter")
    act(client, first, "retry")
    act(client, second, "discard", why="A test.")
    client.post(f"{LIST}portions/", {"step": "0", "after": "0"})
    statuses = list(target.letters().values_list("status", flat=True))
    assert statuses == ["applied", "discarded", "applied"]
    assert third.pk
