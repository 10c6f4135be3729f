"""Django's admin: who may see what, and what the actions do."""

import pytest
from django.db import connections

from tests.project.gallery.models import Tag
from tests.support.target import Target, saved
from tests.support.web import VIEWED, visitor
from tui_ingest.models import DeadLetter, LogEvent

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/tui_ingest/deadletter/"
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


@pytest.fixture
def target(tmp_path):
    return Target(tmp_path, "default")


def act(client, action, *letters, why="A test."):
    chosen = {
        "action": action,
        "why": why,
        "_selected_action": [letter.pk for letter in letters],
    }
    return client.post(LIST, chosen, follow=True).content.decode()


def bad(pk, name=None):
    return saved("tag", pk, {"name": name, "note": ""})


def test_everything_is_there_to_be_read(target, client):
    target.apply(saved("tag", 1, {"name": "a", "note": ""}), bad(2))
    LogEvent.objects.create(
        file=target.file(), time="2024-01-01T00:00Z", kind="gap", message=HOSTILE
    )
    visitor(client, *VIEWED)
    for model, pk in (
        ("deadletter", target.letters().get().pk),
        ("processedfile", target.file().pk),
        ("logevent", LogEvent.objects.get().pk),
    ):
        assert client.get(f"/admin/tui_ingest/{model}/").status_code == 200
        page = client.get(f"/admin/tui_ingest/{model}/{pk}/change/")
        assert page.status_code == 200
        assert "oplog.log" in page.content.decode()


def test_nothing_is_made_changed_or_deleted_by_hand(target, admin_client):
    target.apply(bad(1))
    paths = {
        "deadletter": target.letters().get().pk,
        "processedfile": target.file().pk,
    }
    for model, pk in paths.items():
        assert admin_client.get(f"/admin/tui_ingest/{model}/add/").status_code == 403
        assert admin_client.get(f"/admin/tui_ingest/{model}/{pk}/delete/").status_code == 403
        change = f"/admin/tui_ingest/{model}/{pk}/change/"
        assert admin_client.post(change, {"status": "applied"}).status_code == 403
    assert "delete_selected" not in admin_client.get(LIST).content.decode()
    assert target.letters().get().status == "open"


@pytest.mark.parametrize("view", ["list", "change"])
def test_what_a_record_contains_is_shown_as_text(target, client, view):
    letter = target.refuse(saved("tag", HOSTILE, {"name": HOSTILE, HOSTILE: 1}))
    visitor(client, *VIEWED)
    path = LIST if view == "list" else f"{LIST}{letter.pk}/change/"
    page = client.get(path).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "\\x1b" in page
    for acting in ("<script>alert", "\x1b", "\u202e"):
        assert acting not in page


def test_the_selected_ones_are_retried(target, client):
    target.apply(
        saved("label", 1, {"text": "l", "tag": 7}), bad(1), saved("shop", 3, {"sells": "x"})
    )
    Tag.objects.create(pk=7, name="parent")
    label, tag, _ = target.letters()
    page = act(visitor(client, *VIEWED, "retry_deadletter"), "retry", label, tag)
    assert "Retried: 1 applied, 1 open." in page
    assert f"Dead letter {tag.pk}: " in page
    statuses = list(target.letters().values_list("status", "attempts"))
    assert statuses == [("applied", 2), ("open", 2), ("open", 1)]


def test_the_selected_ones_are_discarded(target, client):
    target.apply(bad(1), bad(2))
    first, second = target.letters()
    page = act(visitor(client, *VIEWED, "discard_deadletter"), "discard", first)
    assert "Discarded: 1." in page
    first.refresh_from_db()
    assert first.status == "discarded"
    assert first.resolution == "A test. (in the admin, by operator)"
    page = act(client, "discard", second, why=" ")
    assert "nothing is discarded without a reason" in page
    assert 'name="why"' in page
    page = act(client, "discard", first, second)
    assert f"Dead letter {first.pk} is discarded already" in page
    assert "Discarded: 1." in page


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_each_action_needs_its_own_permission(target, client, action):
    target.apply(bad(1))
    others = {"retry_deadletter", "discard_deadletter"} - {f"{action}_deadletter"}
    visitor(client, *VIEWED, *others, "change_deadletter", "delete_deadletter")
    assert f'value="{action}"' not in client.get(LIST).content.decode()
    act(client, action, target.letters().get())
    assert list(target.letters().values_list("status", "attempts")) == [("open", 1)]


def test_nobody_else_sees_anything(target, client):
    target.apply(bad(1))
    visitor(client)
    assert client.get(LIST).status_code == 403


def test_a_retry_works_where_requests_are_transactions(target, client, monkeypatch):
    letter = target.refuse(saved("label", 1, {"text": "l", "tag": 7}))
    Tag.objects.create(pk=7, name="parent")
    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)
    visitor(client, *VIEWED, "retry_deadletter")
    assert "Retried: 1 applied." in act(client, "retry", letter)
    assert DeadLetter.objects.get().status == "applied"
